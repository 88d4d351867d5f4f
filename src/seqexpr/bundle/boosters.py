"""Check the text of a LightGBM model before LightGBM reads it.

LightGBM follows the sizes, child numbers and feature numbers of its text
without looking at them. A crafted text could send it outside its memory, or
round in a circle for ever. So they are checked here: in the trees that
LightGBM writes, a child node has a higher number than its parent, and every
number is in range.

References
----------
LightGBM's text format: ``GBDT::SaveModelToString`` and
``GBDT::LoadModelFromString`` (``src/boosting/gbdt_model_text.cpp``) and
``Tree::ToString`` (``src/io/tree.cpp``) in its source.
"""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt

__all__ = ["check_booster", "is_booster"]

_TEXT = re.compile(r"[\x20-\x7e\n]*")
_INTEGERS = re.compile(r"-?\d{1,10}( -?\d{1,10})*")


class _DamagedError(ValueError):
    """What is wrong with the text."""


def is_booster(text: str) -> bool:
    """Whether LightGBM would find a tree in `text`.

    Examples
    --------
    >>> is_booster("ridge"), is_booster("Tree=0")
    (False, True)
    """
    return "Tree=" in text


def check_booster(text: str) -> str:
    """Return what is wrong with a LightGBM model text, or an empty string.

    Parameters
    ----------
    text : str
        Any text. Where there is no tree in it, nothing is checked.

    Returns
    -------
    str
        Empty if all is well.

    Examples
    --------
    >>> check_booster("just a word")
    ''
    >>> check_booster("Tree=0")
    'its header has no tree_sizes'
    """
    if not is_booster(text):
        return ""
    if not _TEXT.fullmatch(text):
        return "it holds characters that LightGBM does not write"
    try:
        _check_trees(text)
    except _DamagedError as error:
        return str(error)
    return ""


def _check_trees(text: str) -> None:
    start = text.find("\nTree=") + 1  # 0: nothing stands before the first tree
    header = _values(text[:start])
    if "tree_sizes" not in header:
        raise _DamagedError("its header has no tree_sizes")
    for key in ("num_class", "num_tree_per_iteration"):
        if header.get(key) != "1":
            raise _DamagedError(f"its header has {key}={header.get(key)}, not 1")
    max_feature = int(_integers(header, "max_feature_idx", 1)[0])
    sizes = _integers(header, "tree_sizes", None)
    for number, size in enumerate(sizes.tolist()):
        block = text[start : start + size]
        if size < 1 or not block.startswith(f"Tree={number}\n"):
            raise _DamagedError(f"tree {number} is not where the header says")
        try:
            _check_tree(_values(block), max_feature)
        except _DamagedError as error:
            raise _DamagedError(f"tree {number}: {error}") from error
        start += size
    if not text.startswith("end of trees", start):
        raise _DamagedError("there are more trees than the header says")


def _values(part: str) -> dict[str, str]:
    pairs = [line.split("=", 1) for line in part.split("\n") if "=" in line]
    values = dict(pairs)
    if len(values) != len(pairs):
        raise _DamagedError("a value is given twice")
    return values


def _integers(values: dict[str, str], key: str, length: int | None) -> npt.NDArray[np.int64]:
    text = values.get(key, "")
    if not _INTEGERS.fullmatch(text):
        raise _DamagedError(f"{key} is missing or not a list of whole numbers")
    numbers = np.array(text.split(" "), dtype=np.int64)
    if length is not None and len(numbers) != length:
        raise _DamagedError(f"{key} has {len(numbers)} numbers, not {length}")
    return numbers


def _check_tree(tree: dict[str, str], max_feature: int) -> None:
    n_leaves = int(_integers(tree, "num_leaves", 1)[0])
    if n_leaves < 1:
        raise _DamagedError(f"it has {n_leaves} leaves")
    for key in ("num_cat", "is_linear"):
        if tree.get(key, "0") != "0":
            raise _DamagedError(f"{key} is {tree[key]}, not 0")
    _count(tree, "leaf_value", n_leaves)
    if n_leaves == 1:
        return
    n_nodes = n_leaves - 1
    _count(tree, "threshold", n_nodes)
    decision = _integers(tree, "decision_type", n_nodes)
    if (decision & 1).any():
        raise _DamagedError("it splits on categories, which our models never do")
    feature = _integers(tree, "split_feature", n_nodes)
    if ((feature < 0) | (feature > max_feature)).any():
        raise _DamagedError("it asks for a feature that is not there")
    node = np.arange(n_nodes)
    for key in ("left_child", "right_child"):
        child = _integers(tree, key, n_nodes)
        # ~child numbers a leaf; an inner node comes after its parent.
        inside = (child > node) & (child < n_nodes)
        leaf = (child < 0) & (~child < n_leaves)
        if not (inside | leaf).all():
            raise _DamagedError(f"a {key.replace('_', ' ')} is not there or leads back")


def _count(tree: dict[str, str], key: str, length: int) -> None:
    found = len(tree.get(key, "").split(" ")) if tree.get(key) else 0
    if found != length:
        raise _DamagedError(f"{key} has {found} numbers, not {length}")
