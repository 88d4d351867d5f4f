"""A Hugging Face language model in a local folder: opened and asked for hidden states.

Nothing is downloaded, no code of a model is run and no pickle is opened. A
folder whose weights do not fill the architecture that its config.json names is
refused, since the rest would be random numbers.

torch and transformers are asked for when a model is opened, not before.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from seqexpr.errors import InputError
from seqexpr.optional import require

__all__ = ["PROBE", "LanguageModel", "Window", "batches", "open_model"]

PROBE = "ACGT" * 6
_UNUSED = ("pooler", "contact_head")  # heads that hidden states do not pass through
_opening = threading.Lock()


class Window(NamedTuple):
    """A stretch of a sequence that the model sees at once.

    Attributes
    ----------
    row : int
        Which sequence it is of.
    ids : list of int
        Token numbers, special ones included.
    n_tokens : int
        How many there are, special ones not included.
    """

    row: int
    ids: list[int]
    n_tokens: int


def batches(windows: Sequence[Window], size: int) -> Iterator[list[Window]]:
    """Yield windows of one length together, at most `size` at a time.

    Nothing has to be padded then, which makes a row independent of the others
    in every architecture, whatever it does with an attention mask.

    Examples
    --------
    >>> windows = [Window(0, [5, 6], 2), Window(1, [5], 1), Window(2, [7, 7], 2)]
    >>> [[window.row for window in batch] for batch in batches(windows, 2)]
    [[0, 2], [1]]
    """
    by_length: dict[int, list[Window]] = {}
    for window in windows:
        by_length.setdefault(len(window.ids), []).append(window)
    for group in by_length.values():
        for start in range(0, len(group), size):
            yield group[start : start + size]


def open_model(folder: Path, digest: str, *, precision: str, device: str) -> LanguageModel:
    """Open a checked folder; the model opened last in this process is kept.

    Parameters
    ----------
    folder : Path
        As :func:`check_folder` returned it.
    digest : str
        Of the folder: another content is another model.
    precision : {"float64", "float32"}
        Of all arithmetic.
    device : {"auto", "cpu", "cuda"}
        Where; "auto" is CUDA where there is one.

    Raises
    ------
    InputError
        If transformers cannot open it, its weights are incomplete, its
        tokenizer does not read DNA, or there is no such device.
    MissingExtraError
        If torch or transformers is not installed.
    """
    with _opening:
        return _open(str(folder.resolve()), digest, precision, device)


@lru_cache(maxsize=1)
def _open(folder: str, digest: str, precision: str, device: str) -> LanguageModel:
    del digest  # part of the key
    return LanguageModel(folder, precision=precision, device=device)


class LanguageModel:
    """An opened model; see :func:`open_model`.

    Attributes
    ----------
    prefix, suffix : list of int
        Special tokens that the tokenizer puts before and after a sequence.
    longest : int or None
        Most tokens at a time, special ones included; None = no limit known.
    """

    def __init__(self, folder: str, *, precision: str, device: str) -> None:
        self._torch = require("torch", extra="lm")
        transformers = require("transformers", extra="lm")
        self.folder = folder
        self._device = self._find_device(device)
        with self._quiet(transformers):
            try:
                self._tokenizer = transformers.AutoTokenizer.from_pretrained(
                    folder, local_files_only=True, trust_remote_code=False
                )
                self._model = self._load(transformers, getattr(self._torch, precision))
            except InputError:
                raise
            except Exception as error:  # transformers and what it calls raise all kinds
                lines = str(error).strip().splitlines() or ["no message"]
                raise InputError(
                    f"transformers cannot open the model in {folder} "
                    f"({type(error).__name__}: {lines[0][:300]}); choose a model of an "
                    "architecture and a tokenizer that it has without code of their own"
                ) from error
        self.prefix, self.suffix = self._special_tokens()
        self.longest = self._find_longest()
        with self._quiet(transformers):  # what a model looks for, it looks for when first used
            self.pooled(
                [[*self.prefix, *self.tokens(["A"])[0], *self.suffix]], layer=-1, pooling="mean"
            )

    def _find_device(self, device: str) -> str:
        has_cuda = bool(self._torch.cuda.is_available())
        if device == "cuda" and not has_cuda:
            raise InputError("device is 'cuda', but torch finds none; pass device='auto'")
        return "cuda" if has_cuda and device != "cpu" else "cpu"

    @contextmanager
    def _quiet(self, transformers: Any) -> Iterator[None]:
        """Be offline and silent meanwhile, and leave the random numbers of torch alone.

        Some architectures look for compiled kernels on the hub, whatever
        ``local_files_only`` says. What is set is set back; :func:`open_model`
        lets one thread in at a time.
        """
        log = transformers.utils.logging
        hub: Any = require("huggingface_hub.constants", extra="lm")
        level, has_bar, offline = (
            log.get_verbosity(), log.is_progress_bar_enabled(), hub.HF_HUB_OFFLINE
        )  # fmt: skip
        with warnings.catch_warnings(), self._torch.random.fork_rng(devices=[]):
            warnings.simplefilter("ignore")
            log.set_verbosity(log.CRITICAL)
            log.disable_progress_bar()
            hub.HF_HUB_OFFLINE = True
            try:
                yield
            finally:
                hub.HF_HUB_OFFLINE = offline
                log.set_verbosity(level)
                if has_bar:
                    log.enable_progress_bar()

    def _load(self, transformers: Any, dtype: Any) -> Any:
        model, info = transformers.AutoModel.from_pretrained(
            self.folder,
            local_files_only=True,
            trust_remote_code=False,
            use_safetensors=True,
            output_loading_info=True,
            dtype=dtype,
            attn_implementation="eager",
        )
        missing = [k for k in info["missing_keys"] if not any(part in k for part in _UNUSED)]
        lost = sorted([*missing, *(str(key) for key in info["mismatched_keys"])])
        if lost:
            raise InputError(
                f"{self.folder}: the weights lack {len(lost)} parameters of "
                f"{type(model).__name__} (first: {lost[0]}), which would be random; its "
                "config.json and its weights do not belong together"
            )
        if getattr(model, "main_input_name", "input_ids") != "input_ids":
            raise InputError(f"{self.folder}: {type(model).__name__} does not read tokens")
        model.config.use_cache = False  # nothing is generated
        return model.to(self._device).eval()

    def tokens(self, texts: Sequence[str], *, special: bool = False) -> list[list[int]]:
        """Return the token numbers of each text, without special tokens by default."""
        if not texts:
            return []
        try:
            encoded = self._tokenizer(
                list(texts),
                add_special_tokens=special,
                padding=False,
                truncation=False,
                return_attention_mask=False,
                return_token_type_ids=False,
                verbose=False,
            )
        except Exception as error:  # the tokenizers are compiled, and raise plain Exceptions
            raise InputError(
                f"{self.folder}: its tokenizer cannot read DNA with N in it ({error})"
            ) from error
        return [list(map(int, ids)) for ids in encoded["input_ids"]]

    def windows(self, texts: Sequence[str], max_length: int) -> list[Window]:
        """Cut the tokens of each text into windows; a text without tokens has none.

        Parameters
        ----------
        texts : sequence of str
            Sequences as the tokenizer reads them.
        max_length : int
            Most tokens in a window, special ones included. There are as few
            windows as possible, equally long up to one token.
        """
        room = max_length - len(self.prefix) - len(self.suffix)
        windows = []
        for row, tokens in enumerate(self.tokens(texts)):
            n_windows = -(-len(tokens) // room)
            ends = [len(tokens) * i // max(n_windows, 1) for i in range(n_windows + 1)]
            for start, end in pairwise(ends):
                ids = [*self.prefix, *tokens[start:end], *self.suffix]
                windows.append(Window(row, ids, end - start))
        return windows

    def check_vocabulary(self, text: str) -> None:
        """Check that every token of a text is known.

        Raises
        ------
        InputError
            If one is not: these features would be blind to it.
        """
        ids = self.tokens([text])[0]
        unknown = ids.count(self._tokenizer.unk_token_id)
        if unknown or not ids:
            raise InputError(
                f"{self.folder}: its tokenizer does not know {unknown} of the {len(ids)} tokens of "
                f"{text!r}; a model that reads k-mers between spaces (DNABERT) needs kmer=k"
            )

    def _special_tokens(self) -> tuple[list[int], list[int]]:
        """Find what the tokenizer puts around a text: that is all the special tokens there are."""
        inner, outer = self.tokens([PROBE])[0], self.tokens([PROBE], special=True)[0]
        for start in range(len(outer) - len(inner) + 1):
            stop = start + len(inner)
            if outer[start:stop] == inner:
                return outer[:start], outer[stop:]
        raise InputError(f"{self.folder}: its tokenizer puts special tokens inside a sequence")

    def _find_longest(self) -> int | None:
        limits = [self._tokenizer.model_max_length, self._n_positions()]
        known = [int(limit) for limit in limits if limit is not None and 0 < limit < 1e9]
        return min(known, default=None)

    def _n_positions(self) -> int | None:
        """Return how many positions the model has; those up to the padding's are not for tokens."""
        for name, module in self._model.named_modules():
            if name.endswith("position_embeddings") and hasattr(module, "num_embeddings"):
                padding = module.padding_idx
                return int(module.num_embeddings) - (0 if padding is None else padding + 1)
        return getattr(self._model.config, "max_position_embeddings", None)

    def pooled(
        self, ids: Sequence[Sequence[int]], *, layer: int, pooling: str
    ) -> npt.NDArray[np.float64]:
        """Return one vector for each list of tokens.

        Parameters
        ----------
        ids : sequence of b lists of t int
            Token numbers, special ones included. All are of one length, so
            that nothing is padded.
        layer : int
            As for :class:`seqexpr.features.embeddings.LanguageModelEmbeddings`.
        pooling : {"mean", "max", "cls"}
            Over the tokens between :attr:`prefix` and :attr:`suffix`; "cls" is
            the first token.

        Returns
        -------
        ndarray of float64, shape (b, width)

        Raises
        ------
        InputError
            If there is no such layer.
        """
        torch = self._torch
        tokens = torch.tensor(ids, dtype=torch.long, device=self._device)  # b, t
        with torch.inference_mode():
            output = self._model(
                input_ids=tokens,
                attention_mask=torch.ones_like(tokens),
                output_hidden_states=layer != -1,
                return_dict=True,
            )
        hidden = output.last_hidden_state if layer == -1 else self._layer(output, layer)
        inner = hidden[:, len(self.prefix) : hidden.shape[1] - len(self.suffix)]  # b, n, width
        if pooling == "cls":
            vectors = hidden[:, 0]
        else:
            vectors = inner.mean(dim=1) if pooling == "mean" else inner.amax(dim=1)
        return np.asarray(vectors.to(device="cpu", dtype=torch.float64).numpy())

    def _layer(self, output: Any, layer: int) -> Any:
        states = output.hidden_states
        if not -len(states) <= layer < len(states):
            raise InputError(
                f"layer must be in [{-len(states)}, {len(states) - 1}] for {self.folder} "
                f"(0 = the embedding of the tokens), got {layer}"
            )
        return states[layer]
