"""Programs of one line (`;` between statements): what they give, warn of and refuse, is in both libraries the same text."""

from __future__ import annotations

import copy
import pathlib
import pickle
import warnings
from typing import Any

import numpy as np
import pytest
import torch

import minitorch

LINES = [
    line
    for file in sorted((pathlib.Path(__file__).parent / "lines").glob("*.txt"))
    for line in file.read_text().splitlines()
    if line
]


def outcome(lib: Any, program: str) -> tuple[str, list[str]]:
    """What the last expression gives, as text, or the first line of the error; and the warnings on the way."""
    lib.manual_seed(0)
    names = {"torch": lib, "F": lib.nn.functional, "nn": lib.nn, "np": np, "copy": copy, "pickle": pickle}
    *before, last = program.split("; ")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.simplefilter("ignore", RuntimeWarning)  # of numpy, which minitorch's own filter, replaced here, hides
        try:
            for statement in before:
                exec(statement, names)
            result = repr(eval(last, names)) if _is_expression(last) else exec(last, names)
        except Exception as error:  # which one it is, is what is compared
            result = f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
    said = [f"{each.category.__name__}: {_first_sentence(str(each.message))}" for each in caught]
    return str(result).replace("minitorch", "torch"), [each.replace("minitorch", "torch") for each in said]


def _is_expression(statement: str) -> bool:
    try:
        compile(statement, "line", "eval")
    except SyntaxError:
        return False
    return True


def _first_sentence(message: str) -> str:
    """Without the place in torch's own sources."""
    return message.partition("\n")[0].partition(" (Triggered internally")[0]


@pytest.mark.usefixtures("every_warning")
@pytest.mark.parametrize("program", LINES)
def test_both_libraries_give_the_same_text(program: str):
    assert outcome(minitorch, program) == outcome(torch, program)
