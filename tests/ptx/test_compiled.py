"""Texts are kept, and one is found again only for what it was made of."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("numba_cuda", reason="numba-cuda, which compiles kernels, is not installed")

from minitorch.kernels.cuda import formulas
from minitorch.kernels.cuda.device import function
from tests.ptx import compiled

ADDED = 1
TYPES = (("f", "l"), (9, 0), 256)  # of arguments, the GPU's capability, and threads in a block


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """The kernels that were compiled, in a folder where none is kept yet."""
    kernels = []
    monkeypatch.setattr(compiled.numba.config, "CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(
        compiled, "compile_to_ptx", lambda kernel, *args: kernels.append(kernel) or f"text {len(kernels)}"
    )
    compiled._folder.cache_clear()
    yield kernels
    compiled._folder.cache_clear()


def kernel_of(number, formula=formulas.add):
    f = function(formula)

    def kernel(out, a):
        out[0] = f(a[0], a[1]) + number + ADDED

    return kernel


def other_kernel_of(number, formula=formulas.add):
    f = function(formula)

    def kernel(out, a):
        out[0] = f(a[0], a[1]) * number * ADDED

    return kernel


def test_a_kernel_that_is_made_again_is_not_compiled_again(asked):
    assert [compiled.ptx_of(kernel_of(3), *TYPES) for _ in range(2)] == ["text 1", "text 1"]


@pytest.mark.parametrize(
    "other",
    [
        kernel_of(4),
        kernel_of(3.0),
        kernel_of(np.float32(3)),
        kernel_of(3, formulas.subtract),
        kernel_of(3, lambda x, y: x + y),
        other_kernel_of(3),
    ],
)
def test_another_kernel_is_compiled(other, asked):
    assert [compiled.ptx_of(each, *TYPES) for each in (kernel_of(3), other)] == ["text 1", "text 2"]


@pytest.mark.parametrize("other", [(("f", "i"), (9, 0), 256), (("f", "l"), (8, 0), 256), (("f", "l"), (9, 0), 128)])
def test_for_other_types_capabilities_and_threads_it_is_compiled_again(other, asked):
    assert [compiled.ptx_of(kernel_of(3), *each) for each in (TYPES, other)] == ["text 1", "text 2"]


@pytest.mark.parametrize(("place", "name", "value"), [(formulas, "add", formulas.subtract), (None, "ADDED", 2)])
def test_what_a_kernel_names_counts(place, name, value, asked, monkeypatch):
    def kernel(out, a):
        out[0] = formulas.add(a[0], ADDED)

    compiled.ptx_of(kernel, *TYPES)
    monkeypatch.setitem((kernel.__globals__ if place is None else vars(place)), name, value)
    compiled.ptx_of(kernel, *TYPES)
    assert len(asked) == 2


def test_changed_sources_are_compiled_and_the_texts_of_the_old_ones_go_away(asked, tmp_path, monkeypatch):
    compiled.ptx_of(kernel_of(3), *TYPES)
    (old,) = (tmp_path / "ptx").iterdir()
    source = tmp_path / "__init__.py"
    source.write_text("# changed")
    monkeypatch.setattr(compiled.minitorch.kernels, "__file__", str(source))
    compiled._folder.cache_clear()
    compiled.ptx_of(kernel_of(3), *TYPES)
    assert len(asked) == 2
    assert not old.exists()


def test_a_kernel_with_something_in_it_that_is_not_known_is_compiled_each_time(asked):
    assert [compiled.ptx_of(kernel_of({}), *TYPES) for _ in range(2)] == ["text 1", "text 2"]
