from __future__ import annotations

import hashlib
import io
import json
import pickletools
import zipfile

import numpy as np
import pytest
from sklearn.pipeline import Pipeline

from seqexpr.bundle.archive import zip_bundle
from seqexpr.bundle.bundle import sequence_digests
from seqexpr.bundle.store import load_bundle, save_bundle
from seqexpr.errors import BundleError, OutputError, SequenceError
from seqexpr.sequences import reverse_complement

FILES = {"README.md", "estimator.skops", "manifest.json", "train_digests.npy"}


def test_a_loaded_model_predicts_what_it_did(bundle, training_set, tools):
    sequences = list(training_set.sequences)
    expected = tools.fitted("ridge", training_set).predict(sequences)
    loaded = load_bundle(bundle)
    np.testing.assert_array_equal(loaded.predict(sequences)[:, 0], expected)
    np.testing.assert_array_equal(loaded.predict(sequences, batch_size=7)[:, 0], expected)
    assert loaded.predict([]).shape == (0, 1)
    assert loaded.target_names == ("expression",)
    assert loaded.transform.kind == "none"


def test_the_folder_holds_four_files_and_the_manifest_knows_them(bundle):
    assert {path.name for path in bundle.iterdir()} == FILES
    manifest = load_bundle(bundle).manifest
    assert set(manifest.files) == FILES - {"manifest.json"}
    for name, record in manifest.files.items():
        data = (bundle / name).read_bytes()
        assert (record.sha256, record.size) == (hashlib.sha256(data).hexdigest(), len(data))


def test_the_manifest_says_where_the_model_comes_from(bundle, training_set):
    manifest = load_bundle(bundle).manifest
    assert manifest.data.train_sha256 == training_set.sha256
    assert (manifest.input.min_length, manifest.input.max_length) == (
        min(map(len, training_set.sequences)), max(map(len, training_set.sequences)),
    )  # fmt: skip
    assert {score.metric for score in manifest.scores} == {"pearson", "mse"}
    assert len(manifest.scores) == 4  # two sets by two metrics, of this model only
    assert "ACGTNACGTACGTACGTAGGCATTATTACGACGATC" in manifest.golden.sequences
    assert manifest.model.untrusted == ()
    assert manifest.recipe["table"] == "library.csv"


def test_a_run_folder_and_a_zip_are_loaded_too(bundle, tmp_path, training_set):
    packed = zip_bundle(bundle, tmp_path / "m.zip")
    sequences = list(training_set.sequences[:5])
    for path in (tmp_path, packed, str(bundle)):
        np.testing.assert_array_equal(
            load_bundle(path).predict(sequences), load_bundle(bundle).predict(sequences)
        )
    by_hand = tmp_path / "hand.zip"  # as a file browser packs it: in a folder, with its litter
    with zipfile.ZipFile(by_hand, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.mkdir("my model")
        for path in bundle.iterdir():
            archive.write(path, f"model/{path.name}")
        archive.writestr("__MACOSX/model/._manifest.json", b"x")
    assert load_bundle(by_hand).manifest == load_bundle(bundle).manifest


def test_two_targets(tools, tmp_path):
    data = tools.dataset_of(tools.random_sequences(40), 2)
    loaded = load_bundle(tools.save(tmp_path / "m", tools.fitted("ridge", data), data))
    assert loaded.target_names == ("expression", "leak")
    assert loaded.predict(["ACGTACGTAC"]).shape == (1, 2)


def test_the_cores_are_those_of_this_machine(tools, tmp_path, training_set):
    model = tools.fitted("ridge", training_set)
    model.set_params(features__n_jobs=4000, regressor__n_jobs=4000)
    loaded = load_bundle(tools.save(tmp_path / "m", model, training_set))
    assert 1 <= loaded.model.get_params()["features__n_jobs"] < 4000
    assert 1 <= loaded.model.get_params()["regressor__n_jobs"] < 4000
    assert model.get_params()["features__n_jobs"] == 4000


def test_sequences_are_repaired_as_in_training(bundle):
    loaded = load_bundle(bundle)
    clean, odd = loaded.predict(["ACGTTGCAACGT", " acguugca\nACGT "])
    assert clean == odd
    with pytest.raises(SequenceError, match="sequence 1: not DNA: '!' at position 2"):
        loaded.predict(["ACGT", "A!"])
    with pytest.raises(SequenceError, match="sequence 0: no sequence"):
        loaded.predict([""])
    with pytest.raises(SequenceError, match="expected a list"):
        loaded.predict("ACGT")


def test_sequences_of_the_training_set_are_known_on_both_strands(bundle, training_set):
    loaded = load_bundle(bundle)
    known = [
        training_set.sequences[3],
        reverse_complement(training_set.sequences[4]),
        training_set.sequences[5].lower(),
    ]
    assert loaded.count_seen([*known, "ACGTTTTTTT"]) == 3
    assert sequence_digests([]).shape == (0,)


def test_it_says_what_it_is(bundle):
    text = repr(load_bundle(bundle))
    assert "expression (a.u.)" in text
    assert "Pearson 0.800 [0.700, 0.900]" in text
    assert "60 sequences of" in text


def test_a_plugin_is_saved_and_loaded_when_it_is_named(tools, tmp_path, training_set):
    model = Pipeline([("regressor", tools.GcPlugin())]).fit(
        list(training_set.sequences), training_set.targets[:, 0]
    )
    path = tools.save(tmp_path / "m", model, training_set, name="plugin")
    with pytest.raises(BundleError, match="not on the list of trusted types"):
        load_bundle(path)
    card = (path / "README.md").read_text(encoding="utf-8")
    (name,) = json.loads((path / "manifest.json").read_text())["model"]["untrusted"]
    assert f"trusted=('{name}',)" in card
    assert load_bundle(path, trusted=(name,)).predict(["GGCC"]).shape == (1, 1)


# What a bundle does not survive


def test_a_byte_changed(bundle):
    for name in sorted(FILES):
        data = (bundle / name).read_bytes()
        position = len(data) // 2
        (bundle / name).write_bytes(
            data[:position] + bytes([data[position] ^ 1]) + data[position + 1 :]
        )
        with pytest.raises(BundleError, match=r"was changed after it was written|is damaged"):
            load_bundle(bundle)
        (bundle / name).write_bytes(data)
    assert load_bundle(bundle)


def test_a_file_cut_short_emptied_missing_or_added(bundle):
    for name in sorted(FILES - {"manifest.json"}):
        data = (bundle / name).read_bytes()
        (bundle / name).write_bytes(data[:-1])
        with pytest.raises(
            BundleError, match=f"{name}' is .* bytes long, the manifest says .* cut short"
        ):
            load_bundle(bundle)
        (bundle / name).unlink()
        with pytest.raises(BundleError, match=f"{name}' is missing"):
            load_bundle(bundle)
        (bundle / name).write_bytes(data)
    (bundle / "extra.py").write_text("x")
    with pytest.raises(BundleError, match=r"'extra.py' is not in the manifest; move it out"):
        load_bundle(bundle)


def test_a_digest_edited_in_the_manifest(bundle, tools):
    def edit(content):
        content["files"]["README.md"]["sha256"] = "0" * 64

    tools.rewrite_manifest(bundle, edit)
    with pytest.raises(BundleError, match=r"'README.md' was changed after it was written"):
        load_bundle(bundle)


@pytest.mark.parametrize("name", ["../../evil", "/etc/passwd", "sub/file"])
def test_a_path_in_the_manifest_is_never_followed(bundle, tools, name):
    record = {"sha256": "0" * 64, "size": 1}
    tools.rewrite_manifest(bundle, lambda content: content["files"].__setitem__(name, record))
    with pytest.raises(BundleError, match=f"'{name}' is missing"):
        load_bundle(bundle)


def test_a_forged_estimator_with_right_digests(bundle, tools, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    honest = (bundle / "estimator.skops").read_bytes()

    def plant(schema):
        schema["content"]["content"]["verbose"] = {
            "__loader__": "OperatorFuncNode", "__module__": "operator", "__class__": "methodcaller",
            "attrs": {"__loader__": "TupleNode", "__module__": "builtins", "__class__": "tuple", "content": []},
        }  # fmt: skip

    tools.replace_file(bundle, "estimator.skops", tools.craft(honest, plant))
    with pytest.raises(
        BundleError, match=r"estimator.skops is refused: it holds a OperatorFuncNode"
    ):
        load_bundle(bundle)


def test_a_golden_prediction_that_differs(bundle, tools):
    def edit(content):
        content["golden"]["predictions"][2][0] += 1e-3
        content["packages"]["numpy"] = "1.0"

    tools.rewrite_manifest(bundle, edit)
    with pytest.raises(
        BundleError, match=r"golden prediction 3 of \d+ is .*since then: numpy 1.0 → "
    ):
        load_bundle(bundle)


def test_changed_coefficients_with_right_digests_are_seen_by_the_golden_predictions(bundle, tools):
    honest = (bundle / "estimator.skops").read_bytes()
    with zipfile.ZipFile(io.BytesIO(honest)) as archive:
        arrays = {
            n: np.load(io.BytesIO(archive.read(n)))
            for n in archive.namelist()
            if n.endswith(".npy")
        }
    largest = max(arrays, key=lambda n: arrays[n].size)
    buffer = io.BytesIO()
    np.save(buffer, arrays[largest] * 1.01)
    tools.replace_file(
        bundle, "estimator.skops", tools.craft(honest, files={largest: buffer.getvalue()})
    )
    with pytest.raises(BundleError, match="golden prediction"):
        load_bundle(bundle)


def test_digests_of_the_training_set_that_are_no_array(bundle, tools):
    tools.replace_file(bundle, "train_digests.npy", b"\x80\x04.")
    with pytest.raises(BundleError, match=r"train_digests.npy is not a numpy array"):
        load_bundle(bundle)


def test_a_damaged_transform(bundle, tools):
    tools.rewrite_manifest(bundle, lambda content: content["transform"].__setitem__("kind", "log9"))
    with pytest.raises(BundleError, match="not a target transform"):
        load_bundle(bundle)


def test_a_bundle_that_is_too_large(bundle):
    with pytest.raises(
        BundleError, match="more than the 1,000 that are read; if that is right, raise max_bytes"
    ):
        load_bundle(bundle, max_bytes=1_000)


def test_what_is_no_bundle(bundle, tmp_path):
    (tmp_path / "table.csv").write_text("a,b\n")
    (tmp_path / "empty").mkdir()
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "first").symlink_to(tmp_path)
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("a.txt", "x")
    cases = {
        "modle": r"modle does not exist; did you mean 'model'\? pass a run folder",
        "zebra": "zebra does not exist; pass a run folder",
        "table.csv": "table.csv is not a whole .zip file",
        "empty": "empty holds no manifest.json and no model/manifest.json",
        "runs": r"did you mean '.*first'\?",
        "other.zip": "other.zip holds no manifest.json",
        "model/estimator.skops": "is one file of a bundle; pass its folder",
    }
    for name, message in cases.items():
        with pytest.raises(BundleError, match=message) as caught:
            load_bundle(tmp_path / name)
        assert str(caught.value).count("\n") <= 1


# How it is written


def test_there_is_no_pickle_anywhere(bundle):
    members = {path.name: path.read_bytes() for path in bundle.iterdir()}
    with zipfile.ZipFile(bundle / "estimator.skops") as archive:
        members |= {name: archive.read(name) for name in archive.namelist()}
    loaders = set()
    for name, data in members.items():
        if name.endswith(".npy"):
            assert not np.load(io.BytesIO(data), allow_pickle=False).dtype.hasobject
        elif name == "schema.json":
            loaders = {part.split('"')[0] for part in data.decode().split('"__loader__":"')[1:]}
        if not name.endswith(".skops"):
            with pytest.raises(Exception, match=r"."):
                list(pickletools.genops(data))
    assert loaders <= {
        "ObjectNode",
        "DictNode",
        "ListNode",
        "TupleNode",
        "JsonNode",
        "TypeNode",
        "NdArrayNode",
        "DTypeNode",
    }


def test_the_same_model_gives_the_same_files(bundle, tmp_path, training_set, tools):
    again = tools.save(tmp_path / "again", tools.fitted("ridge", training_set), training_set)
    for name in ("estimator.skops", "train_digests.npy"):
        assert (again / name).read_bytes() == (bundle / name).read_bytes()


def test_an_older_bundle_is_replaced_whole(bundle, training_set, tools):
    (bundle / "extra.py").write_text("x")
    tools.save(bundle, tools.fitted("mean", training_set), training_set, name="mean")
    assert load_bundle(bundle).manifest.model.name == "mean"
    assert [p.name for p in bundle.parent.iterdir()] == ["model"]


def test_nothing_is_left_when_a_model_cannot_be_saved(tmp_path, training_set, tools):
    model = Pipeline([("regressor", tools.GcPlugin())]).fit(
        list(training_set.sequences), training_set.targets[:, 0]
    )
    model.named_steps["regressor"].extra_ = (i for i in range(3))
    with pytest.raises(BundleError, match="cannot be saved without pickle"):
        tools.save(tmp_path / "m", model, training_set, name="plugin")
    model.named_steps["regressor"].extra_ = np.sum  # skops would keep it, our audit does not
    with pytest.raises(BundleError, match=r"cannot be saved: .*FunctionNode"):
        tools.save(tmp_path / "m", model, training_set, name="plugin")
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_left_when_the_disk_is_full(tmp_path, training_set, tools, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    model = tools.fitted("mean", training_set)
    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    with pytest.raises(OutputError, match=r"cannot write .*No space left on device"):
        tools.save(tmp_path / "m", model, training_set, name="mean")
    monkeypatch.undo()
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written(training_set, tools, tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="cannot write"):
        tools.save(
            tmp_path / "file" / "m", tools.fitted("mean", training_set), training_set, name="mean"
        )


def test_a_model_that_changes_on_the_way_is_not_saved(training_set, tools, tmp_path, monkeypatch):
    model = tools.fitted("mean", training_set)
    other = tools.fitted("mean", tools.dataset_of(["GCGCGCGC", "GCGCGC"]))
    monkeypatch.setattr("seqexpr.bundle.store.load_estimator", lambda *_, **__: (other, ("a",)))
    with pytest.raises(BundleError, match="the saved model: golden prediction"):
        tools.save(tmp_path / "m", model, training_set, name="mean")


def test_save_bundle_returns_its_folder(bundle):
    assert save_bundle.__annotations__["return"] == "Path"
    assert bundle.is_dir()
