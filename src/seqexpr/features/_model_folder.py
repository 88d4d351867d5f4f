"""The folder of a Hugging Face model: what may be opened, and a digest of its content."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from seqexpr.errors import InputError
from seqexpr.files import sha256_of_file

__all__ = ["check_folder", "folder_digest"]

SUFFIXES = (".json", ".txt", ".model", ".safetensors")
"""Files of a model folder that what it computes can depend on."""
ATTENTION = (None, "eager", "sdpa")
"""Kinds of attention that torch itself computes."""
VOCABULARIES = ("tokenizer.json", "vocab.txt", "vocab.json", "tokenizer.model", "spiece.model")


def check_folder(folder: Path) -> Path:
    """Return `folder` if it holds a model that can be opened without running anybody's code.

    Raises
    ------
    InputError
        If it is not a folder, or its configuration, tokenizer or safetensors
        weights are missing or ask for anything outside it.
    """
    if not folder.is_dir():
        raise InputError(
            f"the language model {str(folder)!r} is not a folder; nothing is downloaded, so pass "
            "the folder of a model that lies on this machine"
        )
    names = {file.name for file in folder.iterdir()}
    config = _read_json(folder, "config.json")
    if "auto_map" in config:
        raise InputError(
            f"{folder}: its config.json asks for code of its own ('auto_map'), which is never run; "
            "choose a model of an architecture that transformers itself has"
        )
    if "transformers_weights" in config:
        raise InputError(f"{folder}: its config.json names other weights; remove that entry")
    _check_kernels(folder, config)
    if config.get("is_encoder_decoder"):
        raise InputError(
            f"{folder}: {config.get('model_type')!r} is an encoder-decoder, which is not "
            "supported; choose an encoder or a causal model"
        )
    if "adapter_config.json" in names:
        raise InputError(
            f"{folder} holds an adapter, whose weights need a second model; merge them first"
        )
    if not names & set(VOCABULARIES):
        raise InputError(
            f"{folder} holds no tokenizer (none of {', '.join(VOCABULARIES)}); save it there too: "
            "tokenizer.save_pretrained(folder)"
        )
    _check_weights(folder, names)
    return folder


def _check_kernels(folder: Path, config: object) -> None:
    """Refuse, at any depth, what makes transformers fetch compiled code and run it.

    It prefers an attention that config.json names to the one it is asked for,
    and "owner/name" is a package of kernels on the hub.
    """
    if isinstance(config, list):
        for item in config:
            _check_kernels(folder, item)
    if not isinstance(config, dict):
        return
    for key, value in config.items():
        if "quantization_config" in key and value:
            raise InputError(
                f"{folder}: its weights are quantized, which is not supported; choose a model in "
                "float32 or float16"
            )
        if key.strip("_").startswith(("attn_impl", "experts_impl")) and value not in ATTENTION:
            raise InputError(
                f"{folder}: its config.json asks for {value!r} ({key}), compiled code that may "
                "have to be fetched; remove that entry"
            )
        _check_kernels(folder, value)


def _read_json(folder: Path, name: str) -> dict[str, Any]:
    try:
        content = json.loads((folder / name).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(
            f"{folder} holds no {name}, so it is not the folder of a Hugging Face model"
        ) from None
    except ValueError as error:  # UnicodeDecodeError and JSONDecodeError
        raise InputError(f"{folder}: {name} is not JSON ({error})") from error
    if not isinstance(content, dict):
        raise InputError(f"{folder}: {name} is a JSON {type(content).__name__}, not an object")
    return content


def _check_weights(folder: Path, names: set[str]) -> None:
    """Refuse pickles, and an index that names files which the digest does not cover."""
    if "model.safetensors" in names:
        return
    if "model.safetensors.index.json" in names:
        parts = _read_json(folder, "model.safetensors.index.json").get("weight_map", {})
        for part in sorted(set(parts.values())):
            if part not in names or not part.endswith(".safetensors"):
                raise InputError(f"{folder}: its index names the weights {part!r}, not there")
        return
    pickles = sorted(n for n in names if n.endswith((".bin", ".pt", ".pth", ".ckpt")))
    found = f"only {pickles[0]!r}, a pickle, which could run code" if pickles else "none"
    raise InputError(
        f"{folder}: weights must be in model.safetensors, found {found}; on a machine where you "
        "trust the model, open it and run model.save_pretrained(folder)"
    )


def folder_digest(folder: Path) -> str:
    """Return the SHA-256 digest of a model's configuration, tokenizer and weights.

    It covers the names and contents of the ``.json``, ``.txt``, ``.model`` and
    ``.safetensors`` files of the folder itself, in order of name. A file is
    read again only if its size, time or inode has changed in this process.
    """
    digest = hashlib.sha256()
    for file in sorted(folder.iterdir()):
        if file.suffix in SUFFIXES and file.is_file():
            status = file.stat()
            stamp = (status.st_size, status.st_mtime_ns, status.st_ino)
            digest.update(f"{file.name}\0{_file_digest(str(file.resolve()), stamp)}\n".encode())
    return digest.hexdigest()


@lru_cache(maxsize=256)
def _file_digest(file: str, stamp: tuple[int, ...]) -> str:
    del stamp  # part of the key: a changed file is read again
    return sha256_of_file(file)
