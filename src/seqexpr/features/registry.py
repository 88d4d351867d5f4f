"""The featurizers by name."""

from __future__ import annotations

from typing import Any

from seqexpr.features.composition import Composition
from seqexpr.features.dyads import SpacedDyads
from seqexpr.features.energy import DuplexEnergy
from seqexpr.features.gapped import GappedKmers
from seqexpr.features.kmers import KmerCounter
from seqexpr.features.motifs import MotifScanner
from seqexpr.features.onehot import OneHot
from seqexpr.features.pairs import PairedOneHot
from seqexpr.features.patches import PatchKernels
from seqexpr.features.positional import PositionalKmers
from seqexpr.features.windows import WindowComposition
from seqexpr.registry import Registry

__all__ = ["FEATURIZERS"]

FEATURIZERS: Registry[type[Any]] = Registry("featurizer", group="seqexpr.features")
"""Featurizer classes by name; plugins add theirs through the entry-point group
``seqexpr.features``. One that passes :func:`seqexpr.testing.check_featurizer`
works everywhere. Each can be made without arguments, which is why
:class:`seqexpr.features.embeddings.LanguageModelEmbeddings`, which needs the
folder of a model, is not among them.

Examples
--------
>>> FEATURIZERS["kmers"](k=4)
KmerCounter(k=4)
"""

FEATURIZERS.register("kmers", KmerCounter)
FEATURIZERS.register("gapped", GappedKmers)
FEATURIZERS.register("composition", Composition)
FEATURIZERS.register("onehot", OneHot)
FEATURIZERS.register("positional", PositionalKmers)
FEATURIZERS.register("pairs", PairedOneHot)
FEATURIZERS.register("dyads", SpacedDyads)
FEATURIZERS.register("windows", WindowComposition)
FEATURIZERS.register("energy", DuplexEnergy)
FEATURIZERS.register("patches", PatchKernels)
FEATURIZERS.register("motifs", MotifScanner)
