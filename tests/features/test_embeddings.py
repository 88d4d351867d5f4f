from __future__ import annotations

import shutil

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from seqexpr.bundle.estimator import dump_estimator, load_estimator
from seqexpr.errors import InputError
from seqexpr.features.embeddings import LanguageModelEmbeddings
from seqexpr.models.ridge import RidgePathRegressor
from seqexpr.testing.featurizers import check_batches, check_featurizer, check_odd_sequences
from seqexpr.testing.models import check_saves

MIXED = ["ACGTACGTAC", "GGGTT", "TTACGNTCGA", "A", "CGATTTTACA" * 5]


@pytest.fixture
def sequences():
    rng = np.random.default_rng(3)
    return ["".join(rng.choice(list("ACGT"), size=n)) for n in rng.integers(10, 60, size=40)]


def by_hand(folder, texts, *, layer=-1, pooling="mean"):
    """One padded batch through transformers, then a masked mean or maximum, in float64."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModel.from_pretrained(
        folder, dtype=torch.float64, attn_implementation="eager"
    ).eval()
    batch = tokenizer(texts, padding=True, return_tensors="pt", return_token_type_ids=False)
    with torch.inference_mode():
        states = model(**batch, output_hidden_states=True).hidden_states[layer].numpy()
    rows = []
    for state, ids, mask in zip(
        states, batch["input_ids"].numpy(), batch["attention_mask"].numpy(), strict=True
    ):
        inner = state[(mask == 1) & ~np.isin(ids, [2, 3])]  # [CLS] and [SEP]
        rows.append(
            {"mean": inner.mean(axis=0), "max": inner.max(axis=0), "cls": state[0]}[pooling]
        )
    return np.array(rows)


@pytest.mark.parametrize("kind", ["bert", "esm", "gpt2"])
@pytest.mark.parametrize(
    ("layer", "pooling"), [(-1, "mean"), (1, "max"), (-2, "mean"), (0, "mean")]
)
def test_it_is_the_masked_pool_of_hidden_states(language_model, kind, layer, pooling):
    folder = language_model(kind)
    found = LanguageModelEmbeddings(folder, layer=layer, pooling=pooling).fit_transform(MIXED)
    assert found.dtype == np.float32
    wanted = by_hand(folder, MIXED, layer=layer, pooling=pooling)
    np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-7)
    assert np.ptp(found, axis=0).max() > 0.01  # and sequences differ


def test_the_first_token_is_there_to_pool(language_model):
    folder = language_model("bert")
    found = LanguageModelEmbeddings(folder, pooling="cls").fit_transform(MIXED)
    np.testing.assert_allclose(found, by_hand(folder, MIXED, pooling="cls"), rtol=1e-6, atol=1e-7)
    with pytest.raises(InputError, match="its tokenizer puts no token before a sequence"):
        LanguageModelEmbeddings(language_model("gpt2"), pooling="cls").fit(MIXED)


def test_kmers_between_spaces_for_dnabert(language_model):
    folder = language_model("dnabert")
    with pytest.raises(InputError, match="needs kmer=k"):
        LanguageModelEmbeddings(folder).fit([])
    found = LanguageModelEmbeddings(folder, kmer=4).fit_transform(["ACGTAC", "ACG"])
    wanted = by_hand(folder, ["ACGT CGTA GTAC"])
    np.testing.assert_allclose(found[:1], wanted, rtol=1e-6, atol=1e-7)
    assert (found[1] == 0).all()  # shorter than a k-mer


def test_it_passes_every_check_of_a_featurizer(language_model):
    check_featurizer(LanguageModelEmbeddings(str(language_model("bert"))))


@pytest.mark.parametrize("kind", ["esm", "gpt2"])
def test_rows_do_not_depend_on_their_batch(language_model, sequences, kind):
    featurizer = LanguageModelEmbeddings(language_model(kind), batch_size=7)
    check_batches(featurizer, sequences)
    check_odd_sequences(featurizer, sequences)


def test_batch_size_changes_nothing(language_model, sequences):
    same_length = [sequence[:10] for sequence in sequences]
    first, *others = [
        LanguageModelEmbeddings(language_model("bert"), batch_size=n).fit_transform(same_length)
        for n in (1, 3, 64)
    ]
    for other in others:
        np.testing.assert_allclose(other, first, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("pooling", ["mean", "max"])
def test_a_long_sequence_is_pooled_over_windows(language_model, pooling):
    folder = language_model("bert")
    whole = "".join(np.random.default_rng(0).choice(list("ACGT"), size=150))
    found = LanguageModelEmbeddings(folder, pooling=pooling).fit_transform([whole])
    # 62 places for bases in 64 tokens: three windows of 50.
    parts = by_hand(folder, [whole[i : i + 50] for i in (0, 50, 100)], pooling=pooling)
    wanted = parts.mean(axis=0) if pooling == "mean" else parts.max(axis=0)
    np.testing.assert_allclose(found[0], wanted, rtol=1e-6, atol=1e-7)


def test_windows_weigh_by_their_tokens(language_model):
    folder = language_model("gpt2")
    found = LanguageModelEmbeddings(folder, max_length=3).fit_transform(["ACGTA"])
    parts = by_hand(folder, ["AC", "GTA"])
    np.testing.assert_allclose(found[0], (2 * parts[0] + 3 * parts[1]) / 5, rtol=1e-6, atol=1e-7)


def test_single_precision_is_not_far_off(language_model, sequences):
    folder = language_model("bert")
    single = LanguageModelEmbeddings(folder, precision="float32").fit_transform(sequences)
    double = LanguageModelEmbeddings(folder).fit_transform(sequences)
    np.testing.assert_allclose(single, double, rtol=1e-3, atol=1e-5)


# --- the cache -----------------------------------------------------------------------------


@pytest.fixture
def stored(language_model, tmp_path, sequences):
    """Embeddings with a cache, filled for `sequences`, and what they are."""
    featurizer = LanguageModelEmbeddings(language_model("bert"), cache=tmp_path / "cache")
    return featurizer, featurizer.fit_transform(sequences), tmp_path / "cache"


def test_what_is_cached_is_read_and_not_computed(stored, sequences):
    featurizer, first, folder = stored
    before = {file: file.read_bytes() for file in folder.glob("*/*")}
    for file in before:  # other numbers, with a digest that holds: they can only come from here
        replace_vectors(file)
    again = featurizer.transform([*sequences, "ACGTT"])
    assert (again[:-1] == 7).all()
    assert not (again[-1] == 7).any()
    assert (clone(featurizer).set_params(cache=None).fit_transform(sequences) == first).all()


def replace_vectors(file):
    import hashlib

    content = bytearray(file.read_bytes()[32:])
    records = np.frombuffer(content, dtype=[("name", "V32"), ("vector", "<f4", (16,))])
    records["vector"] = 7
    file.write_bytes(hashlib.sha256(content).digest() + bytes(content))


def test_nothing_is_written_where_all_is_known(stored, sequences):
    featurizer, first, folder = stored
    before = {file: file.stat().st_ino for file in folder.glob("*/*")}
    again = featurizer.transform([sequence.lower() for sequence in sequences[::-1]])
    assert (again == first[::-1]).all()
    assert {file: file.stat().st_ino for file in folder.glob("*/*")} == before


def test_a_damaged_entry_is_computed_again(stored, sequences):
    featurizer, first, folder = stored
    files = sorted(folder.glob("*/*"))
    for file in files[::2]:
        file.write_bytes(file.read_bytes()[:-3] + b"bad")
    assert (featurizer.transform(sequences) == first).all()
    assert not any(file.read_bytes().endswith(b"bad") for file in files)


@pytest.mark.parametrize(
    "other",
    [{"layer": 1}, {"pooling": "max"}, {"max_length": 20}, {"precision": "float32"}],
    ids=str,
)
def test_other_parameters_do_not_share(stored, sequences, other):
    featurizer, _, folder = stored
    changed = clone(featurizer).set_params(**other).fit(sequences)
    wanted = clone(changed).set_params(cache=None).fit(sequences).transform(sequences)
    assert (changed.transform(sequences) == wanted).all()
    assert len(list(folder.iterdir())) == 2


def test_a_cache_that_cannot_be_written_costs_no_result(language_model, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    featurizer = LanguageModelEmbeddings(language_model("bert"), cache=str(tmp_path / "file"))
    with pytest.warns(UserWarning, match="embeddings were not kept: cannot write"):
        found = featurizer.fit_transform(MIXED)
    assert (found == clone(featurizer).set_params(cache=None).fit_transform(MIXED)).all()


def test_auto_is_the_users_folder(language_model, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    LanguageModelEmbeddings(language_model("bert"), cache="auto").fit_transform(MIXED)
    assert list((tmp_path / "seqexpr" / "embeddings").glob("*/??.vectors"))


# --- saving --------------------------------------------------------------------------------


def pipeline(folder, **options):
    features = LanguageModelEmbeddings(folder, **options)
    return Pipeline([("features", features), ("regressor", RidgePathRegressor())])


def test_a_pipeline_is_saved_as_plain_state(language_model, tmp_path):
    check_saves(pipeline(language_model("bert"), cache=tmp_path))


@pytest.fixture
def saved(language_model, tmp_path, sequences):
    """A saved pipeline, what it predicts, and the folder of its model, free to be changed."""
    folder = shutil.copytree(language_model("bert"), tmp_path / "model")
    model = pipeline(folder, cache=tmp_path / "cache").fit(sequences, np.arange(40.0))
    return dump_estimator(model), model.predict(sequences), folder


def test_a_saved_model_predicts_after_the_audit(saved, sequences):
    data, wanted, folder = saved
    loaded, types = load_estimator(data, where="here")
    assert (loaded.predict(sequences) == wanted).all()
    assert "seqexpr.features.embeddings.LanguageModelEmbeddings" in types
    assert loaded["features"].folder == str(folder)


def test_a_file_from_elsewhere_does_not_choose_where_to_write(saved, monkeypatch, sequences):
    assert load_estimator(saved[0], where="here")[0]["features"].cache is None
    monkeypatch.delattr(LanguageModelEmbeddings, "__getstate__")
    features = LanguageModelEmbeddings("model", cache="/elsewhere")
    data = dump_estimator(Pipeline([("features", features), ("regressor", RidgePathRegressor())]))
    assert load_estimator(data, where="here")[0]["features"].cache is None


def test_a_model_folder_that_moved_is_missed_and_can_be_named(saved, sequences, tmp_path):
    data, wanted, folder = saved
    loaded, _ = load_estimator(data, where="here")
    folder.rename(tmp_path / "moved")
    with pytest.raises(
        InputError, match=r"model, is not there any more; put it back, or say where"
    ):
        loaded.predict(sequences)
    loaded.set_params(features__folder=tmp_path / "moved")
    assert (loaded.predict(sequences) == wanted).all()


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "model.safetensors"])
def test_a_model_folder_that_changed_is_refused(saved, sequences, name):
    data, _, folder = saved
    loaded, _ = load_estimator(data, where="here")
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content + b" ")
    with pytest.raises(InputError, match="holds another language model than the one fitted with"):
        loaded.predict(sequences)


def test_a_relative_folder_is_found_from_elsewhere(language_model, tmp_path, monkeypatch):
    folder = language_model("bert")
    monkeypatch.chdir(folder.parent)
    featurizer = LanguageModelEmbeddings(folder.name).fit(MIXED)
    monkeypatch.chdir(tmp_path)
    assert featurizer.transform(MIXED).shape == (5, 16)
    assert featurizer.folder_ == str(folder.resolve())


# --- parameters ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"pooling": "meen"}, "pooling must be one of 'mean', .* did you mean 'mean'"),
        ({"precision": "float16"}, "precision must be one of 'float64', 'float32', got 'float16'"),
        ({"device": "gpu"}, "device must be one of 'auto', 'cpu', 'cuda'"),
        ({"layer": "last"}, "layer must be an int, got 'last'"),
        ({"kmer": 0}, "kmer must be an int >= 1, got 0"),
        ({"max_length": 2.5}, "max_length must be an int >= 1"),
        ({"batch_size": None}, "batch_size must be an int >= 1, got None"),
        ({"cache": True}, "cache must be the path of a folder, got True"),
        ({"folder": None}, "folder must be the path of a folder, got None"),
    ],
)
def test_a_parameter_out_of_range_is_named(wrong, message):
    with pytest.raises(InputError, match=message):
        LanguageModelEmbeddings("folder").set_params(**wrong).fit(["ACGT"])


@pytest.mark.parametrize("max_length", [2, 65])
def test_max_length_must_fit_the_model(language_model, max_length):
    with pytest.raises(InputError, match=r"max_length must be in \[3, 64\]"):
        LanguageModelEmbeddings(language_model("bert"), max_length=max_length).fit([])


def test_each_column_has_a_name(language_model):
    featurizer = LanguageModelEmbeddings(language_model("bert")).fit([])
    assert featurizer.get_feature_names_out()[[0, 15]].tolist() == ["embedding1", "embedding16"]


def test_nothing_is_loaded_before_it_is_needed():
    import subprocess
    import sys

    code = (
        "import sys, seqexpr.features.embeddings\n"
        "sys.exit(', '.join({'torch', 'transformers'} & set(sys.modules)) or 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
