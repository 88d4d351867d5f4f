"""The featurizers by name."""

from __future__ import annotations

from typing import Any

from seqexpr.features.composition import Composition
from seqexpr.features.gapped import GappedKmers
from seqexpr.features.kmers import KmerCounter
from seqexpr.features.nystroem import NystroemKernel
from seqexpr.features.onehot import OneHot
from seqexpr.features.positional import PositionalKmers
from seqexpr.registry import Registry

__all__ = ["FEATURIZERS"]

FEATURIZERS: Registry[type[Any]] = Registry("featurizer", group="seqexpr.features")
"""Featurizer classes by name; plugins add theirs through the entry-point group
``seqexpr.features``. One that passes :func:`seqexpr.testing.check_featurizer`
works everywhere.

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
FEATURIZERS.register("nystroem", NystroemKernel)
