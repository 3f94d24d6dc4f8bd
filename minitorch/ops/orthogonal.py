"""A matrix as an orthogonal one times a triangular one (QR), and the reflections that the orthogonal one is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from minitorch import return_types
from minitorch.autograd.graph import Function
from minitorch.ops.arguments import check_tensors, dtype_name
from minitorch.ops.linear_algebra import (
    check_matrices,
    check_precise,
    check_real,
    columns,
    linalg_operator,
    transposed,
)  # fmt: skip
from minitorch.ops.maxima import check_exact_dtype
from minitorch.ops.operator import operator

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor

# -- QR -----------------------------------------------------------------------------------------------------------------


class LinalgQrBackward0(Function, saves={"q": "Q", "r": "R"}):
    """For A = Q R with independent columns and K = QᵀgQ: gA = Q (gR + L R⁻ᵀ) + (gQ - Q K) R⁻ᵀ, for L the part of
    K - Kᵀ + R gRᵀ - gR Rᵀ below the diagonal. A wide matrix is [X, Y] = Q [U, V]: Q comes from X alone, and V = QᵀY.

    Source: Roberts and Roberts, QR and LQ Decomposition Matrix Backpropagation Algorithms for Square, Wide, and Deep Matrices,
    2020.
    """

    __slots__ = ("mode",)
    fills_in_zeros = False

    def forward(self, k: Table, a: Any, mode: str) -> tuple[Any, Any]:
        self.mode = mode
        q, r = k.linalg_qr(a, mode)
        self.save(q, r)
        return q, r

    def backward(self, k: Table, grad_q: Any, grad_r: Any, q: Any, r: Any) -> tuple[Any, ...]:
        if self.mode == "r":
            raise RuntimeError(
                "The derivative of linalg.qr depends on Q, which is not computed when mode='r'. Please use linalg.qr(A, "
                "mode='reduced') if you are going to differentiate through linalg.qr."
            )
        (m, rank), n = q.shape[-2:], r.shape[-1]
        if self.mode == "complete" and m > n:
            raise RuntimeError("The QR decomposition is not differentiable when mode='complete' and nrows > ncols.")
        if grad_q is None and grad_r is None:
            return (None,)
        turned = None if grad_q is None else k.matmul(transposed(k, q), grad_q)
        grad_v, lower = None, turned
        if grad_r is not None:
            if n > rank:
                v, r = columns(k, r, rank, n), columns(k, r, 0, rank)
                grad_v, grad_r = columns(k, grad_r, rank, n), columns(k, grad_r, 0, rank)
                through_v = k.matmul(v, transposed(k, grad_v))
                lower = through_v if lower is None else k.add(lower, through_v)
            grad_r = k.triu(grad_r, 0)
            through_r = k.matmul(r, transposed(k, grad_r))
            lower = through_r if lower is None else k.add(lower, through_r)
        elif n > rank:
            r = columns(k, r, 0, rank)
        left = k.tril(k.sub(lower, transposed(k, lower)), -1)
        across = transposed(k, r)
        if grad_q is None or m == rank:
            inner = k.linalg_solve_triangular(across, left, upper=False, left=False)
            grad = k.matmul(q, inner if grad_r is None else k.add(inner, grad_r))
        else:
            left = k.add(k.matmul(q, k.sub(left, turned)), grad_q)
            grad = k.linalg_solve_triangular(across, left, upper=False, left=False)
            grad = grad if grad_r is None else k.add(grad, k.matmul(q, grad_r))
        if n == rank:
            return (grad,)
        rest = k.zeros((*grad.shape[:-1], n - rank), grad) if grad_v is None else k.matmul(q, grad_v)
        return (k.cat([grad, rest], -1),)


def _linalg_qr(A: Tensor, mode: str = "reduced") -> Any:
    """A = Q R: Q has orthonormal columns, and R is 0 below its diagonal.

    Args:
        A: (…, m, n), float32 or float64.
        mode: ``"reduced"`` gives Q of shape (…, m, k) and R of shape (…, k, n), for k = min(m, n); ``"complete"`` (…, m, m) and
            (…, m, n); ``"r"`` R alone, as in ``"reduced"``, and an empty Q.

    Raises:
        RuntimeError: not matrices, an integer dtype or another mode; and by ``backward()`` for Q that is not determined.
    """
    check_tensors("linalg_qr", A=A)
    check_matrices("linalg.qr", A)
    check_real("linalg.qr", A)
    if mode not in ("reduced", "complete", "r"):
        raise RuntimeError(
            f"qr received unrecognized mode '{mode}' but expected one of 'reduced' (default), 'r', or 'complete'"
        )
    check_precise("geqrf_cpu", A)
    return return_types.linalg_qr(LinalgQrBackward0.apply(A, mode=mode))


_linalg_qr.__name__ = "qr"
linalg_operator(out=check_exact_dtype)(_linalg_qr)


@operator(out=True)
def qr(input: Tensor, some: bool = True) -> Any:
    """Removed, in favour of ``linalg.qr``.

    Raises:
        RuntimeError: says so.
    """
    raise RuntimeError(
        "This function was deprecated since version 1.9 and is now removed. `torch.qr` is deprecated in favor of "
        "`torch.linalg.qr` and the boolean parameter `some` has been replaced with a string parameter `mode`.\n\n"
        f"Use linalg.qr(A, mode='{'reduced' if some else 'complete'}')."
    )


# -- reflections ----------------------------------------------------------------------------------------------------------


class GeqrfBackward0(Function):
    """Recorded, but without a formula: torch has none."""

    def forward(self, k: Table, a: Any) -> tuple[Any, Any]:
        return k.geqrf(a)

    def backward(self, k: Table, *grads: Any) -> tuple[Any, ...]:
        raise NotImplementedError("the derivative for 'geqrf' is not implemented.")


@operator(out=True)
def geqrf(input: Tensor) -> Any:
    """The decomposition QR as LAPACK keeps it: R, and below its diagonal the vectors of the reflections; and their factors.

    Args:
        input: (…, m, n), float32 or float64.

    Raises:
        RuntimeError: not matrices.
    """
    check_tensors("geqrf", input=input)
    if input._array.ndim < 2:
        raise RuntimeError("torch.geqrf: input must have at least 2 dimensions.")
    check_precise("geqrf_cpu", input)
    return return_types.geqrf(GeqrfBackward0.apply(input))


def _unit_columns(k: Table, like: Any, m: int, n: int) -> Any:
    """The first n columns of unit matrices of size m, as many as there are matrices in ``like``."""
    lead = like.shape[:-2]
    one = k.stacked_identity(k.zeros((*lead, n, n), like))
    return one if m == n else k.cat([one, k.zeros((*lead, m - n, n), like)], -2)


def _reflection_grads(k: Table, grad: Any, a: Any, tau: Any, other: Any, transpose: bool) -> tuple[Any, Any, Any]:
    """Gradients of (I - V T Vᵀ) C, for the matrix of vectors, the factors and C; or with the transpose of T.

    T = D S and S = (I + U D)⁻¹, for the diagonal matrix D of the factors and the part U of VᵀV above its diagonal. So
    dT = (I - T U) dD S - T dU T.
    """
    m, n, count = a.shape[-2], a.shape[-1], tau.shape[-1]
    narrow = a if n == count else columns(k, a, 0, count)
    v = k.add(k.tril(narrow, -1), _unit_columns(k, narrow, m, count))
    vt = transposed(k, v)
    above = k.triu(k.matmul(vt, v), 1)
    one = k.stacked_identity(above)
    s = k.linalg_solve_triangular(k.add(one, k.mul(above, k.unsqueeze(tau, -2))), one, upper=True)
    t = k.mul(k.unsqueeze(tau, -1), s)
    turn = transposed(k, t) if transpose else t
    w, vg = k.matmul(vt, other), k.matmul(vt, grad)
    grad_other = k.sub(grad, k.matmul(v, k.matmul(transposed(k, turn), vg)))
    grad_v = k.neg(
        k.add(
            k.matmul(grad, transposed(k, k.matmul(turn, w))),
            k.matmul(other, k.matmul(transposed(k, vg), turn)),
        )
    )
    grad_t = k.neg(k.matmul(vg, transposed(k, w)))
    if transpose:
        grad_t = transposed(k, grad_t)
    left = transposed(k, k.sub(one, k.matmul(t, above)))
    last = len(a.shape) - 1
    grad_tau = k.diagonal(k.matmul(k.matmul(left, grad_t), transposed(k, s)), 0, last - 1, last)
    tt = transposed(k, t)
    grad_above = k.triu(k.neg(k.matmul(k.matmul(tt, grad_t), tt)), 1)
    grad_v = k.add(grad_v, k.matmul(v, k.add(grad_above, transposed(k, grad_above))))
    grad_a = k.tril(grad_v, -1)
    if n > count:
        grad_a = k.cat([grad_a, k.zeros((*a.shape[:-1], n - count), a)], -1)
    return grad_a, grad_tau, grad_other


class LinalgHouseholderProductBackward0(Function, saves={"a": "input"}):
    def forward(self, k: Table, a: Any, tau: Any) -> Any:
        self.save(a, tau)
        return k.linalg_householder_product(a, tau)

    def backward(self, k: Table, grad: Any, a: Any, tau: Any) -> tuple[Any, ...]:
        if 0 in a.shape or 0 in tau.shape:
            return None, None
        return _reflection_grads(k, grad, a, tau, _unit_columns(k, a, *a.shape[-2:]), False)[:2]


class OrmqrBackward0(Function, saves={"tau": "input2", "other": "input3"}):
    __slots__ = ("left", "transpose")

    def forward(self, k: Table, a: Any, tau: Any, other: Any, left: bool, transpose: bool) -> Any:
        self.left, self.transpose = left, transpose
        self.save(a, tau, other)
        return k.ormqr(a, tau, other, left, transpose)

    def backward(self, k: Table, grad: Any, a: Any, tau: Any, other: Any) -> tuple[Any, ...]:
        if 0 in a.shape or 0 in tau.shape or 0 in other.shape:
            return None, None, k.ormqr(a, tau, grad, left=self.left, transpose=not self.transpose)
        if self.left:
            return _reflection_grads(k, grad, a, tau, other, self.transpose)
        turned = transposed(k, grad), a, tau, transposed(k, other)
        grad_a, grad_tau, grad_other = _reflection_grads(k, *turned, not self.transpose)
        return grad_a, grad_tau, transposed(k, grad_other)


def _check_batch(name: str, input: Tensor, each: Tensor, argument: str, less: int) -> None:
    """Raises RuntimeError: an argument does not belong to the same stack, of as many dimensions but for ``less``."""
    ndim, own = each._array.ndim, input._array.ndim
    if ndim != own - less:
        expected = "one dimension less than input" if less else "the same number of dimensions as input"
        tail = f"input.ndim is equal to {own}"
        verb = f"to have {expected}, but got {argument}.ndim equal to {ndim} and {tail}"
        raise RuntimeError(f"{name}: Expected {argument} {verb}")
    lead = each._array.shape[: own - 2]
    if lead != input._array.shape[:-2]:
        raise RuntimeError(
            f"{name}: Expected batch dimensions of {argument} to be equal to input.shape[:-2], but got {list(lead)}"
        )


@linalg_operator(out=True)
def householder_product(input: Tensor, tau: Tensor) -> Tensor:
    """The first n columns of H1 H2 …, for the reflections H = I - tau v vᵀ that ``geqrf`` gives.

    Args:
        input: (…, m, n), m >= n: below its diagonal the vectors v, which have 1 on the diagonal and 0 above.
        tau: (…, k), k <= n.

    Raises:
        RuntimeError: shapes or dtypes that do not fit.
    """
    check_tensors("linalg_householder_product", input=input, tau=tau)
    name = "torch.linalg.householder_product"
    shape = input._array.shape
    if len(shape) < 2:
        raise RuntimeError(f"{name}: input must have at least 2 dimensions.")
    if shape[-2] < shape[-1]:
        raise RuntimeError(f"{name}: input.shape[-2] must be greater than or equal to input.shape[-1]")
    if tau._array.ndim and shape[-1] < tau._array.shape[-1]:
        raise RuntimeError(f"{name}: input.shape[-1] must be greater than or equal to tau.shape[-1]")
    _check_batch(name, input, tau, "tau", 1)
    if tau._array.dtype != input._array.dtype:
        raise RuntimeError(f"{name}: tau dtype {dtype_name(tau)} does not match input dtype {dtype_name(input)}")
    check_precise("orgqr_cpu", input)
    return LinalgHouseholderProductBackward0.apply(input, tau)


@operator(out=True)
def orgqr(input: Tensor, input2: Tensor) -> Tensor:
    """As ``linalg.householder_product``."""
    check_tensors("orgqr", input=input, input2=input2)
    return householder_product(input, input2)


@operator(out=True)
def ormqr(input: Tensor, input2: Tensor, input3: Tensor, left: bool = True, transpose: bool = False) -> Tensor:
    """``input3`` multiplied by Q = H1 H2 …, the product of the reflections that ``geqrf`` gives.

    Args:
        input: (…, m, k): below its diagonal the vectors of the reflections.
        input2: (…, k), their factors.
        input3: (…, m, n), or (…, n, m) unless ``left``.
        left: Q stands on the left.
        transpose: multiply by the transpose of Q.

    Raises:
        RuntimeError: shapes or dtypes that do not fit.
    """
    check_tensors("ormqr", input=input, input2=input2, input3=input3)
    tau, other = input2, input3
    for argument, each in (("input", input), ("other", other)):
        if each._array.ndim < 2:
            raise RuntimeError(f"torch.ormqr: {argument} must have at least 2 dimensions.")
    m, k = input._array.shape[-2:]
    side = -2 if left else -1
    if other._array.shape[side] != m:
        raise RuntimeError(f"torch.ormqr: other.shape[{side}] must be equal to input.shape[-2]")
    if tau._array.ndim and tau._array.shape[-1] != min(m, k):
        raise RuntimeError(f"torch.ormqr: tau.shape[-1] must be equal to min(other.shape[{side}], input.shape[-1])")
    _check_batch("torch.ormqr", input, tau, "tau", 1)
    _check_batch("torch.ormqr", input, other, "other", 0)
    for argument, each in (("tau", tau), ("other", other)):
        if each._array.dtype != input._array.dtype:
            raise RuntimeError(
                f"torch.ormqr: Expected input and {argument} to have the same dtype, but input has dtype"
                f"{dtype_name(input)} and {argument} has dtype {dtype_name(each)}"
            )
    check_precise("ormqr_cpu", input)
    return OrmqrBackward0.apply(input, tau, other, left=left, transpose=transpose)
