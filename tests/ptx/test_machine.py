"""Control flow, memory and counts, on kernels that are written by hand."""

from __future__ import annotations

import numpy as np
import pytest

from tests.ptx.assembly import Bench
from tests.ptx.machine import launch
from tests.ptx.memory import BEFORE
from tests.ptx.module import PTXError, parse

ADDRESS = "ld.param.u64 %rd1, [p_out];\nmov.u32 %r1, %tid.x;\nmad.wide.u32 %rd2, %r1, 4, %rd1;\n"
SHARED = ".shared .align 16 .b8 buffer[256];\n"
SLOT = "mov.u32 %r2, buffer;\nmad.lo.u32 %r3, %r1, 4, %r2;\n"
NEIGHBOUR = "xor.b32 %r4, %r1, 1;\nmad.lo.u32 %r4, %r4, 4, %r2;\n"
OUT = np.zeros(64, np.uint32)


def run(body, threads=64, blocks=1, out=OUT, *inputs):
    return Bench(body, out, *inputs, declarations=SHARED).run(threads, blocks)


def test_paths_that_part_meet_again():
    body = ADDRESS + (
        "and.b32 %r5, %r1, 1;\nsetp.eq.u32 %p1, %r5, 0;\n@%p1 bra EVEN;\nmul.lo.u32 %r6, %r1, 3;\nbra DONE;\n"
        "EVEN:\nadd.u32 %r6, %r1, 100;\nDONE:\nst.global.u32 [%rd2], %r6;"
    )
    thread = np.arange(64)
    np.testing.assert_array_equal(run(body), np.where(thread % 2, thread * 3, thread + 100))


def test_loops_of_different_lengths():
    body = ADDRESS + (
        "mov.u32 %r5, 0;\nmov.u32 %r6, 0;\nLOOP:\nadd.u32 %r6, %r6, %r5;\nadd.u32 %r5, %r5, 1;\n"
        "setp.le.u32 %p1, %r5, %r1;\n@%p1 bra LOOP;\nbar.sync 0;\nst.global.u32 [%rd2], %r6;"
    )
    np.testing.assert_array_equal(run(body), [n * (n + 1) // 2 for n in range(64)])


def test_threads_exchange_through_shared_memory():
    body = ADDRESS + SLOT + NEIGHBOUR
    body += "st.shared.u32 [%r3], %r1;\nbar.sync 0;\nld.shared.u32 %r6, [%r4];\nst.global.u32 [%rd2], %r6;"
    np.testing.assert_array_equal(run(body), np.arange(64) ^ 1)


def test_part_of_an_element_is_read():
    wide = np.arange(64, dtype=np.int64) << 32 | 7
    body = ADDRESS + "ld.param.u64 %rd3, [p_0];\nmad.wide.u32 %rd3, %r1, 8, %rd3;\nld.global.u32 %r6, [%rd3+4];\n"
    np.testing.assert_array_equal(run(body + "st.global.u32 [%rd2], %r6;", 64, 1, OUT, wide), np.arange(64))


FAULTS = {
    "4 bytes of an array": "ld.param.u64 %rd3, [p_0];\nst.global.u32 [%rd3], %r1;",
    "race in shared memory": SLOT + NEIGHBOUR + "st.shared.u32 [%r3], %r1;\nld.shared.u32 %r6, [%r4];",
    "writes at once": SLOT + "st.shared.u32 [%r2], %r1;",
    "writes what was read": SLOT + "st.shared.u32 [%r3], %r1;\nbar.sync 0;\nld.shared.u32 %r6, [%r3+0];\n" + NEIGHBOUR
    + "st.shared.u32 [%r4], %r6;",
    "never written": SLOT + "ld.shared.u32 %r6, [%r3];",
    "out of bounds of shared": SLOT + "st.shared.u32 [%r3+4], %r1;",
    "out of bounds of an array": "st.global.u32 [%rd2+4], %r1;",
    "race in an array": "st.global.u32 [%rd1], %r1;",
    "does not divide": "st.global.u64 [%rd2], %rd2;",
    "divergent barrier": "setp.lt.u32 %p1, %r1, 32;\n@%p1 bra NEXT;\nbar.sync 0;\nNEXT:\nmov.u32 %r5, 0;",
    "not where all": "setp.lt.u32 %p1, %r1, 32;\n@%p1 bra NEXT;\nbar.sync 0;\nbra LAST;\nNEXT:\nbar.sync 0;\nLAST:\n"
    + "mov.u32 %r5, 0;",
    "does not end": "LOOP:\nadd.u32 %r5, %r1, 1;\nbra LOOP;",
    "before it is written": "add.u32 %r5, %r6, 1;",
}  # fmt: skip


@pytest.mark.parametrize("message", FAULTS)
def test_a_mistake_is_found(message, monkeypatch):
    monkeypatch.setattr("tests.ptx.machine.STEPS", 1000)
    with pytest.raises(PTXError, match=message):
        run(ADDRESS + FAULTS[message], 64, 1, OUT, np.zeros(64, np.int64))


def test_a_variable_is_aligned_as_it_says_and_no_better():
    body = ADDRESS + "mov.u32 %r2, narrow;\nld.shared.v2.u32 {%r5, %r6}, [%r2];"
    declared = ".shared .align 4 .b8 first[8];\n.shared .align 4 .b8 narrow[256];\n"
    with pytest.raises(PTXError, match="an address that 8 does not divide"):
        Bench(body, OUT, declarations=declared).run(64, 1)


def test_blocks_must_not_write_what_others_read():
    body = ADDRESS + (
        "mov.u32 %r5, %ctaid.x;\nsetp.eq.u32 %p1, %r5, 0;\n@%p1 st.global.u32 [%rd2], %r1;\n@!%p1 ld.global.u32 %r6, [%rd2];"
    )
    with pytest.raises(PTXError, match="race in an array"):
        run(body, 64, 2)


def test_a_barrier_orders_a_blocks_accesses_to_global_memory():
    body = ADDRESS + "st.global.u32 [%rd2], %r1;\nbar.sync 0;\nxor.b32 %r4, %r1, 1;\nmad.wide.u32 %rd3, %r4, 4, %rd1;\n"
    body += "ld.global.u32 %r6, [%rd3];\nbar.sync 0;\nst.global.u32 [%rd2], %r6;"
    np.testing.assert_array_equal(run(body), np.arange(64) ^ 1)


@pytest.mark.parametrize(("step", "sectors"), [(4, 4), (8, 8), (32, 32), (128, 32)])
def test_sectors_are_counted(step, sectors):
    bench = Bench(
        f"ld.param.u64 %rd1, [p_out];\nmov.u32 %r1, %tid.x;\nmad.wide.u32 %rd2, %r1, {step}, %rd1;\nst.global.u32 [%rd2], %r1;",
        np.zeros(32 * step // 4, np.uint32),
    )
    bench.run(32)
    assert bench.counts["global_stores_sectors"] == sectors
    assert bench.counts["global_stores"] == 1
    assert bench.counts["global_stores_bytes"] == bench.counts["global_stores_used"] == 128


def test_what_all_threads_of_a_warp_ask_for_is_used_once():
    text = "ld.param.u64 %rd1, [p_0];\nld.global.u32 %r1, [%rd1];\nmov.u32 %r2, %tid.x;\n"
    text += "ld.param.u64 %rd2, [p_out];\nmad.wide.u32 %rd2, %r2, 4, %rd2;\nst.global.u32 [%rd2], %r1;"
    bench = Bench(text, np.zeros(64, np.uint32), np.ones(1, np.uint32))
    bench.run(64)
    assert bench.counts["global_loads_bytes"] == 4 * 64
    assert bench.counts["global_loads_used"] == 4 * 2
    assert bench.counts["global_loads_sectors"] == 2


@pytest.mark.parametrize(("step", "answers"), [(4, 1), (8, 2), (16, 4), (128, 32), (0, 1), (132, 1)])
def test_bank_conflicts_are_counted(step, answers):
    """32 threads read words that far apart: those in one bank are answered one after the other, one word for all at once."""
    fill = "mov.u32 %r2, buffer;\nmov.u32 %r5, 0;\nsetp.eq.u32 %p1, %r1, 0;\nLOOP:\nadd.u32 %r6, %r2, %r5;\n"
    fill += "@%p1 st.shared.u32 [%r6], %r5;\nadd.u32 %r5, %r5, 4;\nsetp.lt.u32 %p2, %r5, 4224;\n@%p2 bra LOOP;\nbar.sync 0;\n"
    read = f"mad.lo.u32 %r3, %r1, {step}, %r2;\nld.shared.u32 %r6, [%r3];"
    both, alone = (
        Bench(ADDRESS + fill + text, OUT, declarations=SHARED.replace("256", "4224"))
        for text in (read, "mov.u32 %r6, 0;")
    )
    both.run(32)
    alone.run(32)
    assert both.counts["shared_answers"] - alone.counts["shared_answers"] == answers


def test_instructions_are_counted():
    bench = Bench(
        ADDRESS + "setp.lt.u32 %p1, %r1, 10;\n@%p1 bra NEXT;\nadd.u32 %r5, %r1, 1;\nNEXT:\nmov.u32 %r6, 0;", OUT
    )
    bench.run(64)
    assert bench.counts["add"] == 54
    assert bench.counts["bra"] == 64


def test_operations_on_floating_point_numbers_are_counted():
    text = (
        "fma.rn.f32 %f1, 0f3F800000, 0f3F800000, 0f3F800000;\nadd.f64 %fd1, 0d3FF0000000000000, 0d3FF0000000000000;\n"
    )
    text += "neg.f32 %f2, %f1;\nsqrt.rn.f32 %f2, %f1;\nadd.u32 %r5, %r1, 1;\nmul.wide.u32 %rd5, %r5, 2;"
    bench = Bench(ADDRESS + text, OUT)
    bench.run(64)
    assert bench.counts["operations"] == 64 * (2 + 1 + 1)


def test_a_launch_can_be_cut_short():
    bench = Bench("mov.u32 %r1, %tid.x;", OUT)
    counts = launch(bench.program, (3, 1, 1), (32, 1, 1), bench.addresses, bench.memory, most=2)
    assert counts["mov"] == 64
    bench.memory.pretend_written()
    assert (bench.memory.region(bench.addresses[0]).written == BEFORE).all()


@pytest.mark.parametrize(
    "text", ["", ".visible .entry kernel(\n)\n{\n\tadd.u32 %r1, %r2, 3;\n}", ".visible .entry k(\n)\n{\n\t???;\n}"]
)
def test_what_cannot_be_read_is_an_error(text):
    with pytest.raises(PTXError):
        parse(text)
