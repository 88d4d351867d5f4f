"""Featurizers by name."""

from __future__ import annotations

from typing import Any

from seqexpr.features.composition import Composition
from seqexpr.features.kmers import KmerCounter
from seqexpr.features.onehot import OneHot
from seqexpr.registry import Registry

__all__ = ["FEATURIZERS"]

FEATURIZERS: Registry[Any] = Registry("featurizer", group="seqexpr.featurizers")
FEATURIZERS.register("kmers", KmerCounter)
FEATURIZERS.register("composition", Composition)
FEATURIZERS.register("onehot", OneHot)
