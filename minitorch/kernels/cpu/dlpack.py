"""bfloat16 in DLPack's capsules: numpy reads and writes them, but not of this type, so that they pass it as uint16.

Source: ``dlpack.h``, version 1.0: the layouts of DLManagedTensor and DLManagedTensorVersioned on a machine of 64 bits.
"""

from __future__ import annotations

import ctypes
from typing import Any

UNSIGNED, BFLOAT16 = 1, 4  # codes of types
CODE_AT = {b"dltensor": 20, b"dltensor_versioned": 52}  # where a capsule of that name has the code, in bytes

_name_of = ctypes.pythonapi.PyCapsule_GetName
_name_of.restype, _name_of.argtypes = ctypes.c_char_p, [ctypes.py_object]
_pointer_of = ctypes.pythonapi.PyCapsule_GetPointer
_pointer_of.restype, _pointer_of.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]


def change_type(capsule: Any, given: int, wanted: int) -> bool:
    """Changes the code of a capsule's type if it is the given one, and says whether it was; of capsules not yet used."""
    name = _name_of(capsule)
    if name not in CODE_AT:
        return False
    code = ctypes.c_uint8.from_address(_pointer_of(capsule, name) + CODE_AT[name])
    if code.value != given:
        return False
    code.value = wanted
    return True
