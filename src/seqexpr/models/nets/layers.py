"""Layers that look at bases only, and never at the places after a sequence's end.

Activations are (n, channels, length). A mask is (n, 1, length), 1 where there is
a base, or None if there is one everywhere. Sequences are padded at the right
only, so that whatever is pooled begins at the first base. Every layer hides
what it should not see from itself, so nothing that comes out where the mask is
0 ever matters.
"""

from __future__ import annotations

from functools import reduce

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = [
    "ConvBlock",
    "MaskedBatchNorm1d",
    "MaskedConv1d",
    "MaskedMaxPool1d",
    "SqueezeExcite",
    "masked_mean",
]


def masked_mean(x: Tensor, mask: Tensor | None) -> Tensor:
    """Return the mean over the bases of each sequence, shape (n, channels); 0 if it has none."""
    if mask is None:
        return x.mean(dim=2)
    return (x * mask.to(x.dtype)).sum(dim=2) / mask.sum(dim=2).clamp(min=1.0)


class MaskedConv1d(nn.Module):
    """A convolution with stride 1 that sees zeros beyond both ends of a sequence.

    Parameters
    ----------
    n_in, n_out : int
        Channels.
    width : int
        Bases it spans, odd.
    dilation : int
        Distance of the bases it looks at. Default 1.
    groups : int
        As in PyTorch. Default 1.
    bias : bool
        Whether a constant is added. Default True.
    """

    def __init__(
        self, n_in: int, n_out: int, width: int, *, dilation: int = 1, groups: int = 1,
        bias: bool = True,
    ) -> None:  # fmt: skip
        super().__init__()
        self.conv = nn.Conv1d(
            n_in, n_out, width, padding=(width - 1) // 2 * dilation, dilation=dilation,
            groups=groups, bias=bias,
        )  # fmt: skip

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return (n, n_out, length)."""
        return _convolve(self.conv, x if mask is None else x * mask.to(x.dtype))


def _convolve(conv: nn.Conv1d, x: Tensor) -> Tensor:
    """Return what the convolution gives; on a processor with the channels of a base side by side.

    That is quicker there, most of all for grouped ones (`benchmarks/bench_networks.py`), and the
    layout goes on to what comes next.
    """
    if x.device.type != "cpu" or torch.compiler.is_compiling():
        out: Tensor = conv(x)
        return out
    weight, groups = conv.weight, conv.groups
    if groups > 1 and torch.is_autocast_enabled("cpu"):
        weight, groups = _join_groups(weight, groups)
    weight = weight.unsqueeze(2).contiguous(memory_format=torch.channels_last)
    padding, dilation = (0, int(conv.padding[0])), (1, int(conv.dilation[0]))
    return F.conv2d(
        x.unsqueeze(2), weight, conv.bias, padding=padding, dilation=dilation, groups=groups
    ).squeeze(2)


_TILE = 16  # channels that the units for half precision take at a time


def _join_groups(weight: Tensor, groups: int) -> tuple[Tensor, int]:
    """Return weights of fewer, wider groups that give the same: between the old ones they are zero.

    In half precision LegNet's groups of two channels take four times as long
    (`benchmarks/bench_networks.py`).
    """
    n_out, n_in, width = weight.shape
    fit = [m for m in range(1, groups + 1) if groups % m == 0 and m * n_in <= _TILE]
    joined = max(fit, default=1)
    if joined == 1:
        return weight, groups
    group = torch.arange(n_out, device=weight.device) // (n_out // groups)
    columns = (group % joined * n_in)[:, None] + torch.arange(n_in, device=weight.device)
    wide = weight.new_zeros(n_out, joined * n_in, width)
    wide = wide.scatter(1, columns[:, :, None].expand(-1, -1, width), weight)
    return wide, groups // joined


class MaskedBatchNorm1d(nn.BatchNorm1d):
    """Batch normalisation whose mean and variance are those of bases.

    References
    ----------
    Ioffe & Szegedy (2015), Batch normalization, ICML, algorithm 1.
    """

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return x, normalised by the batch in training, by the running moments else."""
        # Of one value there is no variance.
        measured = self.training and x.shape[0] * x.shape[2] > 1
        if mask is None or not measured:
            # With a further axis PyTorch knows the layout that convolutions hand on.
            return self._normalised(x.unsqueeze(2), measured=measured).squeeze(2)
        return self._by_rows(x, mask) if x.device.type == "cpu" else self._by_sums(x, mask)

    def _normalised(self, x: Tensor, *, measured: bool) -> Tensor:
        if measured:
            self.num_batches_tracked += 1
        return F.batch_norm(
            x, self.running_mean, self.running_var, self.weight, self.bias, training=measured,
            momentum=0.1 if self.momentum is None else self.momentum, eps=self.eps,
        )  # fmt: skip

    def _by_rows(self, x: Tensor, mask: Tensor) -> Tensor:
        """Normalise the bases alone, taken out and put back: on a processor 2.5 times as fast.

        A GPU would have to wait to be told where they are.
        """
        rows = x.transpose(1, 2).reshape(-1, x.shape[1])  # a view of what convolutions hand on
        bases = mask.reshape(-1).nonzero()[:, 0]
        found = self._normalised(rows.index_select(0, bases), measured=len(bases) > 1)
        whole = torch.zeros_like(rows).index_copy(0, bases, found)
        return whole.view(x.shape[0], x.shape[2], -1).transpose(1, 2)

    def _by_sums(self, x: Tensor, mask: Tensor) -> Tensor:
        """Normalise by sums under the mask."""
        n = mask.sum().clamp(min=2.0)  # a tensor: a GPU need not wait for the number
        mean = (x * mask).sum(dim=(0, 2)) / n
        centred = (x - mean[:, None]) * mask
        variance = (centred**2).sum(dim=(0, 2)) / n
        self._remember(mean.detach(), variance.detach() * n / (n - 1))
        scale = self.weight / torch.sqrt(variance + self.eps)
        return centred * scale[:, None] + self.bias[:, None]

    @torch.no_grad()
    def _remember(self, mean: Tensor, variance: Tensor) -> None:
        momentum = 0.1 if self.momentum is None else self.momentum
        self.running_mean.lerp_(mean, momentum)
        self.running_var.lerp_(variance, momentum)
        self.num_batches_tracked += 1


class MaskedMaxPool1d(nn.Module):
    """The largest of each `width` bases; the last stretch may be shorter."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width

    def forward(self, x: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
        """Return the pooled activations and their mask, of ``ceil(length / width)`` places."""
        if self.width == 1:
            return x, mask
        lowest = torch.finfo(x.dtype).min
        if mask is None:
            return self._largest(x, lowest), None
        pooled_mask = self._largest(mask, 0.0)
        # `masked_fill` would lay the channels apart again, at three times the cost of what follows.
        largest = self._largest(torch.where(mask > 0, x, lowest), lowest)
        return largest * pooled_mask.to(x.dtype), pooled_mask

    def _largest(self, x: Tensor, below: float) -> Tensor:
        if self.training:  # quicker to go back through
            window = (1, self.width)
            return F.max_pool2d(x.unsqueeze(2), window, window, ceil_mode=True).squeeze(2)
        # A pooling layer cannot be exported to ONNX for any length; DeepLIFT has a rule for this.
        stretches = (x.shape[2] + self.width - 1) // self.width
        x = F.pad(x, (0, self.width - 1), value=below)
        reach = self.width * (stretches - 1) + 1
        each = [x[:, :, i : i + reach : self.width] for i in range(self.width)]
        return reduce(torch.maximum, each)


class SqueezeExcite(nn.Module):
    """Scale each channel by what all channels are on average.

    References
    ----------
    Hu, Shen & Sun (2018), Squeeze-and-excitation networks, CVPR, equations 2 and 3.
    """

    def __init__(self, n_channels: int, n_hidden: int) -> None:
        super().__init__()
        self.down = nn.Linear(n_channels, n_hidden)
        self.up = nn.Linear(n_hidden, n_channels)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return (n, channels, length)."""
        gate = torch.sigmoid(self.up(F.silu(self.down(masked_mean(x, mask)))))
        return x * gate[:, :, None]


class ConvBlock(nn.Module):
    """Convolution, batch normalisation, SiLU."""

    def __init__(self, n_in: int, n_out: int, width: int, *, groups: int = 1) -> None:
        super().__init__()
        self.conv = MaskedConv1d(n_in, n_out, width, groups=groups, bias=False)
        self.norm = MaskedBatchNorm1d(n_out)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return (n, n_out, length)."""
        return F.silu(self.norm(self.conv(x, mask), mask))
