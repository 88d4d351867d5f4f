"""Import a package of an extra, or say which extra brings it."""

from __future__ import annotations

import importlib
import importlib.util
from types import ModuleType

from seqexpr.errors import MissingExtraError

__all__ = ["has_extra", "require"]


def require(module: str, *, extra: str) -> ModuleType:
    """Import `module`, or raise an error with the pip line that installs it.

    Parameters
    ----------
    module : str
        Dotted name of the module.
    extra : str
        The extra of seqexpr that brings it.

    Returns
    -------
    module
        The imported module.

    Raises
    ------
    MissingExtraError
        If the module is not installed.

    Examples
    --------
    >>> require("math", extra="deep").sqrt(4.0)
    2.0
    >>> require("not_a_package", extra="deep")
    Traceback (most recent call last):
        ...
    seqexpr.errors.MissingExtraError: this needs 'not_a_package', ... pip install "seqexpr[deep]"
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not module.startswith(error.name):
            raise  # the module is there, but something that it imports is not
        message = (
            f'this needs {module!r}, which is not installed; run: pip install "seqexpr[{extra}]"'
        )
        raise MissingExtraError(message) from error


_MODULES = {
    "deep": ("torch", "lightning_fabric", "safetensors"),
    "genome": ("pyfaidx", "bioframe", "cyvcf2"),
    "motifs": ("pyjaspar", "memelite"),
    "scale": ("ray",),
    "serve": ("fastapi", "uvicorn", "prometheus_client"),
}


def has_extra(extra: str) -> bool:
    """Whether the packages of an extra are installed, found without importing them.

    Parameters
    ----------
    extra : {"deep", "genome", "motifs", "scale", "serve"}
        The extra of seqexpr.

    Examples
    --------
    >>> has_extra("deep") in (True, False)
    True
    """
    return all(importlib.util.find_spec(module) is not None for module in _MODULES[extra])
