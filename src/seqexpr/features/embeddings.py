"""Embeddings: what a DNA language model makes of a sequence, as numbers for a model to learn from.

Needs the extra ``lm``: ``pip install "seqexpr[lm]"``.
"""

from __future__ import annotations

import hashlib
import json
import os
import warnings
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt
from sklearn.utils.validation import check_is_fitted

from seqexpr.errors import InputError, OutputError, did_you_mean
from seqexpr.features._base import SequenceFeatures, is_int
from seqexpr.features._language_model import PROBE, LanguageModel, Window, batches, open_model
from seqexpr.features._model_folder import check_folder, folder_digest
from seqexpr.features._vector_cache import VectorCache, user_cache_folder
from seqexpr.optional import require
from seqexpr.sequences import CODES, StringsLike, as_strings

__all__ = ["LanguageModelEmbeddings"]

CHOICES = {
    "pooling": ("mean", "max", "cls"),
    "precision": ("float64", "float32"),
    "device": ("auto", "cpu", "cuda"),
}
LONGEST = 1024
"""Most tokens at a time where `max_length` is not given: attention costs their square."""
CHUNK = 1024
"""Sequences between two writes of the cache: what an interrupted run has lost at most."""
# What each character is to the tokenizer: A, C, G, T, or N for everything unknown.
_LETTERS = bytes(b"ACGTN"[code] for code in CODES)


class LanguageModelEmbeddings(SequenceFeatures):
    """Describe each sequence by the hidden states of a DNA language model.

    A scikit-learn transformer from n sequences to an (n, width) array of
    float32. The model is the folder of any encoder or causal model whose
    architecture transformers itself has (BERT, ModernBERT, ESM, GPT-2, Llama,
    Mamba and others). It is used as it is, not trained.

    Nothing is downloaded, no code from the folder is run, and weights must be
    safetensors. Lower case is read as upper case, U as T, and any other
    character as N. A sequence without tokens (an empty one, or one shorter than
    `kmer`) is all zero. Sequences with equally many tokens go through the model
    together, so nothing is padded.

    Parameters
    ----------
    folder : str or Path
        Folder with config.json, the tokenizer and model.safetensors.
    layer : int, default -1
        Which hidden states: 0 = the embedding of the tokens, k = after block k,
        negative = counted from the last.
    pooling : {"mean", "max", "cls"}, default "mean"
        From one vector a token to one a sequence: mean or maximum over the
        tokens of the sequence, special tokens left out; or the first special
        token.
    kmer : int, optional
        Write a sequence as overlapping k-mers between spaces, as the tokenizer
        of DNABERT reads it; at least 1. None = as it is.
    max_length : int, optional
        Most tokens at a time, special ones included. A longer sequence is cut
        into as few windows as possible, side by side and equally long up to one
        token; its vector is the mean of theirs, weighted by tokens ("max": the
        maximum). None = what the model allows, at most 1,024.
    batch_size : int, default 32
        Sequences at a time, at least 1. Memory grows with it.
    precision : {"float64", "float32"}, default "float64"
        Of the arithmetic. With "float64" a sequence has the same features in
        any batch, up to the last digit of float32. "float32" takes half the
        time and memory, and much less time on most graphics cards; the last few
        digits may vary with the batch and the machine.
    device : {"auto", "cpu", "cuda"}, default "auto"
        Where the model runs; "auto" = CUDA where there is one.
    cache : str or Path, optional
        Folder in which embeddings are kept, and found again by the contents of
        the model folder, the parameters, the versions of torch and transformers
        and the sequence. "auto" = the user's cache folder; None = nothing is
        kept. It grows to 2 GiB; then what was not used for longest is removed.
        A saved or pickled copy has none.

    Attributes
    ----------
    digest_ : str
        SHA-256 digest of the model's files. ``transform`` refuses any other
        content. A saved model holds this, not the weights: the folder has to be
        there when it predicts, or elsewhere, as ``set_params(folder=...)`` says.
    folder_ : str
        Absolute path of the folder when fitted.
    max_length_ : int
        Tokens at a time.
    n_features_ : int
        Width of the hidden states.

    Raises
    ------
    InputError
        From ``fit`` and ``transform``: a parameter is out of range, or the
        folder does not hold a model that can be used; from ``transform``: the
        folder is gone or its content is another.
    MissingExtraError
        From ``fit`` and ``transform``: torch or transformers is not installed.
    SequenceError
        From ``fit`` and ``transform``: an element is not a str.

    References
    ----------
    Dalla-Torre et al., Nature Methods 22 (2025) 287-297, Nucleotide Transformer
    (embeddings of layers as features, mean over tokens). Ji et al.,
    Bioinformatics 37 (2021) 2112-2120, DNABERT (sequences as k-mers).

    Examples
    --------
    >>> LanguageModelEmbeddings("no-such-model").fit(["ACGT"])
    Traceback (most recent call last):
        ...
    seqexpr.errors.InputError: the language model 'no-such-model' is not a folder; ...
    """

    is_strand_symmetric = False
    """Whether a sequence and its reverse complement have the same features."""

    def __init__(
        self,
        folder: str | os.PathLike[str],
        *,
        layer: int = -1,
        pooling: Literal["mean", "max", "cls"] = "mean",
        kmer: int | None = None,
        max_length: int | None = None,
        batch_size: int = 32,
        precision: Literal["float64", "float32"] = "float64",
        device: Literal["auto", "cpu", "cuda"] = "auto",
        cache: str | os.PathLike[str] | None = None,
    ) -> None:
        self.folder = folder
        self.layer = layer
        self.pooling = pooling
        self.kmer = kmer
        self.max_length = max_length
        self.batch_size = batch_size
        self.precision = precision
        self.device = device
        self.cache = cache

    def __getstate__(self) -> dict[str, Any]:
        """Return the state without the cache, which belongs to this machine, and `folder` a str."""
        state: dict[str, Any] = super().__getstate__()
        return state | {"cache": None, "folder": os.fspath(self.folder)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Set the state; a file from elsewhere must not choose where this machine writes."""
        super().__setstate__(state | {"cache": None})

    def fit(self, X: StringsLike, y: object = None) -> Self:
        """Open the model and try it on a short sequence; nothing is learnt from data.

        Parameters
        ----------
        X : list, array or Series of str, length n
            DNA sequences.
        y : ignored
            For scikit-learn.

        Returns
        -------
        LanguageModelEmbeddings
            This object.
        """
        self._check_parameters()
        as_strings(X)
        folder = check_folder(Path(self.folder))
        digest = folder_digest(folder)
        model = self._open(folder, digest)
        max_length = self._find_max_length(model)
        model.check_vocabulary(self._spelled(PROBE))
        if self.pooling == "cls" and not model.prefix:
            raise InputError(
                f"{folder}: pooling is 'cls', but its tokenizer puts no token before a sequence; "
                "pass pooling='mean'"
            )
        # N on the way in, a layer that is there and the width of what comes out.
        windows = model.windows([self._spelled(PROBE + "N")], max_length)
        probed = self._pooled(model, windows[:1])
        self.folder_ = str(folder.resolve())
        self.digest_ = digest
        self.max_length_ = max_length
        self.n_features_ = int(probed.shape[1])
        return self

    def transform(self, X: StringsLike) -> npt.NDArray[np.float32]:
        """Embed each sequence.

        Parameters
        ----------
        X : list, array or Series of str, length n
            DNA sequences.

        Returns
        -------
        ndarray of float32, shape (n, n_features_)
            The pooled hidden states.
        """
        check_is_fitted(self)
        self._check_parameters()
        texts = [_fold(text) for text in as_strings(X)]
        folder = self._find_folder()
        place = {text: i for i, text in enumerate(dict.fromkeys(texts))}
        unique = list(place)
        vectors = np.empty((len(unique), self.n_features_), dtype=np.float32)
        for start in range(0, len(unique), CHUNK):
            chunk = unique[start : start + CHUNK]
            vectors[start : start + CHUNK] = self._embed_cached(folder, chunk)
        return vectors[[place[text] for text in texts]]

    def get_feature_names_out(self, input_features: object = None) -> npt.NDArray[np.object_]:
        """Return the names of the columns, "embedding1" and so on.

        Parameters
        ----------
        input_features : ignored
            For scikit-learn.

        Returns
        -------
        ndarray of str, shape (n_features_,)
            Names of the columns.
        """
        check_is_fitted(self)
        return np.array([f"embedding{i + 1}" for i in range(self.n_features_)], dtype=object)

    def _check_parameters(self) -> None:
        for name, choices in CHOICES.items():
            value = getattr(self, name)
            if value not in choices:
                hint = did_you_mean(str(value), choices)
                known = ", ".join(map(repr, choices))
                raise InputError(
                    f"LanguageModelEmbeddings: {name} must be one of {known}, got {value!r}{hint}"
                )
        if not is_int(self.layer):
            raise InputError(f"LanguageModelEmbeddings: layer must be an int, got {self.layer!r}")
        for name in ("kmer", "max_length", "batch_size"):
            value = getattr(self, name)
            if value is None and name != "batch_size":
                continue
            if not is_int(value) or value < 1:
                raise InputError(
                    f"LanguageModelEmbeddings: {name} must be an int >= 1, got {value!r}"
                )
        for name, value in (("folder", self.folder), ("cache", self.cache)):
            if not isinstance(value, str | os.PathLike) and (name == "folder" or value is not None):
                raise InputError(
                    f"LanguageModelEmbeddings: {name} must be the path of a folder, got {value!r}"
                )

    def _open(self, folder: Path, digest: str) -> LanguageModel:
        return open_model(folder, digest, precision=self.precision, device=self.device)

    def _find_max_length(self, model: LanguageModel) -> int:
        least = len(model.prefix) + len(model.suffix) + 1
        if self.max_length is None:
            return max(min(model.longest or LONGEST, LONGEST), least)
        if not least <= self.max_length <= (model.longest or self.max_length):
            raise InputError(
                f"LanguageModelEmbeddings: max_length must be in [{least}, "
                f"{model.longest or 'any'}] for {model.folder}, got {self.max_length}"
            )
        return int(self.max_length)

    def _find_folder(self) -> Path:
        """Return the folder that `fit` has seen, or say that it is gone or changed."""
        folder = Path(self.folder)
        if not folder.is_dir() and Path(self.folder_).is_dir():
            folder = Path(self.folder_)  # the path is relative, and the process is elsewhere now
        remedy = "put it back, or say where it is: set_params(folder=...)"
        if not folder.is_dir():
            raise InputError(
                f"the folder of the language model, {self.folder_}, is not there any more; {remedy}"
            )
        digest = folder_digest(check_folder(folder))
        if digest != self.digest_:
            raise InputError(
                f"{folder} holds another language model than the one fitted with (SHA-256 "
                f"{digest[:12]}, was {self.digest_[:12]}); {remedy}, or fit again"
            )
        return folder

    def _embed_cached(self, folder: Path, texts: list[str]) -> npt.NDArray[np.float32]:
        """Embed, or find again, each of some different texts."""
        if self.cache is None:
            return self._embed(self._open(folder, self.digest_), texts)
        root = user_cache_folder() / "embeddings" if self.cache == "auto" else Path(self.cache)
        cache = VectorCache(root, self._cache_key(), width=self.n_features_)
        names = [hashlib.sha256(text.encode()).digest() for text in texts]
        vectors, found = cache.read(names)
        missing = np.flatnonzero(~found).tolist()
        if missing:
            model = self._open(folder, self.digest_)
            vectors[missing] = self._embed(model, [texts[i] for i in missing])
            try:
                cache.write([names[i] for i in missing], vectors[missing])
            except OutputError as error:
                # What took long to compute is worth more than the means to find it again.
                warnings.warn(f"embeddings were not kept: {error}", UserWarning, stacklevel=4)
        return vectors

    def _cache_key(self) -> str:
        """Return the digest of everything but the sequence that an embedding depends on."""
        versions = [_version(package) for package in ("torch", "transformers")]
        parts = [
            self.digest_, self.layer, self.pooling, self.kmer, self.max_length_, self.precision,
            *versions,
        ]  # fmt: skip
        return hashlib.sha256(json.dumps(parts, default=int).encode()).hexdigest()

    def _embed(self, model: LanguageModel, texts: list[str]) -> npt.NDArray[np.float32]:
        """Return the pooled hidden states of each folded text, shape (n, n_features_)."""
        windows = model.windows([self._spelled(text) for text in texts], self.max_length_)
        n_tokens = np.zeros(len(texts))
        for window in windows:
            n_tokens[window.row] += window.n_tokens
        is_max = self.pooling == "max"
        vectors = np.full((len(texts), self.n_features_), -np.inf if is_max else 0.0)
        for batch in batches(windows, self.batch_size):
            rows = [window.row for window in batch]
            pooled = self._pooled(model, batch)
            if is_max:
                np.maximum.at(vectors, rows, pooled)
            else:
                share = np.array([window.n_tokens for window in batch]) / n_tokens[rows]
                np.add.at(vectors, rows, pooled * share[:, np.newaxis])
        vectors[n_tokens == 0] = 0.0
        if not np.isfinite(vectors).all():
            raise InputError(f"{model.folder}: its hidden states are not finite; choose another")
        return vectors.astype(np.float32)

    def _pooled(self, model: LanguageModel, batch: list[Window]) -> npt.NDArray[np.float64]:
        ids = [window.ids for window in batch]
        return model.pooled(ids, layer=self.layer, pooling=self.pooling)

    def _spelled(self, text: str) -> str:
        k = self.kmer
        return text if k is None else " ".join(text[i : i + k] for i in range(len(text) - k + 1))


def _fold(text: str) -> str:
    """Return a text in A, C, G, T and N.

    Examples
    --------
    >>> _fold("acguR-")
    'ACGTNN'
    """
    return text.encode("ascii", "replace").translate(_LETTERS).decode("ascii")


def _version(package: str) -> str:
    """Return the version of a package of the extra without importing it."""
    try:
        return version(package)
    except PackageNotFoundError:
        return str(require(package, extra="lm").__version__)  # says which extra is missing
