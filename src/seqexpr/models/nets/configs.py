"""What a network looks like, as objects with types and defaults; PyTorch is not needed for these.

Each is a scikit-learn estimator in form, so that it can be cloned, printed,
searched over (``network__n_channels``) and saved with the model that uses it.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from sklearn.base import BaseEstimator

from seqexpr.errors import InputError
from seqexpr.features._base import is_int

if TYPE_CHECKING:
    from torch import nn

__all__ = ["ARCHITECTURES", "CompactCNN", "Dilated", "DreamRNN", "Hybrid", "LegNet", "Network"]


class Network(BaseEstimator):
    """The form of a network: what lies between bases and the features that the head adds up.

    Attributes
    ----------
    name : str
        Name of the architecture.
    """

    name: ClassVar[str]

    @abstractmethod
    def build(self) -> nn.Module:
        """Return an untrained trunk: (n, 4, length) and a mask to (n, n_features).

        It has an attribute ``n_features``.
        """

    @abstractmethod
    def receptive_field(self) -> int | None:
        """Return how many bases one place before pooling can see; None = the whole sequence."""

    def check(self) -> None:
        """Raise InputError unless every parameter is in range."""
        for parameter, value in self.get_params(deep=False).items():
            values = value if isinstance(value, list | tuple) else (value,)
            wrong = ""
            if parameter == "dropout":
                wrong = "" if 0 <= float(value) < 1 else "in [0, 1)"
            elif not values or not all(is_int(item) and item >= 1 for item in values):
                wrong = "at least 1"
            elif parameter.endswith("width") and any(item % 2 == 0 for item in values):
                wrong = "odd"
            if wrong:
                name = type(self).__name__
                raise InputError(f"{name}: {parameter} = {value!r}: must be {wrong}")


class CompactCNN(Network):
    """A small convolutional network: words, then words of words, then where they stand.

    Parameters
    ----------
    n_channels : int, default 64
        Channels of every layer, at least 1.
    stem_width : int, default 11
        Bases that the first layer sees at once, odd.
    width : int, default 7
        Places that each further layer sees at once, odd.
    n_blocks : int, default 3
        Further layers, at least 1, each with a connection past it, and each
        but the last followed by a pooling of two places.
    n_places : int, default 16
        Places that are kept apart when the sequence is summed up, at least 1;
        1 = it does not matter where something stands.
    dropout : float, default 0.2
        Share of the features that the head does not see in a training step, in
        [0, 1).

    References
    ----------
    Alipanahi et al. (2015), DeepBind, Nature Biotechnology 33:831-838 (the
    first layer as motif detectors). He et al. (2016), Deep residual learning,
    CVPR (connections past layers).
    """

    name = "compact_cnn"

    def __init__(
        self, *, n_channels: int = 64, stem_width: int = 11, width: int = 7, n_blocks: int = 3,
        n_places: int = 16, dropout: float = 0.2,
    ) -> None:  # fmt: skip
        self.n_channels = n_channels
        self.stem_width = stem_width
        self.width = width
        self.n_blocks = n_blocks
        self.n_places = n_places
        self.dropout = dropout

    def build(self) -> nn.Module:
        """Return an untrained trunk."""
        from seqexpr.models.nets.compact import CompactTrunk

        return CompactTrunk(self)

    def receptive_field(self) -> int:
        """Return how many bases one place before pooling can see."""
        bases, step = self.stem_width, 1
        for block in range(self.n_blocks):
            bases += (self.width - 1) * step
            if block < self.n_blocks - 1:  # pooled
                bases, step = bases + step, 2 * step
        return bases


class LegNet(Network):
    """LegNet: blocks of EfficientNetV2 with squeeze and excitation, grouped convolutions.

    The defaults are those of its version for human reporter assays
    (MPRA-LegNet), at half its channels; the version for yeast has a stem of 256,
    blocks of ``(256, 256, 128, 128, 64, 64, 32, 32)``, width 5 and no pooling.

    Parameters
    ----------
    stem_channels : int, default 32
        Channels of the first layer.
    stem_width : int, default 11
        Bases that the first layer sees at once, odd.
    stem_pool : int, default 1
        Bases that are pooled after the first layer, so that the blocks have as
        many times less to do; as published, 1 = none.
    block_channels : tuple of int, default (40, 48, 56, 64)
        Channels after each block.
    width : int, default 9
        Places that the convolutions of a block see at once, odd.
    expansion : int, default 4
        Times as many channels inside a block.
    group_size : int, default 2
        Channels of a group in the depthwise convolution.
    pool : int, default 2
        Places that are pooled after each block; 1 = none.
    n_places : int, default 1
        Places that are kept apart when the sequence is summed up; as
        published, 1.
    dropout : float, default 0.0
        Share of the features that the head does not see in a training step, in
        [0, 1).

    References
    ----------
    Penzar et al. (2023), LegNet: a best-in-class deep learning model for short
    DNA regulatory regions, Bioinformatics 39:btad457, figure 1. Agarwal et al.
    (2025), Massively parallel characterization of transcriptional regulatory
    elements, Nature (MPRA-LegNet). Tan & Le (2021), EfficientNetV2, ICML.
    """

    name = "legnet"

    def __init__(  # noqa: PLR0913 - one keyword for each size
        self, *, stem_channels: int = 32, stem_width: int = 11, stem_pool: int = 1,
        block_channels: tuple[int, ...] = (40, 48, 56, 64), width: int = 9, expansion: int = 4,
        group_size: int = 2, pool: int = 2, n_places: int = 1, dropout: float = 0.0,
    ) -> None:  # fmt: skip
        self.stem_channels = stem_channels
        self.stem_width = stem_width
        self.stem_pool = stem_pool
        self.block_channels = block_channels
        self.width = width
        self.expansion = expansion
        self.group_size = group_size
        self.pool = pool
        self.n_places = n_places
        self.dropout = dropout

    def build(self) -> nn.Module:
        """Return an untrained trunk."""
        from seqexpr.models.nets.legnet import LegNetTrunk

        return LegNetTrunk(self)

    def receptive_field(self) -> None:
        """Return None: squeeze and excitation look at the whole sequence."""


class DreamRNN(Network):
    """DREAM-RNN: two widths of words, read in both directions by an LSTM.

    The defaults have a quarter of the published size (channels 320, hidden 320).

    Parameters
    ----------
    n_channels : int, default 80
        Channels of the convolutions, half of each width; even.
    n_hidden : int, default 80
        Size of the LSTM in each direction.
    narrow_width, wide_width : int, default 9 and 15
        Bases that the convolutions see at once, odd.
    n_places : int, default 1
        Places that are kept apart when the sequence is summed up; as
        published, 1.
    dropout : float, default 0.2
        After the first convolutions; as published, so is .5 after the last.

    References
    ----------
    Rafi et al. (2024), A community effort to optimize sequence-based deep
    learning models of gene regulation, Nature Biotechnology (DREAM-RNN: the
    first and core block of BHI, the last block of Autosome.org).
    """

    name = "dream_rnn"

    def __init__(
        self, *, n_channels: int = 80, n_hidden: int = 80, narrow_width: int = 9,
        wide_width: int = 15, n_places: int = 1, dropout: float = 0.2,
    ) -> None:  # fmt: skip
        self.n_channels = n_channels
        self.n_hidden = n_hidden
        self.narrow_width = narrow_width
        self.wide_width = wide_width
        self.n_places = n_places
        self.dropout = dropout

    def build(self) -> nn.Module:
        """Return an untrained trunk."""
        from seqexpr.models.nets.dream_rnn import DreamRNNTrunk

        return DreamRNNTrunk(self)

    def receptive_field(self) -> None:
        """Return None: the LSTM reads the whole sequence."""


class Dilated(Network):
    """Convolutions that look further and further, for windows of up to 20,000 bases.

    Without pooling this is BPNet; with `n_pools` halvings first it is in the
    manner of Basenji.

    Parameters
    ----------
    n_channels : int, default 64
        Channels of every layer.
    stem_width : int, default 21
        Bases that the first layer sees at once, odd.
    n_pools : int, default 0
        Convolutions of width 5, each followed by a pooling of two places,
        before the dilated ones; 0 for sequences below about 500 bases.
    n_layers : int, default 6
        Dilated convolutions of width 3; the distance doubles with each.
    n_places : int, default 1
        Places that are kept apart when the sequence is summed up.
    dropout : float, default 0.1
        Share of the features that the head does not see in a training step, in
        [0, 1).

    References
    ----------
    Avsec et al. (2021), Base-resolution models of transcription-factor binding
    reveal soft motif syntax, Nature Genetics 53:354-366 (BPNet, 64 channels, 9
    dilated layers). Kelley et al. (2018), Sequential regulatory activity
    prediction across chromosomes, Genome Research 28:739-750 (Basenji).
    """

    name = "dilated"

    def __init__(
        self, *, n_channels: int = 64, stem_width: int = 21, n_pools: int = 0, n_layers: int = 6,
        n_places: int = 1, dropout: float = 0.1,
    ) -> None:  # fmt: skip
        self.n_channels = n_channels
        self.stem_width = stem_width
        self.n_pools = n_pools
        self.n_layers = n_layers
        self.n_places = n_places
        self.dropout = dropout

    def build(self) -> nn.Module:
        """Return an untrained trunk."""
        from seqexpr.models.nets.dilated import DilatedTrunk

        return DilatedTrunk(self)

    def check(self) -> None:
        """Raise InputError unless every parameter is in range."""
        if self.n_pools == 0:
            self.__class__(**self.get_params() | {"n_pools": 1}).check()
        else:
            super().check()

    def receptive_field(self) -> int:
        """Return how many bases one place before pooling can see."""
        step, bases = 1, self.stem_width
        for _ in range(self.n_pools):
            bases += 4 * step + step
            step *= 2
        for _ in range(self.n_layers):
            step *= 2
            bases += 2 * step
        return bases


class Hybrid(Network):
    """Convolutions, then attention between places, as in Enformer, at the size of a reporter.

    Parameters
    ----------
    n_channels : int, default 64
        Channels of every layer; a multiple of `n_heads`.
    stem_width, width : int, default 11 and 5
        Places that the convolutions see at once, odd.
    n_pools : int, default 2
        Convolutions, each followed by a pooling of two places.
    n_layers : int, default 2
        Layers of attention.
    n_heads : int, default 4
        Heads of each.
    n_places : int, default 1
        Places that are kept apart when the sequence is summed up; 1 = a mean
        weighted by what is there.
    dropout : float, default 0.1
        In the attention layers and before the head.

    References
    ----------
    Vaswani et al. (2017), Attention is all you need, NeurIPS. Avsec et al.
    (2021), Effective gene expression prediction from sequence by integrating
    long-range interactions, Nature Methods 18:1196-1203 (Enformer).
    """

    name = "hybrid"

    def __init__(
        self, *, n_channels: int = 64, stem_width: int = 11, width: int = 5, n_pools: int = 2,
        n_layers: int = 2, n_heads: int = 4, n_places: int = 1, dropout: float = 0.1,
    ) -> None:  # fmt: skip
        self.n_channels = n_channels
        self.stem_width = stem_width
        self.width = width
        self.n_pools = n_pools
        self.n_layers = n_layers
        self.n_heads = n_heads
        self.n_places = n_places
        self.dropout = dropout

    def build(self) -> nn.Module:
        """Return an untrained trunk."""
        from seqexpr.models.nets.hybrid import HybridTrunk

        return HybridTrunk(self)

    def check(self) -> None:
        """Raise InputError unless every parameter is in range."""
        super().check()
        if self.n_channels % self.n_heads or self.n_channels % 2:
            raise InputError(
                f"Hybrid: n_channels = {self.n_channels!r}: must be even and a multiple of "
                f"n_heads = {self.n_heads}"
            )

    def receptive_field(self) -> None:
        """Return None: attention looks at the whole sequence."""


ARCHITECTURES: dict[str, type[Any]] = {
    kind.name: kind for kind in (CompactCNN, LegNet, DreamRNN, Dilated, Hybrid)
}
"""Every architecture by name."""
