"""Files like those of CIFAR-10, small and made up."""

import hashlib
import pickle
import struct
from pathlib import Path

import numpy as np
import pytest

NAMES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
FILES = ["data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch"]


def python2_text(text):
    return b"U" + bytes([len(text)]) + text.encode("latin1")


def python2_batch(pictures, labels):
    """The opcodes in which Python 2 wrote the published batches (protocol 2)."""
    array = b"".join(
        [
            b"cnumpy.core.multiarray\n_reconstruct\nq\x06cnumpy\nndarray\nq\x07K\x00\x85q\x08U\x01bq\x09\x87q\x0aRq\x0b",
            b"(K\x01J" + struct.pack("<i", len(pictures)) + b"M\x00\x0c\x86q\x0c",
            b"cnumpy\ndtype\nq\x0dU\x02u1q\x0eK\x00K\x01\x87q\x0fRq\x10",
            b"(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89",
            b"T" + struct.pack("<I", pictures.size) + pictures.tobytes() + b"q\x11tb",
        ]
    )
    return b"".join(
        [
            b"\x80\x02}q\x01(" + python2_text("batch_label") + python2_text("training batch 1 of 5"),
            python2_text("labels") + b"]q\x02(" + b"".join(b"K" + bytes([label]) for label in labels) + b"e",
            python2_text("data") + array,
            python2_text("filenames") + b"](" + b"".join(python2_text(f"{i}.png") for i in range(len(labels))) + b"e",
            b"u.",
        ]
    )


@pytest.fixture(scope="session")
def make_batch():
    """``make_batch(pictures, labels, writer)`` gives a batch's bytes, as one of its three writers would."""

    def make(pictures, labels, writer="python 2"):
        if writer == "python 2":
            return python2_batch(pictures, labels)
        batch = {"batch_label": "b", "labels": labels, "data": pictures, "filenames": [f"{i}.png" for i in labels]}
        return pickle.dumps(batch, protocol=int(writer[-1]))

    return make


@pytest.fixture(scope="session")
def make_folder(make_batch):
    """``make_folder(root, count)`` writes six batches and the metadata; returns their md5 sums by name."""

    def make(root, count=4, seed=0):
        rng = np.random.default_rng(seed)
        folder = Path(root, "cifar-10-batches-py")
        folder.mkdir(parents=True)
        for name in FILES:
            pictures = rng.integers(0, 256, (count, 3072)).astype(np.uint8)
            (folder / name).write_bytes(make_batch(pictures, rng.integers(0, 10, count).tolist()))
        (folder / "batches.meta").write_bytes(pickle.dumps({"label_names": NAMES, "num_vis": 3072}, protocol=2))
        return {path.name: hashlib.md5(path.read_bytes()).hexdigest() for path in folder.iterdir()}

    return make
