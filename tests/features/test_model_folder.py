from __future__ import annotations

import json

import pytest

from seqexpr.errors import InputError
from seqexpr.features._model_folder import check_folder, folder_digest


@pytest.fixture
def folder(tmp_path):
    """What the folder of a model looks like; nothing in it can be opened."""
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    (tmp_path / "tokenizer.json").write_text("{}")
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    return tmp_path


def write(folder, name, content):
    (folder / name).write_text(content if isinstance(content, str) else json.dumps(content))


def test_a_whole_folder_passes(folder):
    assert check_folder(folder) == folder
    (folder / "model.safetensors").rename(folder / "model-1.safetensors")
    write(folder, "model.safetensors.index.json", {"weight_map": {"a": "model-1.safetensors"}})
    assert check_folder(folder) == folder


FAULTS = [
    (lambda f: (f / "config.json").unlink(), "holds no config.json, so it is not the folder"),
    (lambda f: write(f, "config.json", "{"), "config.json is not JSON"),
    (lambda f: write(f, "config.json", "[]"), "config.json is a JSON list, not an object"),
    (lambda f: write(f, "config.json", {"auto_map": {}}), "asks for code of its own"),
    (lambda f: write(f, "config.json", {"transformers_weights": "x"}), "names other weights"),
    (lambda f: write(f, "config.json", {"is_encoder_decoder": True, "model_type": "t5"}), "'t5' is an encoder-decoder"),
    (lambda f: write(f, "config.json", {"quantization_config": {"bits": 4}}), "its weights are quantized"),
    (lambda f: write(f, "config.json", {"_attn_implementation": "a/b"}), r"asks for 'a/b' \(_attn_impl"),
    (lambda f: write(f, "config.json", {"parts": [{"attn_implementation": "a/b"}]}), "asks for 'a/b'"),
    (lambda f: write(f, "config.json", {"attn_implementation": {"": "a/b"}}), "asks for {'': 'a/b'}"),
    (lambda f: write(f, "adapter_config.json", "{}"), "holds an adapter"),
    (lambda f: (f / "tokenizer.json").unlink(), "holds no tokenizer"),
    (lambda f: (f / "model.safetensors").unlink(), "must be in model.safetensors, found none"),
    (lambda f: (f / "model.safetensors").rename(f / "pytorch_model.bin"), "only 'pytorch_model.bin', a pickle"),
]  # fmt: skip


@pytest.mark.parametrize(("fault", "message"), FAULTS, ids=[m for _, m in FAULTS])
def test_what_cannot_be_used_is_named(folder, fault, message):
    fault(folder)
    with pytest.raises(InputError, match=message):
        check_folder(folder)


@pytest.mark.parametrize("part", ["../other.safetensors", "missing.safetensors", "model.bin"])
def test_weights_outside_the_folder_are_refused(folder, part):
    (folder / "model.safetensors").rename(folder / "model-1.safetensors")
    (folder / "model.bin").write_bytes(b"")
    write(folder, "model.safetensors.index.json", {"weight_map": {"a": part}})
    with pytest.raises(InputError, match="its index names the weights"):
        check_folder(folder)


def test_a_file_or_nothing_is_not_a_folder(folder):
    for path in (folder / "config.json", folder / "no"):
        with pytest.raises(InputError, match=r"is not a folder; nothing is downloaded"):
            check_folder(path)


def test_the_digest_is_of_contents_and_names(folder, tmp_path_factory):
    before = folder_digest(folder)
    other = tmp_path_factory.mktemp("copy")
    for file in folder.iterdir():
        (other / file.name).write_bytes(file.read_bytes())
    assert folder_digest(other) == before
    (other / "README.md").write_text("not read by any model")
    assert folder_digest(other) == before
    (other / "model.safetensors").write_bytes(b"weightz")
    assert folder_digest(other) != before
    (folder / "tokenizer.json").rename(folder / "vocab.json")
    assert folder_digest(folder) != before
