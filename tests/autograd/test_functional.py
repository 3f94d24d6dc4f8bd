"""``autograd.functional``: values, structure, histories and errors as in torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.autograd.programs import Program, assert_said_alike, same_in_both


def x(lib: Any) -> Any:
    return lib.tensor([[0.5, -1.0], [2.0, 0.25]], dtype=lib.float64)


def y(lib: Any) -> Any:
    return lib.tensor([1.5, -0.5], dtype=lib.float64)


FUNCTIONS: dict[str, tuple[Callable[..., Any], Callable[[Any], Any], Callable[[Any], Any], Callable[[Any], Any]]] = {
    # the function, its inputs, a vector like its results, a vector like its inputs
    "one to one": (lambda x: x.exp().sum(1), x, y, x),
    "two to one": (lambda x, y: 2 * x * y**2, lambda lib: (x(lib), y(lib)), x, lambda lib: (x(lib), y(lib))),
    "one to two": (lambda x: (x.sin(), x.sum()), x, lambda lib: (x(lib), y(lib)[0]), x),
    "two to two": (
        lambda x, y: (x @ y, x.sum(0)),
        lambda lib: (x(lib), y(lib)),
        lambda lib: (y(lib), y(lib)),
        lambda lib: (x(lib), y(lib)),
    ),
    "scalar": (
        lambda x, y: (x**3 * y).sum(),
        lambda lib: (x(lib), y(lib)),
        lambda lib: None,
        lambda lib: (x(lib), y(lib)),
    ),
    "scalar of one": (lambda x: (x**3).sum(), x, lambda lib: None, x),
    "one in a tuple": (
        lambda x: ((x**2).sum(),),
        lambda lib: (x(lib),),
        lambda lib: (y(lib)[0],),
        lambda lib: (x(lib),),
    ),
    "unused": (
        lambda x, y: x.exp().sum(),
        lambda lib: (x(lib), y(lib)),
        lambda lib: None,
        lambda lib: (x(lib), y(lib)),
    ),
    "linear": (lambda x: (x * 3).sum(), x, lambda lib: None, x),
    "constant": (lambda x: x.detach().sum(), x, lambda lib: None, x),
    "no tensor": (lambda x: 3, x, lambda lib: None, x),
    "quadratic": (lambda x: (x * x).sum(), x, lambda lib: None, x),
    "empty": (lambda x: x[:0].sum(1), x, lambda lib: y(lib)[:0], x),
}


def calls(name: str, key: str, **settings: Any) -> Program:
    function, inputs, like_results, like_inputs = FUNCTIONS[key]

    def program(lib: Any, say: Any) -> Any:
        given = inputs(lib)
        if settings.get("create_graph"):
            for each in given if isinstance(given, tuple) else (given,):
                each.requires_grad_()
        vectors = {"vjp": like_results, "jvp": like_inputs, "vhp": like_inputs, "hvp": like_inputs}
        vector = (vectors[name](lib),) if name in vectors else ()
        return rounded(getattr(lib.autograd.functional, name)(function, given, *vector, **settings))

    return program


def rounded(value: Any) -> Any:
    """Numbers to nine digits, and whether there is a history."""
    if isinstance(value, tuple):
        return tuple(rounded(each) for each in value)
    return (
        [f"{each:.9g}" for each in (value.detach() + 0.0).reshape(-1).tolist()],
        tuple(value.shape),
        value.requires_grad,
    )


@pytest.mark.parametrize(
    "settings", [{}, {"create_graph": True}, {"strict": True}, {"create_graph": True, "strict": True}], ids=str
)
@pytest.mark.parametrize("key", FUNCTIONS)
@pytest.mark.parametrize("name", ["jacobian", "hessian", "vjp", "jvp", "vhp", "hvp"])
def test_derivatives_of_functions_are_torchs(name: str, key: str, settings: dict[str, bool]):
    assert_said_alike(calls(name, key, **settings))


def in_no_grad(lib: Any, say: Any) -> Any:
    with lib.no_grad():
        return [
            rounded(lib.autograd.functional.vjp(lambda x: x.exp().sum(), x(lib), create_graph=flag))
            for flag in (False, True)
        ]


def differentiated(lib: Any, say: Any) -> Any:
    a = x(lib).requires_grad_()
    jacobian = lib.autograd.functional.jacobian(lambda a: (a**3).sum(0), a, create_graph=True)
    return rounded(lib.autograd.grad((jacobian * jacobian).sum(), a))


def wrong(name: str, *arguments: Callable[[Any], Any], **settings: Any) -> Program:
    return lambda lib, say: getattr(lib.autograd.functional, name)(
        lambda *inputs: inputs[0].exp(), *(each(lib) for each in arguments), **settings
    )


@same_in_both(
    {
        "in no_grad": in_no_grad,
        "differentiated": differentiated,
        "no vector": wrong("vjp", x),
        "no vector for inputs": wrong("jvp", x),
        "no vector for two inputs": wrong("vhp", lambda lib: (x(lib), y(lib))),
        "a vector of another shape": wrong("vjp", x, y),
        "a vector of another shape in a tuple": wrong("jvp", lambda lib: (x(lib),), lambda lib: (y(lib),)),
        "two vectors for one": wrong("vjp", x, lambda lib: (x(lib), x(lib))),
        "one vector for two": wrong("jvp", lambda lib: (x(lib), y(lib)), x),
        "inputs that are no tensors": wrong("jacobian", lambda lib: 3),
        "inputs that are no tensors in a tuple": wrong("hessian", lambda lib: (x(lib), 3)),
        "strict and vectorized": wrong("jacobian", x, strict=True, vectorize=True),
        "vectorized": lambda lib, say: rounded(
            lib.autograd.functional.jacobian(lambda x: x.exp().sum(1), x(lib), vectorize=True)
        ),
        "vectorized hessian": lambda lib, say: rounded(
            lib.autograd.functional.hessian(lambda x: x.exp().sum(), x(lib), vectorize=True)
        ),
    }
)
def test_a_call_ends_as_in_torch(program: Program):
    assert_said_alike(program)
