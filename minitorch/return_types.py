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


def _named(name: str, *fields: str) -> Any:
    body = {field: property(itemgetter(number)) for number, field in enumerate(fields)}
    return type(name, (Named,), {"__slots__": (), "__module__": __name__, "fields": fields, **body})


aminmax = _named("aminmax", "min", "max")
cummax = _named("cummax", "values", "indices")
cummin = _named("cummin", "values", "indices")
kthvalue = _named("kthvalue", "values", "indices")
max = _named("max", "values", "indices")
median = _named("median", "values", "indices")
min = _named("min", "values", "indices")
mode = _named("mode", "values", "indices")
nanmedian = _named("nanmedian", "values", "indices")
sort = _named("sort", "values", "indices")
topk = _named("topk", "values", "indices")
