"""The same program in both libraries: what it says, and how it ends, is compared as text."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch

import minitorch

Say = Callable[..., None]
Program = Callable[[Any, Say], Any]
"""Takes a library, and a function that writes things down."""


def said(library: Any, program: Program) -> list[str]:
    """What a program writes down, its result, and the error or the warnings that it ends with."""
    lines: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            lines.append(repr(program(library, lambda *things: lines.append(repr(things)))))
        except Exception as error:
            lines.append(f"{type(error).__name__}: {error}")
    lines += [
        f"{each.category.__name__}: {each.message}" for each in caught if each.category is not RuntimeWarning
    ]  # numpy's
    text = "\n".join(lines).replace("minitorch", "torch").replace("torch.autograd.function.", "")
    text = re.sub(r" \(Triggered internally at [^)]*\)", "", text)
    return re.sub(r"0x[0-9a-f]+", "0x", text).split("\n")


def same_in_both(programs: dict[str, Program]) -> Callable[[Any], Any]:
    """A test for each of these programs."""

    def decorate(test: Any) -> Any:
        return pytest.mark.parametrize("program", programs.values(), ids=programs)(test)

    return decorate


def assert_said_alike(program: Program) -> None:
    assert said(minitorch, program) == said(torch, program)
