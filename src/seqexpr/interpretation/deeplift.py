"""DeepLIFT's rules for any network of this house: differences, passed back exactly.

A network is run on sequences and on their references at once. Going back, each
step passes on the difference that it made: what is linear by its weights, a
function of one number by the ratio of differences (the rescale rule), a product
and a maximum of two by Shapley's value, the mean over both orders in which the
two could have changed. Softmax, layer normalisation, attention and recurrent
cells are taken apart into such steps. So contributions add up to the difference
of the predictions whatever the architecture; hooks on modules, as other tools
use them, miss what is not a module, and a layer that is used twice.

References
----------
Shrikumar, Greenside & Kundaje (2017), Learning important features through propagating
activation differences, ICML, section 3.5.1 (rescale) and equation 1 (summation to
delta). Shapley (1953), A value for n-person games. Lundberg & Lee (2017), A unified
approach to interpreting model predictions, NeurIPS (Deep SHAP: the mean over references).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd import Function
from torch.overrides import TorchFunctionMode

__all__ = ["DeepLift", "multipliers"]

_SMALL = 1e-6
"""Differences below which a ratio is taken to be the derivative."""


def multipliers(
    run: Callable[[Tensor], Tensor], x: Tensor, references: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Return what each input passes on to the output, per unit of its difference.

    Parameters
    ----------
    run : callable
        From (2 n, 4, length) to one number a row, shape (2 n,).
    x, references : Tensor, shape (n, 4, length)
        Inputs, and what they are compared with.

    Returns
    -------
    multipliers : Tensor, shape (n, 4, length)
        Times ``x - references``, they add up to the difference of the outputs.
    output, reference : Tensor, shape (n,)
        Of the inputs, and of what they are compared with.
    """
    both = torch.cat([x, references]).requires_grad_(True)
    with torch.enable_grad(), DeepLift():
        out = run(both)
        (found,) = torch.autograd.grad(out[: len(x)].sum(), both)
    half = len(x)
    return found[:half].detach(), out[:half].detach(), out[half:].detach()


class DeepLift(TorchFunctionMode):
    """While it is on, steps that are not linear pass back differences.

    Rows of a batch are inputs, then as many references, in the same order.
    """

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        """Call a function of PyTorch, or what passes differences back in its place."""
        del types
        kwargs = kwargs or {}
        name = getattr(func, "__name__", "")
        rule = _RULES.get(name)
        if rule is None or not any(_varies(item) for item in args):
            return func(*args, **kwargs)
        return rule(*args, **kwargs)


def _varies(value: Any) -> bool:
    """Whether something depends on the input."""
    if isinstance(value, list | tuple):
        return any(map(_varies, value))
    return isinstance(value, Tensor) and value.requires_grad


class _Rescaled(Function):
    """A function of one number, with its ratio of differences in place of its slope."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, function: Callable[[Tensor], Tensor]) -> Tensor:
        with torch.enable_grad():
            own = x.detach().requires_grad_(True)
            out = function(own)
            (slope,) = torch.autograd.grad(out.sum(), own)
        half = len(x) // 2
        apart = x[:half] - x[half:]
        near = apart.abs() < _SMALL
        ratio = (out[:half] - out[half:]).detach() / torch.where(near, 1.0, apart)
        ctx.save_for_backward(torch.where(near, slope[:half], ratio))
        return out.detach()

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        (ratio,) = ctx.saved_tensors
        first = grads[0][: len(ratio)] * ratio
        return torch.cat([first, torch.zeros_like(first)]), None


class _Product(Function):
    """A product, shared out by Shapley's value: each factor by the mean of the other's two."""

    @staticmethod
    def forward(ctx: Any, a: Tensor, b: Tensor, matrices: bool) -> Tensor:
        ctx.matrices = matrices
        half = len(a) // 2
        ctx.save_for_backward((a[:half] + a[half:]) / 2, (b[:half] + b[half:]) / 2)
        return a @ b if matrices else a * b

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        a, b = ctx.saved_tensors
        grad = grads[0][: len(a)]
        if ctx.matrices:
            to_a, to_b = grad @ b.transpose(-1, -2), a.transpose(-1, -2) @ grad
        else:
            to_a, to_b = grad * b, grad * a
        return (
            *(_with_rest(part.sum_to_size(own.shape)) for part, own in ((to_a, a), (to_b, b))),
            None,
        )


class _Larger(Function):
    """The larger of two, shared out by Shapley's value."""

    @staticmethod
    def forward(ctx: Any, a: Tensor, b: Tensor) -> Tensor:
        half = len(a) // 2
        (a1, a0), (b1, b0) = (a[:half], a[half:]), (b[:half], b[half:])
        first, last = torch.maximum(a1, b1), torch.maximum(a0, b0)
        by_a = (torch.maximum(a1, b0) - last + first - torch.maximum(a0, b1)) / 2
        by_b = (torch.maximum(a0, b1) - last + first - torch.maximum(a1, b0)) / 2
        ctx.save_for_backward(
            _ratio(by_a, a1 - a0, (a1 >= b1).to(a)), _ratio(by_b, b1 - b0, (b1 > a1).to(a))
        )
        return torch.cat([first, last])

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        to_a, to_b = ctx.saved_tensors
        grad = grads[0][: len(to_a)]
        return _with_rest(grad * to_a), _with_rest(grad * to_b)


def _ratio(part: Tensor, apart: Tensor, otherwise: Tensor) -> Tensor:
    near = apart.abs() < _SMALL
    return torch.where(near, otherwise, part / torch.where(near, 1.0, apart))


def _with_rest(first: Tensor) -> Tensor:
    """Nothing is passed back to the references."""
    return torch.cat([first, torch.zeros_like(first)])


def _rescaled(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Return the rule of a function of one number, whatever further arguments it takes."""

    def rule(x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        kwargs.pop("inplace", None)
        return _apply(_Rescaled, x, lambda value: function(value, *args, **kwargs))

    return rule


def _apply(function: type[Function], *args: Any) -> Tensor:
    out: Tensor = function.apply(*args)  # type: ignore[no-untyped-call,unused-ignore]  # typed only in some PyTorch
    return out


def _multiply(a: Any, b: Any, **kwargs: Any) -> Tensor:
    del kwargs
    if _varies(a) and _varies(b):
        return _apply(_Product, *torch.broadcast_tensors(a, b), False)
    out: Tensor = a * b
    return out


def _multiply_matrices(a: Tensor, b: Tensor, **kwargs: Any) -> Tensor:
    del kwargs
    if _varies(a) and _varies(b):
        return _apply(_Product, a, b, True)
    return a @ b


def _larger(a: Tensor, b: Tensor) -> Tensor:
    if _varies(a) and _varies(b):
        return _apply(_Larger, a, b)
    return torch.maximum(a, b)


def _largest(x: Tensor, dim: int, keepdim: bool = False, **kwargs: Any) -> Tensor:
    """Take the largest along an axis by halves: two at a time, as deep as a tree."""
    del kwargs
    while x.shape[dim] > 1:
        n = x.shape[dim]
        pairs = _larger(x.narrow(dim, 0, n // 2), x.narrow(dim, n // 2, n // 2))
        x = torch.cat([pairs, x.narrow(dim, n - 1, 1)], dim=dim) if n % 2 else pairs
    return x if keepdim else x.squeeze(dim)


def _softmax(x: Tensor, dim: int = -1, **kwargs: Any) -> Tensor:
    del kwargs
    half = len(x) // 2
    top = torch.maximum(x[:half].detach(), x[half:].detach()).amax(dim=dim, keepdim=True)
    raised = _apply(_Rescaled, x - torch.cat([top, top]), torch.exp)
    total = _apply(_Rescaled, raised.sum(dim=dim, keepdim=True), torch.reciprocal)
    return _multiply(raised, total.expand_as(raised))


def _layer_norm(
    x: Tensor, normalized_shape: Any, weight: Any = None, bias: Any = None, eps: float = 1e-5,
    *rest: Any,
) -> Tensor:  # fmt: skip
    del rest
    axes = tuple(range(-len(normalized_shape), 0))
    centred = x - x.mean(dim=axes, keepdim=True)
    variance = _apply(_Rescaled, centred, torch.square).mean(dim=axes, keepdim=True)
    scale = _apply(_Rescaled, variance, lambda value: torch.rsqrt(value + eps))
    out = _multiply(centred, scale.expand_as(centred))
    out = out if weight is None else out * weight
    return out if bias is None else out + bias


def _attend(
    query: Tensor, key: Tensor, value: Tensor, n_channels: int, n_heads: int,
    in_weight: Tensor, in_bias: Tensor, bias_k: Any, bias_v: Any, add_zero: bool, dropout: float,
    out_weight: Tensor, out_bias: Tensor, **kwargs: Any,
) -> tuple[Tensor, None]:  # fmt: skip
    """Attention of a layer to itself; (length, n, channels) as PyTorch hands it over."""
    del key, value, bias_k, bias_v, add_zero, dropout, kwargs
    length, n, _ = query.shape
    # Rows first, so that inputs and references are the two halves.
    mixed = F.linear(query.transpose(0, 1), in_weight, in_bias)
    heads = mixed.view(n, length, 3, n_heads, n_channels // n_heads).permute(2, 0, 3, 1, 4)
    q, k, v = heads[0], heads[1], heads[2]  # (n, heads, length, channels of a head)
    scores = _multiply_matrices(q * (n_channels // n_heads) ** -0.5, k.transpose(-1, -2))
    seen = _multiply_matrices(_softmax(scores, dim=-1), v)
    joined = seen.transpose(1, 2).reshape(n, length, n_channels)
    return F.linear(joined, out_weight, out_bias).transpose(0, 1), None


def _lstm(x: Tensor, hidden: Any, weights: Any, *rest: Any) -> tuple[Tensor, Tensor, Tensor]:
    """One layer, one direction, rows first: the cell, step by step."""
    del rest
    w_in, w_hidden, b_in, b_hidden = weights
    h, c = (part[0] for part in hidden)
    mixed = F.linear(x, w_in, b_in)  # (n, length, 4 * hidden)
    sigmoid, tanh = _rescaled(torch.sigmoid), _rescaled(torch.tanh)
    outputs = []
    for step in range(x.shape[1]):
        i, f, g, o = (mixed[:, step] + F.linear(h, w_hidden, b_hidden)).chunk(4, dim=1)
        c = _multiply(sigmoid(f), c) + _multiply(sigmoid(i), tanh(g))
        h = _multiply(sigmoid(o), tanh(c))
        outputs.append(h)
    return torch.stack(outputs, dim=1), h[None], c[None]


_UNARY = {
    "silu": F.silu, "relu": torch.relu, "gelu": F.gelu, "sigmoid": torch.sigmoid,
    "tanh": torch.tanh, "softplus": F.softplus, "exp": torch.exp, "elu": F.elu,
}  # fmt: skip
_RULES: dict[str, Callable[..., Any]] = {
    **{name: _rescaled(function) for name, function in _UNARY.items()},
    "mul": _multiply,
    "multiply": _multiply,
    "__mul__": _multiply,
    "__rmul__": lambda a, b: _multiply(b, a),
    "matmul": _multiply_matrices,
    "__matmul__": _multiply_matrices,
    "maximum": _larger,
    "amax": _largest,
    "softmax": _softmax,
    "layer_norm": _layer_norm,
    "multi_head_attention_forward": _attend,
    "lstm": _lstm,
}
"""What takes the place of a function of PyTorch, by its name; all others are linear here."""
