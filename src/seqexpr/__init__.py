"""seqexpr: from a table of DNA sequences and measured expression to a model you can trust.

The names below are loaded when they are first used (PEP 562), so that
``import seqexpr`` is quick and brings in neither scikit-learn nor matplotlib.

Examples
--------
>>> import seqexpr
>>> seqexpr.Recipe.create(table="library.csv").preset
'fast'
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

# name -> module that defines it (and its name there, where it differs)
_PUBLIC = {
    "Bundle": "seqexpr.bundle.store",
    "CheckFailedError": "seqexpr.errors",
    "CheckReport": "seqexpr.data.findings",
    "Composition": "seqexpr.features.composition",
    "Constraints": "seqexpr.design.constraints",
    "Dataset": "seqexpr.data.dataset",
    "Evaluation": "seqexpr.evaluation.evaluation",
    "ExpressionSource": "seqexpr.data.gene_expression",
    "GappedKmers": "seqexpr.features.gapped",
    "KmerCounter": "seqexpr.features.kmers",
    "MODELS": "seqexpr.models.registry",
    "OneHot": "seqexpr.features.onehot",
    "PositionalKmers": "seqexpr.features.positional",
    "Recipe": "seqexpr.recipe",
    "Run": "seqexpr.workflow.run",
    "SeqexprError": "seqexpr.errors",
    "Split": "seqexpr.splits.split",
    "Table": "seqexpr.data.table",
    "WindowChoice": "seqexpr.data.window_places",
    "build_dataset": "seqexpr.data.checks",
    "check_table": "seqexpr.data.checks",
    "compare": "seqexpr.workflow.compare",
    "design": "seqexpr.design.run",
    "evaluate": "seqexpr.workflow.evaluate",
    "explain": "seqexpr.workflow.explain",
    "genome_windows": "seqexpr.data.genome_windows",
    "load": "seqexpr.bundle.store:load_bundle",
    "make_model": "seqexpr.models.registry",
    "make_split": "seqexpr.splits.strategies",
    "read_table": "seqexpr.data.table",
    "score_changes": "seqexpr.variants.sequence_variants",
    "score_vcf": "seqexpr.variants.genome_variants",
    "simulate_library": "seqexpr.data.simulate",
    "train": "seqexpr.workflow.train",
}

__all__ = [
    "MODELS",
    "Bundle",
    "CheckFailedError",
    "CheckReport",
    "Composition",
    "Constraints",
    "Dataset",
    "Evaluation",
    "ExpressionSource",
    "GappedKmers",
    "KmerCounter",
    "OneHot",
    "PositionalKmers",
    "Recipe",
    "Run",
    "SeqexprError",
    "Split",
    "Table",
    "WindowChoice",
    "__version__",
    "build_dataset",
    "check_table",
    "compare",
    "design",
    "evaluate",
    "explain",
    "genome_windows",
    "load",
    "make_model",
    "make_split",
    "read_table",
    "score_changes",
    "score_vcf",
    "simulate_library",
    "train",
]

if TYPE_CHECKING:
    from seqexpr.bundle.store import Bundle as Bundle
    from seqexpr.bundle.store import load_bundle as load
    from seqexpr.data.checks import build_dataset as build_dataset
    from seqexpr.data.checks import check_table as check_table
    from seqexpr.data.dataset import Dataset as Dataset
    from seqexpr.data.findings import CheckReport as CheckReport
    from seqexpr.data.gene_expression import ExpressionSource as ExpressionSource
    from seqexpr.data.genome_windows import genome_windows as genome_windows
    from seqexpr.data.simulate import simulate_library as simulate_library
    from seqexpr.data.table import Table as Table
    from seqexpr.data.table import read_table as read_table
    from seqexpr.data.window_places import WindowChoice as WindowChoice
    from seqexpr.design.constraints import Constraints as Constraints
    from seqexpr.design.run import design as design
    from seqexpr.errors import CheckFailedError as CheckFailedError
    from seqexpr.errors import SeqexprError as SeqexprError
    from seqexpr.evaluation.evaluation import Evaluation as Evaluation
    from seqexpr.features.composition import Composition as Composition
    from seqexpr.features.gapped import GappedKmers as GappedKmers
    from seqexpr.features.kmers import KmerCounter as KmerCounter
    from seqexpr.features.onehot import OneHot as OneHot
    from seqexpr.features.positional import PositionalKmers as PositionalKmers
    from seqexpr.models.registry import MODELS as MODELS
    from seqexpr.models.registry import make_model as make_model
    from seqexpr.recipe import Recipe as Recipe
    from seqexpr.splits.split import Split as Split
    from seqexpr.splits.strategies import make_split as make_split
    from seqexpr.variants.genome_variants import score_vcf as score_vcf
    from seqexpr.variants.sequence_variants import score_changes as score_changes
    from seqexpr.workflow.compare import compare as compare
    from seqexpr.workflow.evaluate import evaluate as evaluate
    from seqexpr.workflow.explain import explain as explain
    from seqexpr.workflow.run import Run as Run
    from seqexpr.workflow.train import train as train


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        module, _, attribute = _PUBLIC[name].partition(":")
        value = getattr(importlib.import_module(module), attribute or name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
