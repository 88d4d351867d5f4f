"""Opening models: what is refused, and that it leaves the process as it was."""

from __future__ import annotations

import json
import shutil
import sys

import pytest

from seqexpr.errors import InputError, MissingExtraError
from seqexpr.features._language_model import PROBE, open_model
from seqexpr.features._model_folder import folder_digest


def opened(folder, **options):
    return open_model(
        folder, folder_digest(folder), **{"precision": "float64", "device": "cpu"} | options
    )


@pytest.fixture
def copied(language_model, tmp_path):
    def copy(kind, **config):
        folder = shutil.copytree(language_model(kind), tmp_path / kind)
        content = json.loads((folder / "config.json").read_text()) | config
        (folder / "config.json").write_text(json.dumps(content))
        return folder

    return copy


@pytest.mark.parametrize("package", ["torch", "transformers"])
def test_without_the_extra_the_pip_line_is_named(tmp_path, monkeypatch, package):
    if package == "transformers":
        pytest.importorskip("torch", reason="the extra lm is not installed")
    monkeypatch.setitem(sys.modules, package, None)  # as if it were not installed
    with pytest.raises(MissingExtraError, match=r'pip install "seqexpr\[lm\]"'):
        opened(tmp_path)


@pytest.mark.parametrize(
    ("kind", "prefix", "suffix"), [("bert", [2], [3]), ("gpt2", [], []), ("esm", [2], [3])]
)
def test_special_tokens_and_room_are_found(language_model, kind, prefix, suffix):
    model = opened(language_model(kind))
    assert (model.prefix, model.suffix) == (prefix, suffix)
    assert model.longest == 64


def test_tokens_are_those_of_the_tokenizer(language_model):
    model = opened(language_model("bert"))
    assert model.tokens(["ACGTN", ""]) == [[5, 6, 7, 8, 1], []]
    assert model.tokens(["ACGTN", ""], special=True) == [[2, 5, 6, 7, 8, 1, 3], [2, 3]]
    assert model.tokens([]) == []
    assert opened(language_model("esm")).tokens(["AAAAACGT"]) == [[5, 6, 69 + 2, 69 + 3]]


def test_windows_hold_each_token_once_and_are_equally_long(language_model):
    model = opened(language_model("bert"))
    windows = model.windows(["", "A", "ACGTACGTACG"], 7)  # room for 5 beside the special ones
    assert [(window.row, window.n_tokens) for window in windows] == [(1, 1), (2, 3), (2, 4), (2, 4)]
    assert all(window.ids[0] == 2 and window.ids[-1] == 3 for window in windows)
    inner = [token for window in windows[1:] for token in window.ids[1:-1]]
    assert inner == model.tokens(["ACGTACGTACG"])[0]


def test_it_leaves_logs_bars_and_random_numbers_alone(copied, capfd):
    import huggingface_hub
    import torch
    import transformers

    folder = copied("bert")
    log = transformers.utils.logging
    before = log.get_verbosity(), log.is_progress_bar_enabled(), torch.random.get_rng_state()
    offline = huggingface_hub.constants.is_offline_mode()
    opened(folder)
    assert (log.get_verbosity(), log.is_progress_bar_enabled()) == before[:2]
    assert huggingface_hub.constants.is_offline_mode() == offline
    assert torch.equal(torch.random.get_rng_state(), before[2])
    assert capfd.readouterr() == ("", "")


def test_the_model_opened_last_is_kept(copied):
    folder = copied("bert")
    first = opened(folder)
    assert opened(folder) is first
    assert opened(folder, precision="float32") is not first


FAULTS = [
    ({"model_type": "no-such-architecture"}, "transformers cannot open the model"),
    ({"num_hidden_layers": 3}, r"the weights lack 16 parameters of BertModel \(first: encoder.layer.2"),
    ({"intermediate_size": 64}, "transformers cannot open|the weights lack"),
    ({"model_type": "vit"}, "transformers cannot open|the weights lack"),
]  # fmt: skip


@pytest.mark.parametrize(("config", "message"), FAULTS, ids=[str(c) for c, _ in FAULTS])
def test_weights_that_do_not_fill_the_architecture_are_refused(copied, config, message):
    with pytest.raises(InputError, match=message):
        opened(copied("bert", **config))


def test_no_kernel_is_fetched(copied):
    named = {"_attn_implementation": "someone/kernel"}  # check_folder would refuse it before
    with pytest.raises(InputError, match="transformers cannot open the model"):
        opened(copied("bert", **named))


def test_a_damaged_tokenizer_is_named(copied):
    folder = copied("bert")
    (folder / "tokenizer.json").write_text("{}")
    with pytest.raises(InputError, match="transformers cannot open the model"):
        opened(folder)


def test_a_tokenizer_that_does_not_know_dna_is_named(language_model):
    with pytest.raises(InputError, match=r"does not know 1 of the 1 tokens .* needs kmer=k"):
        opened(language_model("dnabert")).check_vocabulary(PROBE)


def test_a_card_that_is_not_there_is_named(language_model):
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a CUDA device")
    with pytest.raises(InputError, match="torch finds none; pass device='auto'"):
        opened(language_model("bert"), device="cuda")


@pytest.mark.parametrize("layer", [3, -4])
def test_a_layer_that_is_not_there_is_named(language_model, layer):
    with pytest.raises(InputError, match=r"layer must be in \[-3, 2\]"):
        opened(language_model("bert")).pooled([[2, 5, 3]], layer=layer, pooling="mean")
