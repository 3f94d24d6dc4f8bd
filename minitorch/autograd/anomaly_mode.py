"""Anomaly detection: nodes remember where they were made, and a backward pass that fails, or finds NaN, says so."""

from __future__ import annotations

import os
import traceback
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from minitorch.autograd.hooks import watchers

_PACKAGE = os.path.dirname(os.path.dirname(__file__)) + os.sep


class _Mode:
    """The setting, of the whole process, and the node whose formula is being computed."""

    enabled = False
    check_nan = True
    node: Any = None


def is_anomaly_enabled() -> bool:
    """Whether anomalies are being looked for."""
    return _Mode.enabled


def is_anomaly_check_nan_enabled() -> bool:
    """Whether NaN is one of them."""
    return _Mode.check_nan


def set_anomaly_enabled(mode: bool, check_nan: bool = True) -> None:
    """Switches the detection on or off."""
    if mode != _Mode.enabled:
        (watchers.append if mode else watchers.remove)(_remember_where)
    _Mode.enabled, _Mode.check_nan = mode, check_nan


class set_detect_anomaly:
    """Switches the detection of anomalies on or off at once; as a context manager, until its end.

    Args:
        mode: on or off.
        check_nan: gradients that are NaN are errors too.
    """

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        self._before = _Mode.enabled, _Mode.check_nan
        set_anomaly_enabled(mode, check_nan)

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exception: object) -> None:
        set_anomaly_enabled(*self._before)


class detect_anomaly:
    """Inside, nodes remember where they were made, and a backward pass that fails there shows it, in a warning and in a note to
    the error. It makes everything slower.

    Args:
        check_nan: raise an error when a formula gives NaN.
    """

    def __init__(self, check_nan: bool = True) -> None:
        self._check_nan, self._before = check_nan, (_Mode.enabled, _Mode.check_nan)
        warnings.warn(
            "Anomaly Detection has been enabled. This mode will increase the runtime and should only be enabled for debugging.",
            stacklevel=2,
        )

    def __enter__(self) -> None:
        set_anomaly_enabled(True, self._check_nan)

    def __exit__(self, *exception: object) -> None:
        set_anomaly_enabled(*self._before)


def _remember_where(node: Any) -> None:
    stack = traceback.extract_stack()
    while len(stack) > 1 and stack[-1].filename.startswith(_PACKAGE):
        stack.pop()
    node.metadata["traceback_"] = stack.format()
    if _Mode.node is not None:
        node.metadata["parent_"] = _Mode.node


Formula = Callable[[Any, list[Any], bool], Sequence[Any]]


def watched(formula: Formula) -> Formula:
    """The engine's way to compute a node's formula, such that errors and NaN are reported with the place of the forward call."""

    def compute(node: Any, grads: list[Any], create_graph: bool) -> Sequence[Any]:
        before, _Mode.node = _Mode.node, node
        try:
            results = formula(node, grads, create_graph)
            for number, each in enumerate(results):
                if _Mode.check_nan and each is not None and each is not False:
                    array = each._array if create_graph else each
                    if (array != array).any():
                        raise RuntimeError(f"Function '{node.name()}' returned nan values in its {number}th output.")
        except Exception as error:
            _report(node, error)
            raise
        finally:
            _Mode.node = before
        return results

    return compute


def _report(node: Any, error: Exception) -> None:
    if "traceback_" not in node.metadata:
        warnings.warn(
            f"Error detected in {node.name()}. No forward pass information available. Enable detect anomaly during forward pass "
            "for more information.",
            stacklevel=2,
        )
        return
    where = "".join(node.metadata["traceback_"])
    warnings.warn(
        f"Error detected in {node.name()}. Traceback of forward call that caused the error:\n{where}", stacklevel=2
    )
    error.add_note(
        f"in the backward pass of {node.name()}, which was recorded here:\n{node.metadata['traceback_'][-1]}"
    )
    parent = node.metadata.get("parent_")
    while parent is not None:
        where = "".join(parent.metadata.get("traceback_", ["No forward pass information available.\n"]))
        warnings.warn(
            f"\n\nPrevious calculation was induced by {parent.name()}. Traceback of forward call that induced the previous "
            f"calculation:\n{where}",
            stacklevel=2,
        )
        parent = parent.metadata.get("parent_")
