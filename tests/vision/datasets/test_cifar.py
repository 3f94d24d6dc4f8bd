"""CIFAR10 gives the samples that torchvision's gives, and says what is wrong with a folder that it refuses."""

import functools
import hashlib
import http.server
import pickle
import shutil
import subprocess
import sys
import tarfile
import threading
from pathlib import Path

import numpy as np
import pytest
import torch
import torchvision

from minitorch.vision import transforms
from minitorch.vision.datasets import CIFAR10, download


@pytest.fixture(scope="module")
def root(make_folder, tmp_path_factory):
    root = tmp_path_factory.mktemp("cifar")
    make_folder(root, count=7)
    return root


def published(base, sums, **attributes):
    """A subclass for which the given md5 sums are the published ones."""
    lists = {name: [[file, sums[file]] for file, _ in getattr(base, name)] for name in ("train_list", "test_list")}
    return type(base.__name__, (base,), {**lists, "meta": {**base.meta, "md5": sums["batches.meta"]}, **attributes})


def sums_of(root):
    folder = Path(root, "cifar-10-batches-py")
    return {path.name: hashlib.md5(path.read_bytes()).hexdigest() for path in folder.iterdir()}


@pytest.mark.parametrize("train", [True, False])
def test_data_and_samples_equal_torchvisions(root, train):
    theirs = published(torchvision.datasets.CIFAR10, sums_of(root))(root, train)
    for ours in (published(CIFAR10, sums_of(root))(root, train), CIFAR10(root, train, verify=False)):
        assert ours.data.dtype == np.uint8
        assert ours.data.shape == theirs.data.shape
        np.testing.assert_array_equal(ours.data, theirs.data)
        assert (ours.targets, ours.classes, ours.class_to_idx) == (theirs.targets, theirs.classes, theirs.class_to_idx)
        assert len(ours) == len(theirs)
        for index in (0, 3, -1, np.int64(2), torch.tensor(1)):
            (image, label), (their_image, their_label) = ours[index], theirs[index]
            assert image.mode == "RGB"
            assert image.tobytes() == their_image.tobytes()
            assert label == their_label


def test_the_published_attributes_are_torchvisions():
    for name in ("base_folder", "url", "filename", "tgz_md5", "train_list", "test_list", "meta"):
        assert getattr(CIFAR10, name) == getattr(torchvision.datasets.CIFAR10, name)


def test_the_printed_form_is_torchvisions(root):
    t, f = transforms, torchvision.transforms
    theirs = published(torchvision.datasets.CIFAR10, sums_of(root))
    for ours, their, target in ((None, None, None), (t.ToTensor(), f.ToTensor(), None), (None, None, len)):
        printed = repr(CIFAR10(root, False, t.Compose([ours]) if ours else None, target, verify=False))
        assert printed == repr(theirs(root, False, f.Compose([their]) if their else None, target))


def test_target_transform_is_applied(root):
    ours = CIFAR10(root, transform=transforms.ToTensor(), target_transform=lambda label: label * 10, verify=False)
    assert [ours[i][1] for i in range(5)] == [label * 10 for label in ours.targets[:5]]
    assert ours.__getbatch__([0, 1]) is None
    assert [label for _, label in ours.__getitems__([2, 0])] == [ours.targets[2] * 10, ours.targets[0] * 10]


def test_an_index_beyond_the_end_is_an_index_error(root):
    ours = CIFAR10(root, transform=transforms.ToTensor(), verify=False)
    for index in (len(ours), -len(ours) - 1):
        for get in (ours.__getitem__, lambda i: ours.__getitems__([0, i]), lambda i: ours.__getbatch__([0, i])):
            with pytest.raises(IndexError, match=f"index {index} is out of bounds"):
                get(index)


# Folders that are refused


@pytest.fixture
def copy(root, tmp_path):
    """A folder to damage, and a CIFAR10 that takes its present md5 sums for the published ones."""
    shutil.copytree(root, tmp_path, dirs_exist_ok=True)
    return tmp_path / "cifar-10-batches-py", functools.partial(published(CIFAR10, sums_of(root)), tmp_path)


def test_a_copy_with_other_hashes_is_refused_with_the_way_to_accept_it(root):
    with pytest.raises(RuntimeError) as error:
        CIFAR10(root)
    first, second = str(error.value).split("\n")
    assert first == "Dataset not found or corrupted. You can use download=True to download it"
    md5 = sums_of(root)["data_batch_1"]
    for text in ("data_batch_1 is not the published file", md5, "verify=False", "--no-verify"):
        assert text in second
    assert not CIFAR10(root, verify=False)._check_integrity()


@pytest.mark.parametrize("name", ["data_batch_4", "test_batch", "batches.meta"])
@pytest.mark.parametrize("verify", [True, False])
def test_a_missing_file_is_named(copy, name, verify):
    folder, make = copy
    (folder / name).unlink()
    with pytest.raises(RuntimeError, match=r"not found or corrupted\. You can use download=True") as error:
        make(verify=verify)
    assert f"{folder / name} is missing." in str(error.value)


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(RuntimeError, match="data_batch_1 is missing"):
        CIFAR10(tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["data_batch_4", "test_batch", "batches.meta"])
def test_a_truncated_file_is_refused_before_it_is_opened_or_by_the_reader(copy, name, monkeypatch):
    folder, make = copy
    (folder / name).write_bytes((folder / name).read_bytes()[:-5])
    with pytest.raises(RuntimeError, match=f"{name} is not a batch of CIFAR-10, or is damaged: it ends too early"):
        make(train=name != "test_batch", verify=False)
    monkeypatch.setattr("minitorch.vision.datasets.cifar.read_batch", lambda _: pytest.fail("opened"))
    with pytest.raises(RuntimeError, match=f"{name} is not the published file"):
        make()


def test_a_label_out_of_range_is_refused(copy, make_batch):
    folder, make = copy
    (folder / "test_batch").write_bytes(make_batch(np.zeros((2, 3072), np.uint8), [0, 11]))
    with pytest.raises(RuntimeError, match="test_batch gives picture 1 the label 11; labels go from 0 to 9"):
        make(train=False, verify=False)


def test_a_home_folder_is_expanded(root, monkeypatch):
    monkeypatch.setenv("HOME", str(root.parent))
    assert len(CIFAR10(f"~/{root.name}", verify=False)) == 35


# Download


@pytest.fixture
def host(root, tmp_path, monkeypatch):
    """An archive on a server of this machine; gives a CIFAR10 that knows it as the published one."""
    served = tmp_path / "served"
    served.mkdir()
    with tarfile.open(served / CIFAR10.filename, "w:gz") as tar:
        tar.add(root / "cifar-10-batches-py", "cifar-10-batches-py")
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(download, "PAUSE", 0.0)

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=served)) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        address = f"http://127.0.0.1:{server.server_address[1]}"
        md5 = hashlib.md5((served / CIFAR10.filename).read_bytes()).hexdigest()
        yield published(
            CIFAR10,
            sums_of(root),
            url=f"{address}/moved.tar.gz",
            mirrors=[f"{address}/{CIFAR10.filename}"],
            tgz_md5=md5,
        )
        server.shutdown()
        thread.join()


def test_download_fetches_from_a_mirror_and_unpacks(host, root, tmp_path):
    ours = host(tmp_path / "new", download=True)
    np.testing.assert_array_equal(ours.data, CIFAR10(root, verify=False).data)
    assert ours._check_integrity()
    shutil.rmtree(tmp_path / "served")
    assert len(host(tmp_path / "new", train=False, download=True)) == 7  # all is there: nothing is fetched


def test_download_repairs_a_damaged_folder(host, tmp_path):
    host(tmp_path / "new", download=True)
    (tmp_path / "new" / "cifar-10-batches-py" / "data_batch_2").write_bytes(b"")
    assert len(host(tmp_path / "new", download=True)) == 35


def test_a_failed_download_says_why(host, tmp_path):
    host.tgz_md5 = "0" * 32
    with pytest.raises(RuntimeError, match=r"Could not download cifar-10-python.tar.gz\.\n.*HTTP 404.*\n.*md5 is"):
        host(tmp_path / "new", download=True)


# The real pictures, where the project's copy of them is at hand

REAL = Path(__file__).parents[4] / "shared" / "cifar10" / "unpack.py"


@pytest.mark.skipif(not REAL.exists(), reason="the copy of the real pictures is not beside this checkout")
def test_real_pictures_are_read_as_pickle_reads_them(tmp_path):
    subprocess.run([sys.executable, REAL, tmp_path, "--train", "50", "--test", "20"], check=True, capture_output=True)
    ours = CIFAR10(tmp_path, verify=False)
    batches = []
    for i in range(1, 6):
        with open(tmp_path / "cifar-10-batches-py" / f"data_batch_{i}", "rb") as file:
            batches.append(pickle.load(file, encoding="latin1"))
    pictures = np.concatenate([batch["data"] for batch in batches]).reshape(50, 3, 32, 32)
    np.testing.assert_array_equal(ours.data.transpose(0, 3, 1, 2), pictures)
    assert ours.targets == [label for batch in batches for label in batch["labels"]]
    assert ours.classes[3] == "cat"
    assert len(CIFAR10(tmp_path, train=False, verify=False)) == 20
