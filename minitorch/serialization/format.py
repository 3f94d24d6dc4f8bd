"""What a ``.pth`` file is made of: the names, limits and errors that its reader and its writer share.

The file is a zip archive whose entries are stored, not compressed, under one top folder. ``data.pkl`` describes the
object in pickle's protocol 2; each storage (the memory behind one or more tensors) is an entry ``data/0``, ``data/1``,
… of raw numbers, which ``data.pkl`` mentions by its key.
"""

from __future__ import annotations

import pickle

from minitorch import dtypes

STORAGE_NAMES = {  # float32: FloatStorage
    dtype: dtype.tensor_type.replace("Tensor", "Storage") for dtype in dtypes.ALL if dtype not in dtypes.UNSIGNED
}
"""The others are bytes in a file, whose dtype is named where a tensor is made over them."""

# Limits, the same for both directions: whatever is saved here can be loaded here.
MAX_PICKLE_BYTES = 32 * 2**20  # each byte may become an object, so this bounds memory and time as well
MAX_DEPTH = 100  # containers inside containers
KEYS = "keys are strings, numbers, None, bytes and tuples of these"
MAX_TUPLE_KEYS = 4096  # tuples of chosen numbers can share one hash, which makes a dict of them quadratic


class LoadError(pickle.UnpicklingError, RuntimeError):
    """The file is damaged, unsafe, or not one that can be loaded. Torch raises one or the other of the two bases."""


class SaveError(OSError, RuntimeError):
    """The file could not be written; an older file of that name is as it was. Torch raises a ``RuntimeError`` here."""


def why_unfit_as_key(key: object) -> str | None:
    """Why ``key`` can't be a dict's key or a set's element in a file; None when it can.

    Keys are limited to kinds whose hashes can't be chosen so that all of them collide.
    """
    for part in key if type(key) is tuple else (key,):
        if type(part) is int and not -(2**63) <= part < 2**63:
            return "an int of more than 64 bits"
        if type(part) not in (str, int, float, bool, bytes, type(None)):
            return f"a {type(part).__name__}" + (" in a tuple" if type(key) is tuple else "")
    return None
