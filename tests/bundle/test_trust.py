"""Files that a forger would write. Nothing in them may run, and each is refused in two lines at most."""

from __future__ import annotations

import io
import json
import zipfile

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from seqexpr.bundle.estimator import dump_estimator, load_estimator
from seqexpr.bundle.trust import TRUSTED_TYPES, audit_estimator, check_npy, untrusted_types
from seqexpr.errors import BundleError


@pytest.fixture(scope="module")
def honest() -> bytes:
    """A ridge behind a scaler, as our own code writes it."""
    rng = np.random.default_rng(0)
    steps = [("scale", StandardScaler()), ("regressor", Ridge())]
    return dump_estimator(Pipeline(steps).fit(rng.normal(size=(9, 2)), rng.normal(size=9)))


def node(loader: str, module: str, name: str, **parts: object) -> dict:
    return {"__loader__": loader, "__module__": module, "__class__": name, **parts}


def json_node(value: object) -> dict:
    return node("JsonNode", "builtins", "str", content=json.dumps(value), is_json=True)


def tuple_node(*items: dict) -> dict:
    return node("TupleNode", "builtins", "tuple", content=list(items))


def list_node(*items: dict) -> dict:
    return node("ListNode", "builtins", "list", content=list(items))


def dict_node(key_type: dict | None = None, /, **items: dict) -> dict:
    key_type = key_type or node("TypeNode", "builtins", "str")
    return node(
        "DictNode", "builtins", "dict", content=items, key_types=list_node(*[key_type] * len(items))
    )


COMMAND = json_node("touch executed")
SYSTEM = node("FunctionNode", "os", "system")

ATTACKS = {
    # Plain ways to name something that runs.
    "function": SYSTEM,
    "builtin": node("TypeNode", "builtins", "exec"),
    "type": node("TypeNode", "os", "system"),
    "trusted-by-skops function": node("FunctionNode", "numpy", "add"),
    "object of any class": node("ObjectNode", "subprocess", "Popen", content=dict_node(args=COMMAND)),
    "reduce constructor": node("ConstructorFromReduceNode", "os", "system", content=tuple_node(COMMAND)),
    "partial": node(
        "PartialNode", "functools", "partial",
        content={"func": SYSTEM, "args": tuple_node(COMMAND), "kwds": dict_node(), "namespace": json_node(None)},
    ),
    "methodcaller": node("OperatorFuncNode", "operator", "methodcaller", attrs=tuple_node(json_node("system"))),
    "attrgetter": node("OperatorFuncNode", "operator", "attrgetter", attrs=tuple_node(json_node("__class__"))),
    # CVE-2025-54412: the operator node that passed for a scikit-learn class.
    "operator with a trusted name": node(
        "OperatorFuncNode", "sklearn.linear_model._stochastic_gradient.SGDRegressor", "call",
        attrs=tuple_node(node("TypeNode", "skops.io", "loads"), node("BytesNode", "builtins", "bytes", file="1.npy")),
    ),
    # CVE-2025-54413: the method node that reached into an object.
    "method": node(
        "MethodNode", "sklearn.linear_model._ridge", "Ridge",
        content={"func": "__init_subclass__", "obj": node("ObjectNode", "sklearn.linear_model._ridge", "Ridge", content=dict_node())},
    ),
    # Loaders that call whatever class they are told, with content of the file.
    "list of another type": node("ListNode", "builtins", "exec", content=[COMMAND]),
    "set of another type": node("SetNode", "os", "system", content=[COMMAND]),
    "set": node("SetNode", "builtins", "set", content=[]),
    "tuple of another type": node("TupleNode", "os", "terminal_size", content=[json_node(1)]),
    "dict of another type": node("DictNode", "collections", "Counter", content={}, key_types=list_node()),
    "default dict": node("DefaultDictNode", "collections", "defaultdict", content={"main": dict_node(), "default_factory": SYSTEM}),
    "key type that runs": dict_node(node("TypeNode", "os", "system"), executed=json_node(1)),
    "key type by another node": dict_node(list_node(), executed=json_node(1)),
    "array of another type": node("NdArrayNode", "os", "system", type="numpy", file="1.npy"),
    "matrix": node("NdArrayNode", "numpy", "matrix", type="numpy", file="1.npy"),
    "random state": node("RandomStateNode", "os", "system", content=dict_node()),
    "honest random state": node("RandomStateNode", "numpy.random.mtrand", "RandomState", content=dict_node()),
    "generator": node("RandomGeneratorNode", "numpy.random._generator", "Generator", content={"bit_generator": dict_node(), "seed_seq": dict_node()}),
    "loss": node("LossNode", "os", "system", __reduce__={"args": tuple_node(COMMAND)}, content=dict_node()),
    "tree": node("TreeNode", "sklearn.tree._tree", "Tree", __reduce__={"args": tuple_node()}, content=dict_node()),
    "quantile forest": node("QuantileForestNode", "os", "system", content=dict_node()),
    "masked array": node("MaskedArrayNode", "numpy.ma", "MaskedArray", content={}),
    "sparse matrix": node("SparseMatrixNode", "scipy.sparse._csr", "csr_matrix", type="scipy", file="1.npy"),
    "object array": node("NdArrayNode", "numpy", "ndarray", type="json", content=[SYSTEM], shape=tuple_node(json_node(1))),
    "bytes": node("BytesNode", "builtins", "bytes", file="1.npy"),
    "slice": node("SliceNode", "builtins", "slice", content={"start": SYSTEM, "stop": 1, "step": 1}),
    "cached": node("CachedNode", "builtins", "str", __id__=1),
    "unknown loader": node("EvilNode", "os", "system"),
    # Estimators, but not ours.
    "estimator off the list": node("ObjectNode", "sklearn.preprocessing._function_transformer", "FunctionTransformer", content=dict_node()),
    "trees with raw indices": node("ObjectNode", "sklearn.ensemble._forest", "RandomForestRegressor", content=dict_node()),
    "ours, but no estimator": node("ObjectNode", "seqexpr.models.registry", "ModelSpec", content=dict_node()),
    "ours, but elsewhere": node("ObjectNode", "seqexpr.registry", "Registry", content=dict_node()),
    "a name that ours imports": node("ObjectNode", "seqexpr.models.registry", "Pipeline", content=dict_node()),
    "ours, but not there": node("ObjectNode", "seqexpr.models.no_such_room", "Model", content=dict_node()),
    "ours, with a path": node("ObjectNode", "seqexpr.models/../../evil", "Model", content=dict_node()),
    # Shapes that our own files never have.
    "json with a tree": node("JsonNode", "builtins", "str", content="[1, 2]", is_json=True),
    "json that is none": node("JsonNode", "builtins", "str", content="touch executed", is_json=True),
    "json without text": node("JsonNode", "builtins", "str", content=[1], is_json=True),
    "an odd part": json_node(1) | {"extra": 1},
    "a missing part": node("ListNode", "builtins", "list"),
    "no node": 17,
    "a node without a class": {"__loader__": "JsonNode", "content": "1"},
    "a list without items": node("ListNode", "builtins", "list", content={"0": COMMAND}),
    "more keys than types": node("DictNode", "builtins", "dict", content={"a": json_node(1)}, key_types=list_node()),
    "key types that are no list": node(
        "DictNode", "builtins", "dict", content={}, key_types=tuple_node()
    ),
    "attributes that are none": node("ObjectNode", "sklearn.linear_model._ridge", "Ridge", content=list_node()),
    "a class as attribute": node("ObjectNode", "sklearn.linear_model._ridge", "Ridge", content=dict_node(__class__=json_node(1))),
    "a cache folder": node("ObjectNode", "sklearn.pipeline", "Pipeline", content=dict_node(memory=json_node("/tmp/pickles"))),
    "a type for an array": node("DTypeNode", "numpy", "dtype", content=SYSTEM),
    "a number for an array": node("DTypeNode", "numpy", "dtype", content=json_node(1)),
    "an array that is not there": node("NdArrayNode", "numpy", "ndarray", type="numpy", file="999999.npy"),
    "an array by a path": node("NdArrayNode", "numpy", "ndarray", type="numpy", file="../1.npy"),
    "an id that is none": list_node() | {"__id__": "1"},
    "an id that is true": list_node() | {"__id__": True},
    "a stolen id": list_node() | {"__id__": 1},
    "boosted trees that go round": json_node("tree\nTree=0\n"),
}  # fmt: skip


def plant(attack: object):
    return lambda schema: schema["content"]["content"].__setitem__("verbose", attack)


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_an_attack_is_refused_before_skops_sees_it(honest, tools, attack, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        "skops.io.loads", lambda *_, **__: pytest.fail("skops was asked to open it")
    )
    crafted = tools.craft(honest, plant(attack))
    with pytest.raises(BundleError, match=r"model: estimator.skops is refused: ") as caught:
        load_estimator(crafted, where="model")
    assert str(caught.value).count("\n") <= 1
    assert list(tmp_path.iterdir()) == []


def test_the_untouched_file_passes(honest, tools):
    model, types = load_estimator(tools.craft(honest), where="model")
    assert types == (
        "sklearn.linear_model._ridge.Ridge",
        "sklearn.pipeline.Pipeline",
        "sklearn.preprocessing._data.StandardScaler",
    )
    assert model.predict(np.zeros((1, 2))).shape == (1,)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("protocol", 0, "protocol 0, not 2"),  # its loaders are laxer
        ("protocol", 1, "protocol 1, not 2"),
        ("protocol", 3, "protocol 3, not 2"),
        ("protocol", True, "protocol True, not 2"),
        ("protocol", None, "protocol None, not 2"),
        ("__loader__", "FunctionNode", "does not hold an estimator"),
        ("__class__", "system", "sklearn.pipeline.system"),
        ("__module__", "os", "os.Pipeline"),
    ],
)
def test_the_root_is_checked(honest, tools, key, value, message):
    with pytest.raises(BundleError, match=message):
        audit_estimator(
            tools.craft(honest, lambda schema: schema.__setitem__(key, value)), where="model"
        )


def npy(array: np.ndarray, **options: bool) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, **options)
    return buffer.getvalue()


HONEST_ARRAY = npy(np.arange(4.0))
BAD_ARRAYS = {
    "pickle": (npy(np.array([{}], dtype=object), allow_pickle=True), "holds object"),
    "structure": (npy(np.zeros(2, dtype=[("a", "f8")])), "not plain numbers"),
    "dates": (npy(np.zeros(2, dtype="M8[D]")), "not plain numbers"),
    "bare pickle": (b"\x80\x04\x95\x0b\x00\x00\x00", "is not a numpy array"),
    "nothing": (b"", "is not a numpy array"),
    # A header of 128 bytes that asks for 8 terabytes.
    "bomb": (HONEST_ARRAY.replace(b"(4,), }" + b" " * 12, b"(1000000000000,), }"), "not as long as its shape"),
    "negative": (HONEST_ARRAY.replace(b"(4,), } ", b"(-4,), }"), "not as long as its shape"),
    "cut short": (HONEST_ARRAY[:-1], "not as long as its shape"),
    "too long": (HONEST_ARRAY + b"x", "not as long as its shape"),
    "version": (HONEST_ARRAY[:6] + b"\x03\x00" + HONEST_ARRAY[8:], "is of version"),
    "header that runs": (HONEST_ARRAY.replace(b"'<f8'", b"f()  "), "is not a numpy array"),
}  # fmt: skip


@pytest.mark.parametrize(("data", "message"), BAD_ARRAYS.values(), ids=BAD_ARRAYS)
def test_an_array_is_refused_by_its_header(honest, tools, data, message):
    assert message in check_npy(io.BytesIO(data), len(data))
    array = node("NdArrayNode", "numpy", "ndarray", type="numpy", file="77.npy")
    with pytest.raises(BundleError, match=message):
        audit_estimator(tools.craft(honest, plant(array), files={"77.npy": data}), where="model")


def test_a_long_header_passes():
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.arange(3), version=(2, 0))
    assert check_npy(io.BytesIO(buffer.getvalue()), len(buffer.getvalue())) == ""


def test_an_object_without_attributes_passes(honest, tools):
    bare = node("ObjectNode", "sklearn.linear_model._ridge", "Ridge", content=json_node(None))
    assert audit_estimator(tools.craft(honest, plant(bare)), where="model")


@pytest.mark.parametrize(
    "array", [np.arange(3), np.float32(2), np.array(["AC"]), np.zeros((0, 4)), np.array(True)]
)
def test_plain_arrays_pass(array):
    data = npy(np.asarray(array))
    assert check_npy(io.BytesIO(data), len(data)) == ""


def test_boosted_trees_cannot_hide_in_an_array_of_text(honest, tools):
    text = node("NdArrayNode", "numpy", "str_", type="numpy", file="77.npy")
    data = npy(np.array("tree\nTree=0\n"))
    with pytest.raises(BundleError, match=r"'77.npy' holds boosted trees"):
        audit_estimator(tools.craft(honest, plant(text), files={"77.npy": data}), where="model")


def test_a_file_that_the_model_does_not_use_is_refused(honest, tools):
    with pytest.raises(BundleError, match=r"'evil.skops', which the model does not use"):
        audit_estimator(tools.craft(honest, files={"evil.skops": b"x"}), where="model")


def test_compression_is_refused_since_it_could_swell(honest, tools):
    with pytest.raises(BundleError, match="is compressed"):
        audit_estimator(tools.craft(honest, compression=zipfile.ZIP_DEFLATED), where="model")


def test_a_second_schema_is_refused(honest):
    buffer = io.BytesIO(honest)
    with (
        zipfile.ZipFile(buffer, "a") as archive,
        pytest.warns(UserWarning, match="Duplicate"),
    ):
        archive.writestr("schema.json", "{}")
    with pytest.raises(BundleError, match="a file occurs twice"):
        audit_estimator(buffer.getvalue(), where="model")


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ("[]", "not a tree of nodes"),
        ("{", "cannot be read"),
        ('{"a":' * 100_000, "cannot be read"),
        ("\xff", "cannot be read"),
    ],
    ids=["list", "half", "deep", "latin"],
)
def test_a_schema_that_is_none(schema, message):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("schema.json", schema.encode("latin-1"))
    with pytest.raises(BundleError, match=message):
        audit_estimator(buffer.getvalue(), where="model")


def test_a_deep_tree_is_refused(honest, tools):
    deep: dict = json_node(1)
    for _ in range(400):
        deep = list_node(deep)
    assert audit_estimator(tools.craft(honest, plant(deep)), where="model")
    buffer = io.BytesIO()
    text = '{"__loader__":"ListNode","__module__":"builtins","__class__":"list","content":['
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("schema.json", text * 50_000)
    with pytest.raises(BundleError, match="cannot be read"):
        audit_estimator(buffer.getvalue(), where="model")


def test_without_a_schema():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("other.json", "{}")
    with pytest.raises(BundleError, match=r"holds no schema.json"):
        audit_estimator(buffer.getvalue(), where="model")
    with pytest.raises(BundleError, match="is not a whole file"):
        audit_estimator(b"PK nothing", where="model")


def test_a_plugin_is_refused_until_it_is_named(tools):
    plugin = tools.GcPlugin().fit(["GC", "AT"], np.array([1.0, 3.0]))
    data = dump_estimator(Pipeline([("regressor", plugin)]))
    (name,) = untrusted_types(data)
    assert name.endswith("conftest.GcPlugin")
    with pytest.raises(BundleError, match=rf"trusted=\('{name}',\)"):
        load_estimator(data, where="model")
    model, types = load_estimator(data, where="model", trusted=(name,))
    assert types == (*sorted((name, "sklearn.pipeline.Pipeline")),)
    assert model.predict(["GCAT"]).tolist() == [1.0]


def test_trust_in_a_class_is_not_trust_in_a_function(honest, tools):
    crafted = tools.craft(honest, plant(SYSTEM))
    with pytest.raises(BundleError, match="FunctionNode"):
        load_estimator(crafted, where="model", trusted=("os.system",))


def test_every_trusted_type_is_an_estimator_that_is_there():
    import importlib

    from sklearn.base import BaseEstimator

    for name in TRUSTED_TYPES:
        module, _, cls = name.rpartition(".")
        assert issubclass(getattr(importlib.import_module(module), cls), BaseEstimator)
