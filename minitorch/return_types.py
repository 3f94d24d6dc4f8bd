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


aminmax, aminmax_out = _named("aminmax", "min", "max")
cummax, cummax_out = _named("cummax", "values", "indices")
cummin, cummin_out = _named("cummin", "values", "indices")
geqrf, geqrf_out = _named("geqrf", "a", "tau")
kthvalue, kthvalue_out = _named("kthvalue", "values", "indices")
linalg_eigh, linalg_eigh_out = _named("linalg_eigh", "eigenvalues", "eigenvectors")
linalg_lstsq, linalg_lstsq_out = _named("linalg_lstsq", "solution", "residuals", "rank", "singular_values")
linalg_qr, linalg_qr_out = _named("linalg_qr", "Q", "R")
linalg_svd, linalg_svd_out = _named("linalg_svd", "U", "S", "Vh")
max, max_out = _named("max", "values", "indices")
median, median_out = _named("median", "values", "indices")
min, min_out = _named("min", "values", "indices")
mode, mode_out = _named("mode", "values", "indices")
nanmedian, nanmedian_out = _named("nanmedian", "values", "indices")
sort, sort_out = _named("sort", "values", "indices")
svd, svd_out = _named("svd", "U", "S", "V")
topk, topk_out = _named("topk", "values", "indices")
