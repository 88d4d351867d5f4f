"""Decide whether estimator.skops may be opened, before anything is built from it.

A .skops file is a .zip of arrays and ``schema.json``, a tree of nodes; each
node names a loader, a module and a class. skops refuses types that it does not
trust, but its own list is wide (every scikit-learn estimator, all of numpy's
functions), it looks at types and not at the rest of a node, and it has had
holes: CVE-2024-37065 (trust everything), CVE-2025-54412 (an operator node that
names any module), CVE-2025-54413 (a method node that reaches into objects).

So the whole tree is walked here first, and only what our own models need
passes: eight kinds of node, each with exactly its keys; containers, numbers,
text and plain numeric arrays; and estimator classes that are seqexpr's own, on
the short list below, or named by the user. Functions, methods, operators,
partials, random states, object arrays, sparse matrices, cached nodes and older
protocols never pass.

What this does not do: it proves that opening a bundle runs nobody's code. It
cannot prove that a model is any good.
"""

from __future__ import annotations

import importlib
import io
import json
import math
import re
import zipfile
from collections.abc import Callable, Collection
from typing import Any, BinaryIO

import numpy as np

from seqexpr.bundle.boosters import check_booster
from seqexpr.errors import BundleError

__all__ = ["TRUSTED_TYPES", "audit_estimator", "check_npy", "untrusted_types"]

TRUSTED_TYPES = frozenset(
    {
        "sklearn.linear_model._base.LinearRegression",
        "sklearn.linear_model._coordinate_descent.ElasticNet",
        "sklearn.linear_model._coordinate_descent.ElasticNetCV",
        "sklearn.linear_model._coordinate_descent.Lasso",
        "sklearn.linear_model._coordinate_descent.LassoCV",
        "sklearn.linear_model._huber.HuberRegressor",
        "sklearn.linear_model._ridge.Ridge",
        "sklearn.pipeline.FeatureUnion",
        "sklearn.pipeline.Pipeline",
        "sklearn.preprocessing._data.MaxAbsScaler",
        "sklearn.preprocessing._data.StandardScaler",
    }
)
"""Estimators of scikit-learn that may occur, beside seqexpr's own: numbers and arrays only."""

_PROTOCOL = 2  # older ones bring older, laxer loaders
_OURS = re.compile(r"seqexpr\.(features|models)(\.[a-z_][a-z0-9_]*)+")
_SCALARS = frozenset(
    ["bool", "bool_", "str_"]
    + [f"{kind}{bits}" for kind in ("int", "uint") for bits in (8, 16, 32, 64)]
    + [f"float{bits}" for bits in (16, 32, 64)]
)
_KEYS = frozenset({"builtins.str", "builtins.int", "builtins.float", "builtins.bool"})
_ARRAY_FILE = re.compile(r"\d{1,20}\.npy")
_COMMON = frozenset({"__class__", "__module__", "__loader__"})
_REMEDY = "do not use it unless you can get it again from someone you trust"

Node = dict[str, Any]


class _RefusedError(Exception):
    """What is wrong with the file; becomes a BundleError."""


def audit_estimator(data: bytes, *, trusted: Collection[str] = (), where: str) -> tuple[str, ...]:
    """Return the estimator types that a .skops file names, if all may be opened.

    Nothing is imported but seqexpr's own modules, and nothing is built.

    Parameters
    ----------
    data : bytes
        Content of estimator.skops.
    trusted : collection of str
        Full names of further estimator classes to allow, such as
        ``"mypackage.models.MyModel"``. Default none.
    where : str
        Name of the bundle, for messages.

    Returns
    -------
    tuple of str
        Full names of the classes of its estimators, sorted.

    Raises
    ------
    BundleError
        If a type outside the lists, a forbidden kind of node, or anything
        that our own files do not hold is found.

    References
    ----------
    CVE-2024-37065, CVE-2025-54412, CVE-2025-54413 (skops).
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _Audit(archive, frozenset(trusted)).run()
    except _RefusedError as error:
        raise BundleError(f"{where}: estimator.skops is refused: {error}; {_REMEDY}") from error
    except (zipfile.BadZipFile, EOFError, OSError, NotImplementedError) as error:
        raise BundleError(f"{where}: estimator.skops is not a whole file ({error})") from error
    except (ValueError, RecursionError, OverflowError) as error:
        raise BundleError(
            f"{where}: estimator.skops is refused: it cannot be read ({error}); {_REMEDY}"
        ) from error


def untrusted_types(data: bytes) -> tuple[str, ...]:
    """Return the estimator types in a .skops file that are on neither list.

    Used when a bundle is written, on a file that was just made from objects
    in memory.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        schema = json.loads(archive.read("schema.json"))
    found: set[str] = set()

    def walk(node: object) -> None:
        if isinstance(node, dict):
            if node.get("__loader__") == "ObjectNode":
                module, name = node["__module__"], node["__class__"]
                if f"{module}.{name}" not in TRUSTED_TYPES and not _is_ours(module, name):
                    found.add(f"{module}.{name}")
            for value in node.values():
                walk(value)
        elif isinstance(node, list):
            for value in node:
                walk(value)

    walk(schema)
    return tuple(sorted(found))


def _is_ours(module: str, name: str) -> bool:
    """Whether it is an estimator class that one of seqexpr's own modules defines."""
    if not _OURS.fullmatch(module):
        return False
    from sklearn.base import BaseEstimator

    try:
        found = getattr(importlib.import_module(module), name, None)
    except ImportError:
        return False
    return (
        isinstance(found, type) and issubclass(found, BaseEstimator) and found.__module__ == module
    )


class _Audit:
    """One walk over the tree of a .skops file."""

    def __init__(self, archive: zipfile.ZipFile, trusted: frozenset[str]) -> None:
        self.archive = archive
        self.trusted = trusted
        self.types: set[str] = set()
        self.files: set[str] = set()
        self.by_id: dict[int, Node] = {}
        self.checks: dict[str, Callable[[Node], None]] = {
            "DictNode": self._dict,
            "DTypeNode": self._dtype,
            "JsonNode": self._json,
            "ListNode": self._list,
            "NdArrayNode": self._array,
            "ObjectNode": self._object,
            "TupleNode": self._list,
            "TypeNode": self._type,
        }

    def run(self) -> tuple[str, ...]:
        names = self.archive.namelist()
        if len(set(names)) != len(names):
            raise _RefusedError("a file occurs twice in it")
        for info in self.archive.infolist():
            if info.compress_type != zipfile.ZIP_STORED or info.compress_size != info.file_size:
                raise _RefusedError(f"{info.filename!r} in it is compressed")
        if "schema.json" not in names:
            raise _RefusedError("it holds no schema.json")
        schema = json.loads(self.archive.read("schema.json").decode("utf-8"))
        if not isinstance(schema, dict):
            raise _RefusedError("its schema is not a tree of nodes")
        protocol = schema.pop("protocol", None)
        schema.pop("_skops_version", None)
        if protocol != _PROTOCOL or isinstance(protocol, bool):
            raise _RefusedError(f"it is of skops protocol {protocol!r}, not {_PROTOCOL}")
        if schema.get("__loader__") != "ObjectNode":
            raise _RefusedError("it does not hold an estimator")
        self._node(schema)
        extra = set(names) - self.files - {"schema.json"}
        if extra:
            raise _RefusedError(f"it holds {min(extra)!r}, which the model does not use")
        return tuple(sorted(self.types))

    def _node(self, node: object) -> None:
        if not isinstance(node, dict):
            raise _RefusedError(f"a {type(node).__name__} stands where a node should be")
        loader, module, name = (node.get(key) for key in ("__loader__", "__module__", "__class__"))
        if not (isinstance(loader, str) and isinstance(module, str) and isinstance(name, str)):
            raise _RefusedError("a node in it does not say what it is")
        check = self.checks.get(loader)
        if check is None:
            raise _RefusedError(f"it holds a {loader} ({module}.{name}), which our models never do")
        identity = node.get("__id__")
        if identity is not None:
            if type(identity) is not int or identity < 1:
                raise _RefusedError(f"a node has the id {identity!r}")
            # skops builds a node once for each id, so one id must mean one thing.
            if self.by_id.setdefault(identity, node) != node:
                raise _RefusedError(f"two different nodes share the id {identity}")
        check(node)

    @staticmethod
    def _keys(node: Node, *keys: str) -> None:
        if set(node) - {"__id__"} != _COMMON | set(keys):
            odd = set(node) ^ (_COMMON | set(keys) | {"__id__"})
            raise _RefusedError(f"a {node['__loader__']} has odd parts: {', '.join(sorted(odd))}")

    @staticmethod
    def _is(node: Node, *allowed: str) -> None:
        found = f"{node['__module__']}.{node['__class__']}"
        if found not in allowed:
            raise _RefusedError(f"a {node['__loader__']} in it names the type {found}")

    def _json(self, node: Node) -> None:
        self._keys(node, "content", "is_json")
        self._is(node, "builtins.str")
        value = json.loads(node["content"]) if isinstance(node["content"], str) else node
        if isinstance(value, dict | list):
            raise _RefusedError("a JsonNode holds more than one value")
        if isinstance(value, str):
            problem = check_booster(value)
            if problem:
                raise _RefusedError(f"its boosted trees are damaged: {problem}")

    def _list(self, node: Node) -> None:
        self._keys(node, "content")
        self._is(node, "builtins.list" if node["__loader__"] == "ListNode" else "builtins.tuple")
        if not isinstance(node["content"], list):
            raise _RefusedError(f"a {node['__loader__']} has no list of items")
        for item in node["content"]:
            self._node(item)

    def _dict(self, node: Node) -> None:
        self._keys(node, "content", "key_types")
        self._is(node, "builtins.dict")
        self._node(node["key_types"])
        types = node["key_types"]
        if types["__loader__"] != "ListNode" or not isinstance(node["content"], dict):
            raise _RefusedError("a DictNode has no list of key types or no content")
        for key in types["content"]:
            if key["__loader__"] != "TypeNode":
                raise _RefusedError(f"a key type is a {key['__loader__']}")
            self._is(key, *_KEYS)
        if len(types["content"]) != len(node["content"]):
            raise _RefusedError("a DictNode has not as many keys as key types")
        for value in node["content"].values():
            self._node(value)

    def _type(self, node: Node) -> None:
        self._keys(node)
        self._is(node, *_KEYS, *(f"numpy.{name}" for name in _SCALARS))

    def _dtype(self, node: Node) -> None:
        self._keys(node, "content")
        self._is(node, "numpy.dtype")
        self._node(node["content"])
        if node["content"]["__loader__"] != "NdArrayNode":
            raise _RefusedError("a DTypeNode does not hold an array")

    def _array(self, node: Node) -> None:
        kind = node.get("type")
        if kind != "numpy":
            raise _RefusedError(f"it holds an array of Python objects (type {kind!r})")
        self._keys(node, "type", "file")
        self._is(node, "numpy.ndarray", *(f"numpy.{name}" for name in _SCALARS))
        file = node["file"]
        if not isinstance(file, str) or not _ARRAY_FILE.fullmatch(file):
            raise _RefusedError(f"an array lies in a file called {file!r}")
        if file not in self.files:
            try:
                info = self.archive.getinfo(file)
            except KeyError:
                raise _RefusedError(f"the array {file!r} is not in it") from None
            data = self.archive.read(info)
            problem = check_npy(io.BytesIO(data), len(data))
            if problem:
                raise _RefusedError(f"the array {file!r} {problem}")
            # Text in an array has four bytes a letter.
            if node["__class__"] in ("ndarray", "str_") and b"Tree=" in data.replace(b"\0", b""):
                raise _RefusedError(f"the array {file!r} holds boosted trees")
            self.files.add(file)

    def _object(self, node: Node) -> None:
        self._keys(node, "content")
        module, name = node["__module__"], node["__class__"]
        full = f"{module}.{name}"
        if full not in TRUSTED_TYPES and full not in self.trusted and not _is_ours(module, name):
            raise _RefusedError(
                f"it names the type {full}, which is not on the list of trusted types "
                f"(if you trust whoever made it: trusted=({full!r},))"
            )
        self.types.add(full)
        content = node["content"]
        self._node(content)
        if content["__loader__"] == "JsonNode" and content["content"] == "null":
            return  # an object without attributes
        if content["__loader__"] != "DictNode":
            raise _RefusedError(f"the attributes of {full} are a {content['__loader__']}")
        for attribute, value in content["content"].items():
            if not attribute.isidentifier() or attribute.startswith("__"):
                raise _RefusedError(f"{full} has the attribute {attribute!r}")
            # scikit-learn would read pickles from the folder that `memory` names.
            if attribute == "memory" and value.get("content") != "null":
                raise _RefusedError(f"{full} has a cache folder (memory)")


def check_npy(file: BinaryIO, size: int) -> str:
    """Return what is wrong with a .npy file, or an empty string.

    The header is read before the array is: plain numbers, truth values or text
    only, and as many bytes as the shape says, so that a small file cannot ask
    for a large array.

    Parameters
    ----------
    file : binary file
        At its beginning.
    size : int
        Its size in bytes.

    Examples
    --------
    >>> buffer = io.BytesIO()
    >>> np.save(buffer, np.zeros(3)); _ = buffer.seek(0)
    >>> check_npy(buffer, buffer.getbuffer().nbytes)
    ''
    """
    try:
        version = np.lib.format.read_magic(file)
        if version == (1, 0):
            shape, _, dtype = np.lib.format.read_array_header_1_0(file)
        elif version == (2, 0):
            shape, _, dtype = np.lib.format.read_array_header_2_0(file)
        else:
            return f"is of version {version}"
    except ValueError as error:
        return f"is not a numpy array ({str(error).splitlines()[0]})"
    if dtype.hasobject or dtype.kind not in "biufUS":
        return f"holds {dtype}, not plain numbers or text"
    if math.prod(shape) * dtype.itemsize != size - file.tell():
        return f"is not as long as its shape {shape} says"
    return ""
