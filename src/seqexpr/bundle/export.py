"""A trained network as an ONNX file: predictions without PyTorch, and without seqexpr."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from sklearn.pipeline import Pipeline

from seqexpr.bundle.bundle import Bundle
from seqexpr.errors import BundleError, InputError
from seqexpr.files import atomic_path, check_writable
from seqexpr.models.neural import NeuralRegressor
from seqexpr.optional import require

__all__ = ["export_onnx"]

_TOLERANCE = 1e-4
"""Difference from the bundle's own predictions, in deviations of the target, that is let pass."""


def export_onnx(bundle: Bundle, output: str | Path) -> Path:
    """Write a bundle's network as an ONNX file, after checking that it predicts the same.

    Parameters
    ----------
    bundle : Bundle
        Its model is a network, not a blend, and reads sequences alone.
    output : str or Path
        The file to write; see :func:`seqexpr.models.nets.export.to_onnx` for its
        inputs and outputs. Its metadata say what the targets are and on which
        scale they are.

    Returns
    -------
    Path
        `output`.

    Raises
    ------
    InputError
        If the model is no network, or reads covariates.
    BundleError
        If onnxruntime predicts otherwise than the bundle.
    MissingExtraError
        If the extras ``deep`` and ``onnx`` are not installed.
    OutputError
        If the operating system refuses.
    """
    target = check_writable(output)
    model = _network_of(bundle)
    require("torch", extra="deep")
    require("onnxruntime", extra="onnx")
    from seqexpr.models.nets.export import to_onnx

    about = {
        "seqexpr.model": bundle.manifest.model.name,
        "seqexpr.targets": json.dumps([t.model_dump() for t in bundle.manifest.targets]),
        "seqexpr.transform": json.dumps(bundle.manifest.transform),
        "seqexpr.version": bundle.manifest.packages["seqexpr"],
        "seqexpr.codes": "A, C, G, T = 0, 1, 2, 3; other base = 4; after the end = 5",
    }
    data = to_onnx(model, metadata=about)
    _check_same(data, bundle, model)
    with atomic_path(target) as temporary:
        temporary.write_bytes(data)
    return target


def _network_of(bundle: Bundle) -> NeuralRegressor:
    model = bundle.model
    last = model.steps[-1][1] if isinstance(model, Pipeline) else model
    if isinstance(last, NeuralRegressor):
        return last
    name = bundle.manifest.model.name
    raise InputError(
        f"{bundle.path}: the model {name!r} is no network, and only networks are exported to ONNX; "
        "train one with --models cnn"
    )


def _check_same(data: bytes, bundle: Bundle, model: NeuralRegressor) -> None:
    """Compare onnxruntime with the bundle on its golden sequences."""
    import onnxruntime

    from seqexpr.models.nets.encoding import code_matrix

    sequences = list(bundle.manifest.golden.sequences)
    wanted = np.asarray(model.predict(sequences)).reshape(len(sequences), -1)
    session = onnxruntime.InferenceSession(data)
    found = session.run(None, {"codes": code_matrix(sequences)})[0]
    scale = np.where(model.scale_ > 0, model.scale_, 1.0)
    worst = float(np.abs((found - wanted) / scale).max())
    if not worst <= _TOLERANCE:
        raise BundleError(
            f"{bundle.path}: the ONNX file predicts otherwise than the model, by up to {worst:.2g} "
            "deviations of the target; it was not written"
        )
