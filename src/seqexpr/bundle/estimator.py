"""estimator.skops: a fitted model as bytes, and back after an audit. No pickle."""

from __future__ import annotations

import importlib
import io
import json
import os
import sys
import warnings
import zipfile
from collections.abc import Collection
from typing import Any

from seqexpr.bundle.trust import audit_estimator
from seqexpr.errors import BundleError
from seqexpr.models.fitting import set_jobs
from seqexpr.processes import OWN_PROCESS

__all__ = ["dump_estimator", "load_estimator"]


def dump_estimator(model: object) -> bytes:
    """Return a fitted model in skops' format, the same bytes for the same model.

    Parameters
    ----------
    model : estimator
        Its fitted state is arrays, text, numbers and containers of these.

    Raises
    ------
    BundleError
        If skops cannot hold something in it.
    """
    skops_io = _skops_io()
    try:
        return _canonical(skops_io.dumps(model))
    except (TypeError, ValueError, RecursionError) as error:
        raise BundleError(
            f"the model {type(model).__name__} cannot be saved without pickle: {error}; keep "
            "arrays, text and numbers as its fitted state"
        ) from error


def load_estimator(
    data: bytes, *, trusted: Collection[str] = (), where: str
) -> tuple[Any, tuple[str, ...]]:
    """Return the model that :func:`dump_estimator` wrote, after an audit.

    Parameters
    ----------
    data : bytes
        Content of estimator.skops.
    trusted : collection of str
        Full names of estimator classes to allow beside seqexpr's own list.
    where : str
        Name of the bundle, for messages.

    Returns
    -------
    model : estimator
        The fitted model.
    types : tuple of str
        Full names of its estimator classes.

    Raises
    ------
    BundleError
        If the audit refuses the file, or it cannot be opened.
    """
    types = audit_estimator(data, trusted=trusted, where=where)
    skops_io = _skops_io()
    try:
        with warnings.catch_warnings():
            # "Fitted with another version" is what the golden predictions settle.
            warnings.simplefilter("ignore")
            # The audit is stricter than skops; its list is what skops has to trust.
            model = skops_io.loads(data, trusted=[*types, "numpy.dtype"])
            _use_available_cores(model)
    except Exception as error:  # skops and the classes themselves raise all kinds
        text = str(error).strip().splitlines()
        raise BundleError(
            f"{where}: estimator.skops cannot be opened "
            f"({type(error).__name__}: {text[0][:200] if text else 'no message'})"
        ) from error
    if not callable(getattr(model, "predict", None)):
        raise BundleError(f"{where}: estimator.skops holds {types[0]}, which does not predict")
    return model, types


def _skops_io() -> Any:
    """Import skops; in a process of ours without the names of all scikit-learn's estimators.

    skops collects these to trust them by default, which we never ask for, and imports every
    module of scikit-learn for it, and PyTorch where that is installed: 5.1 s instead of 2.1 s were
    measured with it. In a process that is not ours skops is left as it is.
    """
    if "skops.io" not in sys.modules and os.environ.get(OWN_PROCESS):
        import sklearn.utils

        walk = sklearn.utils.all_estimators
        sklearn.utils.all_estimators = lambda *args, **named: []
        try:
            return importlib.import_module("skops.io")
        finally:
            sklearn.utils.all_estimators = walk
    return importlib.import_module("skops.io")


def _use_available_cores(model: Any) -> None:
    """Set ``n_jobs`` of every step to the cores that this process may use.

    What is in the file is the number of cores of the machine it was trained
    on, or whatever its author wrote. Predictions do not depend on it.
    """
    from joblib import cpu_count

    set_jobs(model, cpu_count())


def _canonical(data: bytes) -> bytes:
    """Give the objects of a .skops file numbers in order, instead of memory addresses."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        schema = json.loads(archive.read("schema.json"))
        content = {name: archive.read(name) for name in archive.namelist()}
    numbers: dict[int, int] = {}
    files: dict[str, str] = {}

    def renumber(node: object) -> None:
        if isinstance(node, list):
            for item in node:
                renumber(item)
        if not isinstance(node, dict):
            return
        if isinstance(node.get("__loader__"), str):
            # Whether two equal numbers are one object is chance; arrays are shared on purpose.
            if node["__loader__"] in ("JsonNode", "TypeNode"):
                node.pop("__id__", None)
            else:
                node["__id__"] = numbers.setdefault(node["__id__"], len(numbers) + 1)
            if isinstance(node.get("file"), str):
                suffix = node["file"].rpartition(".")[2]
                node["file"] = files.setdefault(node["file"], f"{node['__id__']}.{suffix}")
        for value in node.values():
            renumber(value)

    renumber(schema)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for old, new in files.items():
            archive.writestr(zipfile.ZipInfo(new), content[old])
        archive.writestr(zipfile.ZipInfo("schema.json"), json.dumps(schema, separators=(",", ":")))
    return buffer.getvalue()
