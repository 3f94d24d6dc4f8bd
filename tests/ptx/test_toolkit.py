"""Loops are found in the texts of kernels, PTX and machine code."""

import pytest

from tests.ptx import toolkit
from tests.ptx.assembly import HEAD
from tests.ptx.module import parse
from tests.ptx.toolkit import Step, assemble, machine_code, main_loop, ptx_code, tool

NESTED = """
	mov.u32 %r1, 0;
OUTER:
	mov.u32 %r2, 0;
INNER:
	fma.rn.f32 %f1, %f1, %f1, %f1;
	fma.rn.f64 %fd1, %fd1, %fd1, %fd1;
	add.u32 %r2, %r2, 1;
	setp.lt.u32 %p1, %r2, 1000;
	@%p1 bra INNER;
	add.u32 %r1, %r1, 1;
	setp.lt.u32 %p2, %r1, 1000;
	@%p2 bra OUTER;
"""


def steps(*code):
    """Steps of these kinds: "*" a product, a number a branch to that step, None anything else."""
    return [Step("", each == "*", each if isinstance(each, int) else None) for each in code]


def test_the_main_loop_of_ptx_is_the_innermost():
    loop = main_loop(ptx_code(parse(HEAD.format(parameters="", body=NESTED))))
    assert (loop.products, len(loop.steps), loop.share) == (2, 5, 0.4)


@pytest.mark.parametrize(
    ("code", "length", "products"),
    [
        ([None, None, 1], 2, 0),
        ([None, None, 0, None, 3], 3, 0),  # the longer of two; one of two steps follows
        ([None, None, None, 0, "*", 4], 2, 1),  # products count before length
        (["*", 0, None, 0], 2, 1),  # that within another
        ([None, 3, None, "*", 0], 5, 1),  # jumps onwards make no loop
    ],
)
def test_the_loop_with_most_products_is_taken(code, length, products):
    loop = main_loop(steps(*code))
    assert (len(loop.steps), loop.products) == (length, products)


@pytest.mark.parametrize("code", [[], [None, "*"], [None, 2, "*"], [None, 1]], ids=str)
def test_what_does_not_go_back_has_no_loop(code):
    """The jump to itself that machine code ends with is none either."""
    assert main_loop(steps(*code)) is None


@pytest.mark.skipif(not (tool("ptxas") and tool("nvdisasm")), reason="ptxas or nvdisasm is not installed")
@pytest.mark.parametrize("capability", toolkit.CAPABILITIES, ids=toolkit.architecture)
def test_machine_code_has_the_loops_that_the_text_has(capability, tmp_path):
    ptx = ".version 8.0\n.target sm_75\n.address_size 64\n" + HEAD.format(
        parameters=",\n\t.param .u64 p_0",
        body="ld.param.u64 %rd1, [p_0];\nld.global.f32 %f1, [%rd1];\n"
        + NESTED.replace("	fma.rn.f64 %fd1, %fd1, %fd1, %fd1;\n", "")
        + "st.global.f32 [%rd1], %f1;",
    )
    resources, cubin = assemble(ptx, capability, tmp_path)
    assert 0 < resources.registers < 32
    assert resources[1:] == (0, 0, 0)
    loop = main_loop(machine_code(cubin))
    assert loop.products > 0
    assert loop.share > 0.3


def test_what_the_assembler_does_not_take_is_an_error(tmp_path):
    if tool("ptxas") is None:
        pytest.skip("ptxas is not installed")
    with pytest.raises(RuntimeError, match="ptxas fails"):
        assemble("nonsense", (9, 0), tmp_path)


def test_a_tool_that_is_missing_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(toolkit, "tool", lambda name: None)
    with pytest.raises(FileNotFoundError, match="ptxas is not installed"):
        assemble("", (9, 0), tmp_path)
