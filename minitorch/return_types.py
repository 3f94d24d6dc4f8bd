"""Results of several tensors: tuples whose parts have names too, and which print as torch's do.

Each is named for the function that returns it: ``max(x, dim=0)`` gives a ``return_types.max``.
"""

from __future__ import annotations

from operator import itemgetter
from typing import Any, ClassVar


class Named(tuple[Any, ...]):
    """A tuple of tensors, which are its attributes as well."""

    __slots__ = ()
    fields: ClassVar[tuple[str, ...]]

    def __repr__(self) -> str:
        parts = ",\n".join(f"{field}={part!r}" for field, part in zip(self.fields, self, strict=True))
        return f"torch.return_types.{type(self).__name__}(\n{parts})"


def _named(name: str, *fields: str) -> tuple[Any, Any]:
    """The type of a function's results, and the type of those that were written to tensors given as ``out=``."""
    parts = {field: property(itemgetter(number)) for number, field in enumerate(fields)}
    body = {"__slots__": (), "__module__": __name__, "fields": fields, **parts}
    return type(name, (Named,), body), type(f"{name}_out", (Named,), body)


_lu_with_info, _ = _named("_lu_with_info", "LU", "pivots", "info")
aminmax, aminmax_out = _named("aminmax", "min", "max")
cummax, cummax_out = _named("cummax", "values", "indices")
cummin, cummin_out = _named("cummin", "values", "indices")
frexp, frexp_out = _named("frexp", "mantissa", "exponent")
geqrf, geqrf_out = _named("geqrf", "a", "tau")
histogram, histogram_out = _named("histogram", "hist", "bin_edges")
histogramdd, histogramdd_out = _named("histogramdd", "hist", "bin_edges")
kthvalue, kthvalue_out = _named("kthvalue", "values", "indices")
linalg_cholesky_ex, linalg_cholesky_ex_out = _named("linalg_cholesky_ex", "L", "info")
linalg_eigh, linalg_eigh_out = _named("linalg_eigh", "eigenvalues", "eigenvectors")
linalg_inv_ex, linalg_inv_ex_out = _named("linalg_inv_ex", "inverse", "info")
linalg_ldl_factor, linalg_ldl_factor_out = _named("linalg_ldl_factor", "LD", "pivots")
linalg_ldl_factor_ex, linalg_ldl_factor_ex_out = _named("linalg_ldl_factor_ex", "LD", "pivots", "info")
linalg_lstsq, linalg_lstsq_out = _named("linalg_lstsq", "solution", "residuals", "rank", "singular_values")
linalg_lu, linalg_lu_out = _named("linalg_lu", "P", "L", "U")
linalg_lu_factor, linalg_lu_factor_out = _named("linalg_lu_factor", "LU", "pivots")
linalg_lu_factor_ex, linalg_lu_factor_ex_out = _named("linalg_lu_factor_ex", "LU", "pivots", "info")
linalg_qr, linalg_qr_out = _named("linalg_qr", "Q", "R")
linalg_slogdet, linalg_slogdet_out = _named("linalg_slogdet", "sign", "logabsdet")
linalg_solve_ex, linalg_solve_ex_out = _named("linalg_solve_ex", "result", "info")
linalg_svd, linalg_svd_out = _named("linalg_svd", "U", "S", "Vh")
lu_unpack, lu_unpack_out = _named("lu_unpack", "P", "L", "U")
max, max_out = _named("max", "values", "indices")
median, median_out = _named("median", "values", "indices")
min, min_out = _named("min", "values", "indices")
mode, mode_out = _named("mode", "values", "indices")
nanmedian, nanmedian_out = _named("nanmedian", "values", "indices")
slogdet, slogdet_out = _named("slogdet", "sign", "logabsdet")
sort, sort_out = _named("sort", "values", "indices")
svd, svd_out = _named("svd", "U", "S", "V")
topk, topk_out = _named("topk", "values", "indices")
triangular_solve, triangular_solve_out = _named("triangular_solve", "solution", "cloned_coefficient")
