"""Fetching a published archive: from the first host that delivers, checked by its hash, unpacked name by name.

A transfer goes into a ``.part`` file and continues from where it stopped, on the same host or on the next, today or
tomorrow. The finished file is compared with the published md5 before it gets its name. Unpacking writes only files that
the caller listed, under the caller's folder; what paths, links or devices the archive holds is of no consequence.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import http.client
import os
import re
import shutil
import sys
import tarfile
import time
import urllib.error
import urllib.request
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

TIMEOUT = 20.0  # seconds that a host may stay silent
ATTEMPTS = 3  # for each host, when the network fails
PAUSE = 1.0  # seconds before the second attempt; twice as long before each further one
SLOW = 200_000  # bytes a second; a slower host is left for the next one, if there is one, after
PATIENCE = 20.0  # seconds
CHUNK = 2**18
MAX_ARCHIVE_BYTES = 2**30
MAX_UNPACKED_BYTES = 2**30
USER_AGENT = "minitorch"
_NETWORK_ERRORS = (OSError, http.client.HTTPException)  # where no file is involved


def md5_of(path: str | os.PathLike[str]) -> str:
    """The md5 of a file's bytes, as 32 hexadecimal digits; it tells a damaged file from a sound one.

    Raises:
        OSError: the file can't be read.
    """
    with open(path, "rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


class _HostFailed(Exception):
    """This host can't give the file. ``again``: another attempt may help."""

    def __init__(self, reason: str, again: bool) -> None:
        super().__init__(reason)
        self.again = again


class _HostSlow(Exception):
    """Another host may be faster; when none delivers, this one still can."""


def fetch(urls: Sequence[str], path: str | os.PathLike[str], md5: str) -> None:
    """Downloads a file to ``path`` from the first of ``urls`` that gives the one with this md5.

    Progress goes to stderr. A file that is there already, with this md5, is left as it is.

    Raises:
        RuntimeError: no host has given the file; the message has each one's reason.
        OSError: the file can't be written.
    """
    path = Path(path)
    if path.is_file() and md5_of(path) == md5:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    reasons = []
    waiting = [(url, True) for url in urls]
    while waiting:
        url, in_a_hurry = waiting.pop(0)
        try:
            _fetch_from(url, part, md5, leave_when_slow=in_a_hurry and bool(waiting))
        except _HostSlow as slow:
            waiting.append((url, False))
            print(f"{url} is slow ({slow}); trying {waiting[0][0]}", file=sys.stderr)
        except _HostFailed as failure:
            reasons.append(f"\n  {url}: {failure}")
            print(reasons[-1].strip(), file=sys.stderr)
        else:
            os.replace(part, path)
            return
    raise RuntimeError(
        f"Could not download {path.name}.{''.join(reasons)}\nTry again later (the download goes on where it stopped), "
        f"or put the file there yourself: {path}"
    )


def _fetch_from(url: str, part: Path, md5: str, leave_when_slow: bool) -> None:
    """Completes ``part`` from one host, in several attempts where the network fails."""
    if not url.startswith(("http://", "https://")):
        raise _HostFailed("not an http or https address", again=False)
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(PAUSE * 2 ** (attempt - 1))
        begun = part.stat().st_size if part.exists() else 0
        try:
            _transfer(url, part, begun, leave_when_slow)
            if (found := md5_of(part)) == md5:
                return
            part.unlink()  # its beginning may have come from elsewhere, so from this host alone it may still be right
            raise _HostFailed(f"the file's md5 is {found}, not {md5}", again=begun > 0)
        except _HostFailed as failure:
            if not failure.again or attempt == ATTEMPTS - 1:
                raise


def _transfer(url: str, part: Path, begun: int, leave_when_slow: bool) -> None:
    """Appends to ``part`` what comes after its first ``begun`` bytes; from a host that can't do so, all of it."""
    request = urllib.request.Request(url, headers={"User-Agent": USER_AGENT})
    if begun:
        request.add_header("Range", f"bytes={begun}-")
    with contextlib.ExitStack() as stack:
        try:
            response = stack.enter_context(urllib.request.urlopen(request, timeout=TIMEOUT))
        except urllib.error.HTTPError as error:
            error.close()
            if error.code == 416 and begun:  # nothing comes after these bytes: the file is complete, or not this one
                return
            raise _HostFailed(f"HTTP {error.code} {error.reason}", again=error.code >= 500) from None
        except _NETWORK_ERRORS as error:
            raise _HostFailed(_reason(error), again=True) from None
        start, total = _extent(response, begun)
        file = stack.enter_context(open(part, "r+b" if start else "wb"))
        file.seek(start)
        progress = stack.enter_context(_progress(url, start, total))
        for chunk in _chunks(response, start, total, leave_when_slow):
            file.write(chunk)
            progress(len(chunk))


def _extent(response: http.client.HTTPResponse, begun: int) -> tuple[int, int | None]:
    """Where in the file the host's answer starts, and the file's size, where the host tells it."""
    start, total = 0, None
    if response.status == 206:
        match = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", ""))
        if match is None or int(match[1]) != begun:
            raise _HostFailed("it does not continue where it was asked to", again=False)
        start, total = begun, None if match[2] == "*" else int(match[2])
    elif response.headers.get("Content-Length", "").isdigit():
        total = int(response.headers["Content-Length"])
    return start, total


def _chunks(
    response: http.client.HTTPResponse, start: int, total: int | None, leave_when_slow: bool
) -> Iterator[bytes]:
    """The bytes of the answer; raises where they end before the file does, never end, or come too slowly."""
    received, since, received_since = start, time.monotonic(), 0
    while True:
        try:
            chunk = response.read1(CHUNK)
        except _NETWORK_ERRORS as error:
            raise _HostFailed(_reason(error), again=True) from None
        if not chunk:
            break
        received += len(chunk)
        received_since += len(chunk)
        if received > MAX_ARCHIVE_BYTES:
            raise _HostFailed(f"it sends more than {MAX_ARCHIVE_BYTES:,} bytes", again=False)
        yield chunk
        seconds = time.monotonic() - since
        if seconds > PATIENCE:
            if leave_when_slow and received_since < SLOW * seconds:
                raise _HostSlow(f"{received_since / seconds / 1000:.0f} kB/s")
            since, received_since = time.monotonic(), 0
    if total is not None and received < total:
        raise _HostFailed(f"the connection ended after {received:,} of {total:,} bytes", again=True)


def _reason(error: Exception) -> str:
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    return str(cause) or type(cause).__name__


@contextlib.contextmanager
def _progress(url: str, start: int, total: int | None) -> Iterator[Callable[[int], object]]:
    """Shows how a transfer gets on: tqdm's bar where tqdm is installed, else a line for every tenth."""
    try:
        from tqdm import tqdm
    except ImportError:
        line = _ProgressLine(start, total)
        print(f"Downloading {url}", file=sys.stderr)
        yield line.advance
    else:
        with tqdm(desc=url.rpartition("/")[2], initial=start, total=total, unit="B", unit_scale=True) as bar:
            yield bar.update


class _ProgressLine:
    def __init__(self, done: int, total: int | None) -> None:
        self.done = done
        self.total = total
        self.step = total / 10 if total else 10e6
        self.next = done + self.step

    def advance(self, count: int) -> None:
        self.done += count
        if self.done >= self.next or self.done == self.total:
            self.next += self.step
            share = f"{100 * self.done / self.total:3.0f} % of {self.total / 1e6:.1f} MB" if self.total else ""
            print(f"  {self.done / 1e6:.1f} MB {share}", file=sys.stderr)


# Unpacking


class _BoundedGzip(gzip.GzipFile):
    """A compressed stream that ends with an error where a small archive unpacks to a huge one."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        super().__init__(path, "rb")
        self.left = MAX_UNPACKED_BYTES

    def read(self, size: int | None = -1) -> bytes:
        content = super().read(size)
        self.left -= len(content)
        if self.left < 0:
            raise RuntimeError(f"it unpacks to more than {MAX_UNPACKED_BYTES:,} bytes")
        return content


def extract(archive: str | os.PathLike[str], folder: str | os.PathLike[str], files: Mapping[str, str]) -> None:
    """Unpacks from a ``.tar.gz`` the named files, and no others, into ``folder``.

    Args:
        archive: the ``.tar.gz`` file.
        folder: where the files go; made when it is missing.
        files: the file's name in ``folder`` for each path in the archive, ``{"cifar-10-batches-py/test_batch":
            "test_batch"}``. Each appears under its name only when all of it is there.

    Raises:
        RuntimeError: the archive is damaged, lacks one of the files, or holds something else in its place.
        OSError: a file can't be written.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    missing = dict(files)
    try:
        with _BoundedGzip(archive) as stream, tarfile.open(fileobj=stream, mode="r|") as tar:
            for member in tar:
                name = missing.get(member.name)
                if name is None:
                    continue
                content = tar.extractfile(member) if member.isreg() else None
                if content is None:
                    raise RuntimeError(f"its {member.name} is not a plain file")
                _write(folder / name, content)
                del missing[member.name]
            while stream.read(CHUNK):  # to the end, where gzip compares its check sum
                pass
    except (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error, ValueError, RuntimeError) as error:
        raise RuntimeError(f"{archive} can't be unpacked: {error}") from None
    if missing:
        raise RuntimeError(f"{archive} can't be unpacked: it lacks {', '.join(missing)}")


def _write(path: Path, content: IO[bytes]) -> None:
    """Copies a stream to a new file that takes ``path``'s place when complete."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(temporary, "wb") as file:
            shutil.copyfileobj(content, file, CHUNK)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
