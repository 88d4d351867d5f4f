"""A fitted network as an ONNX file, so that a service needs no PyTorch."""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from seqexpr.errors import InputError
from seqexpr.models.nets.encoding import PADDING, code_matrix, one_hot
from seqexpr.models.training.members import Members
from seqexpr.models.training.reading import read_members
from seqexpr.optional import require

if TYPE_CHECKING:
    from seqexpr.models.neural import NeuralRegressor
    from seqexpr.models.training.losses import Loss

__all__ = ["to_onnx", "window_of"]


def window_of(codes: Tensor, left: Tensor, right: Tensor, *, cut: int) -> Tensor:
    """Return what a network reads: a sequence between its flanks, less some bases at both ends.

    Parameters
    ----------
    codes : Tensor of uint8, shape (n, length)
        Base codes, padded at the right.
    left, right : Tensor of uint8, 1 axis
        Codes of the flanks.
    cut : int
        Bases to leave out at either end of the construct.

    Returns
    -------
    Tensor of uint8, shape (n, len(left) + length + len(right) - 2 * cut)

    Examples
    --------
    >>> row = torch.tensor([[0, 1, 5]], dtype=torch.uint8)
    >>> flank = torch.tensor([3, 3], dtype=torch.uint8)
    >>> window_of(row, flank, flank, cut=1).tolist()
    [[3, 0, 1, 3, 5]]
    """
    n = (codes != PADDING).sum(dim=1, keepdim=True)
    before, after = left.shape[0], right.shape[0]
    width = codes.shape[1] + before + after - 2 * cut
    at = torch.arange(width, device=codes.device)[None] + cut
    whole = torch.cat([codes, left.expand(codes.shape[0], -1), right.expand(codes.shape[0], -1)], 1)
    length = codes.shape[1]
    source = torch.where(at < before, length + at, at - before)
    source = torch.where(at >= before + n, length + before + at - before - n, source)
    inside = at < before + n + after - cut
    picked = whole.gather(1, torch.where(inside, source, 0).expand(codes.shape[0], -1))
    return torch.where(inside, picked, torch.full_like(picked, PADDING))


class _Service(nn.Module):
    """From base codes to mean and standard deviation in target units."""

    def __init__(self, networks: list[nn.Module], loss: Loss, *, model: NeuralRegressor) -> None:
        super().__init__()
        self.networks = nn.ModuleList(networks)
        self.loss = loss
        augmentation = model.resolved()[2]
        self.both_strands = augmentation.strands == "average"
        self.cut = int(augmentation.shift)
        for name in ("left", "right"):
            flank = getattr(model, f"{name}_flank")
            codes = torch.from_numpy(code_matrix([flank])[0, : len(flank)])
            self.register_buffer(name, codes)
        self.register_buffer("center", torch.tensor(model.center_, dtype=torch.float32))
        self.register_buffer("scale", torch.tensor(model.scale_, dtype=torch.float32))

    def forward(self, codes: Tensor) -> tuple[Tensor, Tensor]:
        if self.cut or self.left.shape[0] or self.right.shape[0]:
            codes = window_of(codes, self.left, self.right, cut=self.cut)
        each, variances = read_members(
            self.networks, codes, loss=self.loss, both_strands=self.both_strands, encode=_masked
        )
        mean = each.mean(dim=0)
        spread = ((each - mean) ** 2).mean(dim=0) + variances.mean(dim=0)
        return self.center + self.scale * mean, self.scale * torch.sqrt(spread)


def _masked(codes: Tensor) -> tuple[Tensor, Tensor]:
    """Return one-hot and mask; a graph cannot ask whether there is anything to hide."""
    return one_hot(codes), (codes != PADDING)[:, None, :].to(torch.float32)


def to_onnx(model: NeuralRegressor, *, metadata: dict[str, str] | None = None) -> bytes:
    """Return a fitted regressor as an ONNX file.

    The graph has the input ``codes``, uint8 of shape (n, length): A, C, G, T =
    0, 1, 2, 3, any other base 4, and 5 after the end of a shorter sequence. Its
    outputs are ``mean`` and ``deviation``, float32 of shape (n, t), in target
    units: those of ``predict(X, return_std=True)``. Flanks, strands and members
    are part of the graph.

    Parameters
    ----------
    model : NeuralRegressor
        Fitted, on sequences alone.
    metadata : dict of str to str, optional
        Written into the file.

    Raises
    ------
    InputError
        If it reads covariates.
    MissingExtraError
        If the extra ``onnx`` is not installed.
    """
    for module in ("onnx", "onnxscript"):
        require(module, extra="onnx")
    if model.n_covariates_:
        raise InputError("a network that reads covariates cannot be exported; train one without")
    members = Members.of(model)
    service = _Service([n.cpu() for n in members.networks], members.loss, model=model).eval()
    example = torch.from_numpy(code_matrix(["ACGTACGTACGTACGTACGTACGTACGTACGT", "ACGTTACGTTT"]))
    shapes = ({0: torch.export.Dim("n"), 1: torch.export.Dim("length", min=16)},)
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")  # of the exporter's own deprecations
        program: Any = torch.onnx.export(
            service, (example,), dynamo=True, input_names=["codes"],
            output_names=["mean_", "deviation_"], dynamic_shapes=shapes, verbose=False,
        )  # fmt: skip
    proto = program.model_proto
    for key, value in (metadata or {}).items():
        entry = proto.metadata_props.add()
        entry.key, entry.value = key, value
    buffer = io.BytesIO()
    buffer.write(proto.SerializeToString())
    return buffer.getvalue()
