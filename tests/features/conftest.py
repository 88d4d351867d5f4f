"""Sequences for the features' tests, and the slow, plain way to count k-mers."""

from __future__ import annotations

from collections import Counter
from itertools import product

import numpy as np
import pytest


def spelled_windows(sequence, k, *, canonical=False):
    """Every window of known bases, as a str, in order."""
    text = sequence.upper().replace("U", "T")
    windows = [text[i : i + k] for i in range(len(text) - k + 1)]
    windows = [window for window in windows if set(window) <= set("ACGT")]
    if canonical:
        turned = str.maketrans("ACGT", "TGCA")
        windows = [min(window, window.translate(turned)[::-1]) for window in windows]
    return windows


def count_by_hand(sequences, ks, *, canonical=False, mode="count"):
    """One dict a sequence: k-mer -> value."""
    rows = []
    for sequence in sequences:
        row = {}
        for k in ks:
            windows = spelled_windows(sequence, k, canonical=canonical)
            for kmer, n in Counter(windows).items():
                row[kmer] = {"count": n, "presence": 1, "frequency": n / len(windows)}[mode]
        rows.append(row)
    return rows


@pytest.fixture(scope="session")
def by_hand():
    return count_by_hand


@pytest.fixture(scope="session")
def windows():
    return spelled_windows


@pytest.fixture(scope="session")
def library():
    """200 sequences of 0 to 120 bases; some with N, lower case, U."""
    rng = np.random.default_rng(7)
    lengths = rng.integers(0, 121, size=200)
    return ["".join(rng.choice(list("ACGTACGTACGTACGTNacgtuR"), size=n)) for n in lengths]


@pytest.fixture(scope="session")
def clean_library():
    """60 sequences of 80 known bases."""
    rng = np.random.default_rng(8)
    return ["".join(row) for row in rng.choice(list("ACGT"), size=(60, 80))]


def save_tokenizer(folder, *, k=1, special=True, spaces=False):
    """A tokenizer of k-mers side by side, or of those between spaces; the size of its vocabulary."""
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    words += ["".join(letters) for letters in product("ACGT", repeat=k)]
    words += list("ACGT") if k > 1 else []
    model = models.WordLevel({word: i for i, word in enumerate(words)}, unk_token="[UNK]")
    tokenizer = Tokenizer(model)
    split = pre_tokenizers.Split(Regex("." * k + "|."), "isolated")
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit() if spaces else split
    if special:
        tokenizer.post_processor = processors.TemplateProcessing(
            single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
        )
    names = {"unk_token": "[UNK]", "pad_token": "[PAD]", "mask_token": "[MASK]"}
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names).save_pretrained(folder)
    return len(words)


def tiny_model(kind, n_words):
    """A language model of two blocks, 16 wide, that reads up to 64 tokens; its weights random."""
    import transformers as hf

    shared = {"vocab_size": n_words, "pad_token_id": 0, "bos_token_id": None, "eos_token_id": None}
    wide = {
        "hidden_size": 16,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 32,
    }
    if kind == "bert":
        return hf.BertForMaskedLM(hf.BertConfig(**shared, **wide, max_position_embeddings=64))
    if kind == "esm":  # its first position is that after the padding's
        more = {"mask_token_id": 4, "token_dropout": True, "max_position_embeddings": 65}
        config = hf.EsmConfig(**shared, **wide, **more, position_embedding_type="absolute")
        return hf.EsmForMaskedLM(config)
    return hf.GPT2LMHeadModel(
        hf.GPT2Config(**shared, n_positions=64, n_embd=16, n_layer=2, n_head=2)
    )


@pytest.fixture(scope="session")
def language_model(tmp_path_factory):
    """Folder of a tiny Hugging Face model of a kind: "bert", "esm" (3-mers), "gpt2", "dnabert"."""
    torch = pytest.importorskip("torch", reason="the extra lm is not installed")
    pytest.importorskip("transformers", reason="the extra lm is not installed")
    made = {}

    def make(kind):
        if kind not in made:
            folder = tmp_path_factory.mktemp(kind)
            k = {"esm": 3, "dnabert": 4}.get(kind, 1)
            n = save_tokenizer(folder, k=k, special=kind != "gpt2", spaces=kind == "dnabert")
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(0)
                tiny_model(kind.replace("dna", ""), n).save_pretrained(folder)
            made[kind] = folder
        return made[kind]

    return make
