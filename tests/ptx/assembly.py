"""Kernels written in PTX by hand, for tests of the interpreter itself."""

from __future__ import annotations

import numpy as np

from tests.ptx.instructions import mean
from tests.ptx.machine import Program, launch
from tests.ptx.memory import BEFORE, GlobalMemory
from tests.ptx.module import DTYPES, parse

HEAD = """
.visible .entry kernel(
	.param .u64 p_out{parameters}
)
{{
	.reg .pred %p<9>;
	.reg .b16 %rs<9>;
	.reg .f32 %f<9>;
	.reg .f64 %fd<9>;
	.reg .b32 %r<40>;
	.reg .b64 %rd<40>;
{body}
	ret;
}}
"""


class Bench:
    """Memory with an output and inputs, and the kernel that works on them."""

    def __init__(self, body: str, out: np.ndarray, *inputs: np.ndarray, declarations: str = "") -> None:
        self.memory = GlobalMemory()
        self.addresses = [self.place(each) for each in (out, *inputs)]
        self.memory.region(self.addresses[0]).written[:] = -1  # nothing is written in the output
        self.out = out
        parameters = "".join(f",\n\t.param .u64 p_{n}" for n in range(len(inputs)))
        self.program = Program(parse(declarations + HEAD.format(parameters=parameters, body=body)), mean)

    def place(self, array: np.ndarray) -> int:
        address = self.memory.allocate(array.nbytes, array.itemsize, "an array")
        region = self.memory.region(address)
        region.bytes[: array.nbytes] = np.ascontiguousarray(array).view(np.uint8).reshape(-1)
        region.written[:] = BEFORE
        return address

    def run(self, threads: int, blocks: int = 1) -> np.ndarray:
        self.counts = launch(self.program, (blocks, 1, 1), (threads, 1, 1), self.addresses, self.memory, counting=True)
        return self.memory.region(self.addresses[0]).view(self.out.dtype)[: self.out.size]


PREFIX = {"f32": "%f", "f64": "%fd", "32": "%r", "64": "%rd", "16": "%rs", "8": "%rs"}


def register(type: str, number: int) -> str:
    """A register for values of a type."""
    return (PREFIX.get(type) or PREFIX[type[1:]]) + str(number)


def evaluate(instruction: str, result: str, *inputs: tuple[str, np.ndarray]) -> np.ndarray:
    """What an instruction gives for each element of its inputs.

    ``{d}``, ``{a}``, ``{b}``, ``{c}`` in its text stand for registers; types are written as in PTX.
    """
    size = len(inputs[0][1])
    names = {"d": register(result, 4)}
    lines = ["mov.u32 %r30, %tid.x;", "mov.u32 %r31, %ctaid.x;", "mad.lo.u32 %r30, %r31, 32, %r30;"]
    for n, (type, _) in enumerate(inputs):
        names["abc"[n]] = register(type, n)
        width = DTYPES[type].itemsize
        lines += [f"ld.param.u64 %rd{20 + n}, [p_{n}];", f"mad.wide.u32 %rd{20 + n}, %r30, {width}, %rd{20 + n};"]
        lines += [f"ld.global.{type} {names['abc'[n]]}, [%rd{20 + n}];"]
    for name, each in names.items():
        instruction = instruction.replace("{" + name + "}", each)
    lines += [instruction + ";", "ld.param.u64 %rd30, [p_out];"]
    lines += [
        f"mad.wide.u32 %rd30, %r30, {DTYPES[result].itemsize}, %rd30;",
        f"st.global.{result} [%rd30], {names['d']};",
    ]
    bench = Bench("\n".join(lines), np.zeros(size, DTYPES[result]), *[array for _, array in inputs])
    return bench.run(32, size // 32).copy()
