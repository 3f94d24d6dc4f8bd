"""Rows for products beyond ``matmul``: einsum, tensordot, sums with products, vector products."""

from __future__ import annotations

from tests.ops.case import Case, fixed

EQUATIONS = {
    "i->": ((3,),), "ij->ji": ((2, 3),), "ii->i": ((3, 3),), "ii": ((3, 3),), "iji->j": ((3, 2, 3),),
    "i,j->ij": ((3,), (4,)), "ij,jk->ik": ((2, 3), (3, 4)), "ij,jk->ki": ((2, 3), (3, 4)), "ij,kj->ik": ((2, 3), (1, 3)),
    "bij,bjk->bik": ((2, 3, 4), (2, 4, 5)), "bhqd,bhkd->bhqk": ((2, 2, 3, 4), (2, 2, 5, 4)), "ij,ij->": ((2, 3), (2, 3)),
    "...ij->...ji": ((2, 3, 4),), "...ik,...j->ij": ((1, 2, 3), (3,)), "bn,anm,bm->ba": ((2, 5), (3, 5, 4), (2, 4)),
}  # fmt: skip

CASES = [
    *(
        Case(
            f"einsum {equation}",
            lambda lib, *x, equation=equation: lib.einsum(equation, *x),
            fixed(*shapes),
            layouts=False,
        )
        for equation, shapes in EQUATIONS.items()
    ),
    Case(
        "einsum of lists",
        lambda lib, a, b: lib.einsum(a, [..., 0, 1], b, [..., 1, 2], [..., 0, 2]),
        fixed((5, 2, 3), (5, 3, 4)),
        layouts=False,
    ),
    Case("tensordot", lambda lib, a, b: lib.tensordot(a, b), fixed((2, 3, 4), (3, 4, 5)), layouts=False),
    Case(
        "tensordot of lists",
        lambda lib, a, b: lib.tensordot(a, b, dims=([1, 2], [1, 0])),
        fixed((2, 3, 4), (4, 3, 5)),
        layouts=False,
    ),
    Case("inner", lambda lib, a, b: lib.inner(a, b), fixed((2, 3), (4, 3)), layouts=False),
    Case("inner of vectors", lambda lib, a, b: lib.inner(a, b), fixed((3,), (3,)), layouts=False),
    Case("kron", lambda lib, a, b: lib.kron(a, b), fixed((2, 3), (4, 5)), layouts=False),
    Case("ger", lambda lib, a, b: lib.ger(a, b), fixed((2,), (3,)), layouts=False),
    Case("vdot", lambda lib, a, b: lib.vdot(a, b), fixed((3,), (3,))),
    Case("cross", lambda lib, a, b: lib.cross(a, b, dim=0), fixed((3, 4), (3, 4))),
    Case("linalg.cross", lambda lib, a, b: lib.linalg.cross(a, b), fixed((1, 3), (4, 3))),
    Case("linalg.vecdot", lambda lib, a, b: lib.linalg.vecdot(a, b), fixed((2, 3), (2, 3))),
    Case("linalg.multi_dot", lambda lib, *x: lib.linalg.multi_dot(x), fixed((10, 3), (3, 8), (8, 5), (5, 2))),
    # torch's own warns that it is deprecated in favour of multi_dot.
    Case(
        "chain_matmul",
        lambda lib, *x: lib.linalg.multi_dot(x) if lib.__name__ == "torch" else lib.chain_matmul(*x),
        fixed((2, 3), (3, 4), (4, 5)),
    ),
    Case("addmv", lambda lib, a, b, c: lib.addmv(a, b, c, alpha=0.5, beta=2), fixed((2,), (2, 3), (3,))),
    Case("addr", lambda lib, a, b, c: lib.addr(a, b, c, alpha=0.5, beta=2), fixed((2, 3), (2,), (3,))),
    Case("baddbmm", lambda lib, a, b, c: lib.baddbmm(a, b, c, alpha=0.5, beta=2), fixed((3, 5), (2, 3, 4), (2, 4, 5))),
    Case("addbmm", lambda lib, a, b, c: lib.addbmm(a, b, c, alpha=0.5, beta=2), fixed((5,), (2, 3, 4), (2, 4, 5))),
]
