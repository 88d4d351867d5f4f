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

# name -> module that defines it
_PUBLIC = {
    "Dataset": "seqexpr.data.dataset",
    "Recipe": "seqexpr.recipe",
    "Split": "seqexpr.splits.split",
}

__all__ = ["Dataset", "Recipe", "Split", "__version__"]

if TYPE_CHECKING:
    from seqexpr.data.dataset import Dataset
    from seqexpr.recipe import Recipe
    from seqexpr.splits.split import Split


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        value = getattr(importlib.import_module(_PUBLIC[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
