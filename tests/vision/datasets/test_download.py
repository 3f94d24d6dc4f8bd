"""Downloads survive bad hosts and broken lines, and an archive writes nothing but the files it was asked for."""

import contextlib
import gzip
import hashlib
import http.server
import io
import os
import re
import sys
import tarfile
import threading
import time

import pytest

from minitorch.vision.datasets import download

CONTENT = bytes(range(256)) * 4000
MD5 = hashlib.md5(CONTENT).hexdigest()


class Handler(http.server.BaseHTTPRequestHandler):
    """``/ranges`` continues; ``/whole`` ignores Range; the others fail, each in its own way."""

    def do_GET(self):
        server = self.server
        server.requests.append((self.path, self.headers.get("Range")))
        start = 0
        if (match := re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))) and self.path != "/whole":
            start = int(match[1])
        if self.path == "/gone":
            return self.send_error(404)
        if self.path == "/ill" or (self.path == "/ill-once" and len(server.requests) == 1):
            return self.send_error(503)
        if start >= len(CONTENT):
            return self.send_error(416)
        body = (b"<html>" if self.path == "/wrong" else CONTENT)[start:]
        self.send_response(206 if start else 200)
        if start:
            first = start - 1 if self.path == "/liar" else start
            self.send_header("Content-Range", f"bytes {first}-{len(CONTENT) - 1}/{len(CONTENT)}")
        if self.path != "/endless":
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.path == "/breaks":
            body = body[:300_000]
        if self.path == "/silent":
            server.closing.wait(5)
            return None
        with contextlib.suppress(ConnectionError):  # the client may have had enough
            if self.path == "/slow":
                for i in range(0, len(body), 20_000):
                    self.wfile.write(body[i : i + 20_000])
                    time.sleep(0.02)
            elif self.path == "/endless":
                while not server.closing.is_set():
                    self.wfile.write(CONTENT)
            else:
                self.wfile.write(body)
        return None

    def log_message(self, *_):
        pass


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(download, "PAUSE", 0.0)
    monkeypatch.setenv("no_proxy", "*")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.requests = []
        server.closing = threading.Event()
        server.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.closing.set()
        server.shutdown()
        thread.join()


def closed_port():
    """An address on which nothing listens."""
    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        return f"http://127.0.0.1:{server.server_address[1]}/ranges"


def fetched(tmp_path, *urls):
    target = tmp_path / "new folder" / "file.bin"
    download.fetch(urls, target, MD5)
    assert target.read_bytes() == CONTENT
    assert os.listdir(target.parent) == ["file.bin"]


def test_a_file_is_fetched_into_a_new_folder(server, tmp_path):
    fetched(tmp_path, f"{server.url}/ranges")


def test_a_file_that_is_there_is_not_fetched_again(server, tmp_path):
    (tmp_path / "file.bin").write_bytes(CONTENT)
    download.fetch([f"{server.url}/ranges"], tmp_path / "file.bin", MD5)
    assert server.requests == []


def test_a_damaged_file_is_fetched_again(server, tmp_path):
    (tmp_path / "file.bin").write_bytes(CONTENT[:-1])
    download.fetch([f"{server.url}/ranges"], tmp_path / "file.bin", MD5)
    assert (tmp_path / "file.bin").read_bytes() == CONTENT


@pytest.mark.parametrize("path", ["gone", "ill", "wrong", "endless"])
def test_the_next_host_is_tried_when_one_fails(server, tmp_path, path, monkeypatch):
    monkeypatch.setattr(download, "MAX_ARCHIVE_BYTES", 2 * len(CONTENT))
    fetched(tmp_path, closed_port(), f"{server.url}/{path}", f"{server.url}/ranges")
    assert server.requests[-1][0] == "/ranges"


def test_a_silent_host_is_given_up(server, tmp_path, monkeypatch):
    monkeypatch.setattr(download, "TIMEOUT", 0.2)
    fetched(tmp_path, f"{server.url}/silent", f"{server.url}/ranges")


def test_an_error_that_passes_is_tried_again_on_the_same_host(server, tmp_path):
    fetched(tmp_path, f"{server.url}/ill-once")


def test_a_broken_transfer_goes_on_where_it_stopped(server, tmp_path):
    fetched(tmp_path, f"{server.url}/breaks", f"{server.url}/ranges")
    assert server.requests == [
        ("/breaks", None),
        ("/breaks", "bytes=300000-"),
        ("/breaks", "bytes=600000-"),
        ("/ranges", "bytes=900000-"),
    ]


def part_of(tmp_path, content):
    (tmp_path / "new folder").mkdir()
    (tmp_path / "new folder" / "file.bin.part").write_bytes(content)


def test_yesterdays_transfer_goes_on_where_it_stopped(server, tmp_path):
    part_of(tmp_path, CONTENT[:1000])
    fetched(tmp_path, f"{server.url}/ranges")
    assert server.requests == [("/ranges", "bytes=1000-")]


def test_a_host_without_ranges_sends_everything_again(server, tmp_path):
    part_of(tmp_path, CONTENT[:1000])
    fetched(tmp_path, f"{server.url}/whole")


@pytest.mark.parametrize("beginning", [b"x" * 1000, CONTENT + b"x", b"x" + CONTENT[1:]])
def test_a_wrong_beginning_is_found_out_and_fetched_again(server, tmp_path, beginning):
    part_of(tmp_path, beginning)
    fetched(tmp_path, f"{server.url}/ranges")


def test_a_complete_part_becomes_the_file(server, tmp_path):
    part_of(tmp_path, CONTENT)
    fetched(tmp_path, f"{server.url}/ranges")


def test_a_host_that_continues_elsewhere_is_not_believed(server, tmp_path):
    part_of(tmp_path, CONTENT[:1000])
    fetched(tmp_path, f"{server.url}/liar", f"{server.url}/ranges")


def test_a_slow_host_is_left_for_another_but_is_better_than_none(server, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(download, "PATIENCE", 0.1)
    monkeypatch.setattr(download, "SLOW", 10**12)
    fetched(tmp_path, f"{server.url}/slow", f"{server.url}/ranges")
    assert "/slow is slow (" in capsys.readouterr().err
    (tmp_path / "new folder" / "file.bin").unlink()
    fetched(tmp_path, f"{server.url}/slow", f"{server.url}/gone")
    assert [path for path, _ in server.requests] == ["/slow", "/ranges", "/slow", "/gone", "/slow"]


def test_the_error_names_every_host_with_its_reason_and_what_to_do(server, tmp_path):
    dead = closed_port()
    with pytest.raises(RuntimeError) as error:
        download.fetch([dead, f"{server.url}/gone", f"{server.url}/wrong", "file:///etc/passwd"], tmp_path / "f", MD5)
    expected = ("Could not download f.", f"{dead}: ", "refused", "HTTP 404", "md5 is", "not an http", f"{tmp_path}/f")
    assert [text for text in expected if text not in str(error.value)] == []


@pytest.mark.parametrize("tqdm", [True, False])
def test_progress_is_shown_with_and_without_tqdm(server, tmp_path, monkeypatch, capsys, tqdm):
    if not tqdm:
        monkeypatch.setitem(sys.modules, "tqdm", None)
    fetched(tmp_path, f"{server.url}/ranges")
    shown = capsys.readouterr().err
    assert ("100%" if tqdm else "100 % of 1.0 MB") in shown


# Unpacking


def archive_of(path, *members, pax=None):
    """A .tar.gz of (name or TarInfo, content)."""
    with tarfile.open(path, "w:gz", pax_headers=pax) as tar:
        for name, content in members:
            info = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return path


def link(name, target, kind=tarfile.SYMTYPE):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def everything_under(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_the_named_files_are_unpacked_and_no_others(tmp_path):
    archive = archive_of(tmp_path / "a.tgz", ("base/a", b"1"), ("base/readme.html", b"x"), ("base/b", b"2"))
    download.extract(archive, tmp_path / "out", {"base/a": "a", "base/b": "b"})
    assert everything_under(tmp_path / "out") == ["a", "b"]
    assert (tmp_path / "out" / "b").read_bytes() == b"2"


def test_no_archive_leads_out_of_its_folder(tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    archive = archive_of(
        tmp_path / "a.tgz",
        ("../escaped", b"x"),
        (str(outside / "absolute"), b"x"),
        ("base/../../escaped", b"x"),
        (link("base", str(outside)), b""),
        (link("base/a", str(outside / "through"), tarfile.LNKTYPE), b""),
        ("base/b", b"x"),
    )
    with pytest.raises(RuntimeError, match="its base/a is not a plain file"):
        download.extract(archive, tmp_path / "out", {"base/a": "a", "base/b": "b"})
    download.extract(archive, tmp_path / "out", {"base/b": "b"})
    assert everything_under(tmp_path) == ["a.tgz", "out", "out/b", "outside"]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.DIRTYPE])
def test_only_plain_files_are_unpacked(tmp_path, kind):
    archive = archive_of(tmp_path / "a.tgz", (link("base/a", "/etc/passwd", kind), b""))
    with pytest.raises(RuntimeError, match="not a plain file"):
        download.extract(archive, tmp_path / "out", {"base/a": "a"})
    assert everything_under(tmp_path / "out") == []


def test_an_existing_link_is_replaced_not_followed(tmp_path):
    (tmp_path / "precious").write_bytes(b"mine")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a").symlink_to(tmp_path / "precious")
    download.extract(archive_of(tmp_path / "a.tgz", ("base/a", b"1")), tmp_path / "out", {"base/a": "a"})
    assert (tmp_path / "precious").read_bytes() == b"mine"
    assert (tmp_path / "out" / "a").read_bytes() == b"1"


def test_an_archive_that_lacks_a_file_is_refused(tmp_path):
    with pytest.raises(RuntimeError, match="it lacks base/b"):
        download.extract(archive_of(tmp_path / "a.tgz", ("base/a", b"1")), tmp_path, {"base/a": "a", "base/b": "b"})


def test_damaged_archives_leave_no_half_written_files(tmp_path):
    whole = archive_of(tmp_path / "a.tgz", ("base/a", os.urandom(50_000))).read_bytes()
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 255
    for content in (b"", b"<html>", whole[:200], whole[:-1000], bytes(flipped), gzip.compress(b"x" * 5000)):
        (tmp_path / "a.tgz").write_bytes(content)
        with pytest.raises(RuntimeError, match=r"a\.tgz can't be unpacked"):
            download.extract(tmp_path / "a.tgz", tmp_path / "out", {"base/a": "a"})
        assert everything_under(tmp_path / "out") in ([], ["a"])  # complete, when only the check sum is wrong
        assert not (tmp_path / "out" / "a").exists() or (tmp_path / "out" / "a").stat().st_size == 50_000


def test_an_archive_that_unpacks_to_too_much_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(download, "MAX_UNPACKED_BYTES", 100_000)
    archive = archive_of(tmp_path / "a.tgz", ("filler", bytes(200_000)), ("base/a", b"1"))
    with pytest.raises(RuntimeError, match="more than 100,000 bytes"):
        download.extract(archive, tmp_path / "out", {"base/a": "a"})
    archive = archive_of(tmp_path / "b.tgz", ("base/a", b"1"), pax={"comment": "x" * 200_000})
    with pytest.raises(RuntimeError, match="more than 100,000 bytes"):
        download.extract(archive, tmp_path / "out", {"base/a": "a"})
