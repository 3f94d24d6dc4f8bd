"""The rows for reductions, scans, sorting and counting."""

from __future__ import annotations

from tests.ops.case import ANY, CUBE, MATRIX, SOME, Case, fixed, of_one, one_of

LONG = one_of((3,), (2, 3), (4, 2, 2), (2, 3, 2))  # at least two elements along the first and the last dimension
INF = float("inf")

STATISTICS = [
    of_one("var", lambda lib, a: a.var(), LONG, special=True),
    of_one("var biased", lambda lib, a: lib.var(a, False), LONG),
    of_one("var dim", lambda lib, a: a.var(-1), LONG, special=True),
    of_one("var correction", lambda lib, a: lib.var(a, (0, 2), correction=0.5, keepdim=True), CUBE),
    of_one("var unbiased", lambda lib, a: lib.var(a, 1, unbiased=False, keepdim=True), MATRIX),
    of_one("std", lambda lib, a: a.std(), LONG, "independent", special=True),
    of_one("std dim", lambda lib, a: lib.std(a, 0, True), LONG, "independent", special=True),
    of_one("std of equal elements", lambda lib, a: lib.std(a * 0 + 1.5, 1), MATRIX, smooth=False),
    of_one("var_mean", lambda lib, a: lib.var_mean(a, 1)[0], MATRIX),
    of_one("var_mean, both", lambda lib, a: lib.add(*lib.var_mean(a, 1, keepdim=True)), MATRIX),
    of_one("std_mean", lambda lib, a: lib.std_mean(a)[1], LONG),
    of_one("std_mean, both", lambda lib, a: lib.mul(*lib.std_mean(a, (0, 1))), MATRIX),
    *(
        of_one(f"renorm {p}", lambda lib, a, p=p: a.renorm(p, 1, 1.5), CUBE, "distinct")
        for p in (1, 2, 3, INF)
    ),
    of_one("renorm_", lambda lib, a: (a * 2).renorm_(2, -1, 0.5), MATRIX),
    of_one("nansum", lambda lib, a: a.nansum(), SOME, special=True),
    of_one("nansum dim", lambda lib, a: lib.nansum(a, -1, True), SOME, special=True),
    of_one("nanmean", lambda lib, a: a.nanmean(0), SOME, special=True),
    of_one("logsumexp", lambda lib, a: a.logsumexp(-1), SOME, special=True),
    of_one("logsumexp dims", lambda lib, a: lib.logsumexp(a, (0, 2), keepdim=True), CUBE),
    of_one("logsumexp of a number", lambda lib, a: lib.logsumexp(a, 0), fixed(())),
    of_one("median", lambda lib, a: a.median(), SOME, "distinct", special=True),
    of_one("median dim", lambda lib, a: a.median(0).values, SOME, "distinct", special=True),
    of_one("median keepdim", lambda lib, a: lib.median(a, -1, keepdim=True)[0], SOME, "distinct"),
    of_one("nanmedian", lambda lib, a: a.nanmedian(), SOME, "distinct", special=True),
    of_one("nanmedian dim", lambda lib, a: a.nanmedian(-1).values, SOME, "distinct", special=True),
    of_one("mode", lambda lib, a: a.mode(-1).values, SOME, "distinct"),
    of_one("kthvalue", lambda lib, a: a.kthvalue(2).values, LONG, "distinct", special=True),
    of_one("kthvalue keepdim", lambda lib, a: lib.kthvalue(a, 1, 0, True)[0], SOME, "distinct", special=True),
    of_one("quantile", lambda lib, a: a.quantile(0.3), SOME, "distinct", special=True),
    of_one("quantile dim", lambda lib, a: lib.quantile(a, 0.7, 0), SOME, "distinct", special=True),
    of_one("quantile keepdim", lambda lib, a: lib.quantile(a, 0.7, -1, keepdim=True), SOME, "distinct"),
    Case("quantiles", lambda lib, a, q: lib.quantile(a, q.detach().abs() % 1, 1), fixed((3, 4), (2,)), "distinct", smooth=False),
    Case("quantiles of many", lambda lib, a, q: lib.quantile(a, q.sigmoid(), 0), fixed((40, 2), (3,)), "distinct", smooth=False),
    of_one("quantiles with ties", lambda lib, a: lib.quantile((a * 2).detach().floor() + 0 * a, 0.4), fixed((9,)), smooth=False),
    *(
        of_one(f"quantile {how}", lambda lib, a, how=how: a.quantile(0.4, 0, interpolation=how), SOME, "distinct")
        for how in ("lower", "higher", "nearest", "midpoint")
    ),
    of_one("nanquantile", lambda lib, a: a.nanquantile(0.3, -1), SOME, "distinct", special=True),
    of_one("aminmax", lambda lib, a: lib.mul(*lib.aminmax(a)), SOME, "distinct", special=True),
    of_one("aminmax dim", lambda lib, a: lib.sub(*lib.aminmax(a, dim=0, keepdim=True)), SOME, "distinct"),
    of_one("aminmax min", lambda lib, a: a.aminmax(dim=-1).min, SOME, "distinct", special=True),
]  # fmt: skip

PRODUCTS = [
    of_one("prod", lambda lib, a: a.prod(), SOME, "not zero", special=True),
    of_one("prod dim", lambda lib, a: a.prod(-1), SOME, "not zero", special=True),
    of_one("prod keepdim", lambda lib, a: lib.prod(a, 0, keepdim=True), SOME, "not zero"),
    of_one("prod dtype", lambda lib, a: a.prod(dtype=lib.float64), SOME, "not zero"),
    of_one("prod of a number", lambda lib, a: a.prod(), fixed(())),
    of_one("prod over nothing", lambda lib, a: a.prod(1), fixed((2, 0, 3))),
    *(
        of_one(f"{name} with {zeros} zeros{where}", lambda lib, a, f=f, z=zeros: f(_with_zeros(lib, a, z)), MATRIX)
        for zeros in (1, 2)
        for name, where, f in (
            ("prod", "", lambda x: x.prod()), ("prod", " dim", lambda x: x.prod(1)),
            ("cumprod", " dim 1", lambda x: x.cumprod(1)), ("cumprod", " dim 0", lambda x: x.cumprod(0)),
        )
    ),
    of_one("cumprod", lambda lib, a: a.cumprod(-1), SOME, "not zero"),
    of_one("cumprod of a number", lambda lib, a: a.cumprod(0), fixed(())),
]  # fmt: skip

SCANS = [
    of_one("cumsum", lambda lib, a: a.cumsum(0), SOME, special=True),
    of_one("cumsum dtype", lambda lib, a: lib.cumsum(a, -1, dtype=lib.float64), SOME),
    of_one("cumsum of a number", lambda lib, a: a.cumsum(0), fixed(())),
    of_one("cumsum over nothing", lambda lib, a: a.cumsum(1), fixed((2, 0, 3))),
    of_one("cumsum_", lambda lib, a: (a * 2).cumsum_(1), MATRIX),
    of_one("cumprod_", lambda lib, a: (a * 2).cumprod_(1), MATRIX, "not zero"),
    of_one("cummax", lambda lib, a: a.cummax(-1).values, SOME, "distinct", special=True),
    of_one("cummin", lambda lib, a: lib.cummin(a, 0)[0], SOME, "distinct", special=True),
    of_one("logcumsumexp", lambda lib, a: a.logcumsumexp(-1), SOME, special=True),
    of_one("diff", lambda lib, a: a.diff(), MATRIX, special=True),
    of_one("diff twice", lambda lib, a: lib.diff(a, 2, 0), MATRIX),
    of_one("diff no times", lambda lib, a: lib.diff(a, 0), MATRIX),
    Case("diff joined", lambda lib, a, b: lib.diff(a, prepend=b, append=b), fixed((3, 4), (3, 1))),
    of_one("trapezoid", lambda lib, a: lib.trapezoid(a, dx=0.5), MATRIX),
    Case("trapezoid at", lambda lib, a, b: lib.trapezoid(a, b, dim=0), fixed((3, 4), (3,))),
    Case("trapz at", lambda lib, a, b: lib.trapz(a, b), fixed((2, 3, 4), (3, 4))),
    of_one("cumulative_trapezoid", lambda lib, a: lib.cumulative_trapezoid(a, dx=3), MATRIX),
    Case("cumulative_trapezoid at", lambda lib, a, b: lib.cumulative_trapezoid(a, b), fixed((3, 4), (3, 4))),
]  # fmt: skip

SORTING = [
    of_one("sort", lambda lib, a: a.sort().values, ANY, "distinct", special=True),
    of_one("sort descending", lambda lib, a: lib.sort(a, 0, True)[0], SOME, "distinct", special=True),
    of_one("sort stable", lambda lib, a: lib.sort(a, dim=0, stable=True)[0], SOME, "distinct", special=True),
    of_one("sort indices", lambda lib, a: a * a.sort(-1).indices, SOME, "distinct", special=True),
    of_one("argsort", lambda lib, a: a * a.argsort(dim=0, descending=True), SOME, "distinct", special=True),
    of_one("msort", lambda lib, a: lib.msort(a), SOME, "distinct", special=True),
    of_one("topk", lambda lib, a: a.topk(2, 0).values, LONG, "distinct", special=True),
    of_one("topk smallest", lambda lib, a: lib.topk(a, 1, largest=False)[0], LONG, "distinct", special=True),
    of_one("topk none", lambda lib, a: lib.topk(a, 0)[0], LONG, "distinct"),
    of_one("topk unsorted", lambda lib, a: a.topk(2, sorted=False).values, LONG, "distinct", special=True),
]  # fmt: skip


def _with_zeros(lib, a, count):
    """The same, but for zeros in the second row, which keep their gradients."""
    mask = lib.zeros(3, 4)
    mask[1, :count] = 1
    return a * (1 - mask)


CASES = [*STATISTICS, *PRODUCTS, *SCANS, *SORTING]
