"""Fit a network of gReLU or CREsted, as their users would, in an environment that holds them.

    .venv-peers/bin/python benchmarks/peer_networks.py grelu DATA.npz OUT.npz --seconds 1800

They need an older pandas than seqexpr, so this file imports nothing of ours and is run by a Python
of its own (`make .venv-peers/.made`); `run_peer` does that from ours. DATA holds the arrays of str
`train`, `validation` and `test`, and of float `y_train` and `y_validation`; sequences have one
length. OUT gets `predictions` of the test, and `facts`, a JSON string.

Each gets two learning rates, with an equal share of the time: 1e-3, which is CREsted's own, and
a smaller one, 1e-4 for gReLU, which is its own. The validation rows say when to stop and which one
stays.
gReLU: `DilatedConvModel` in its LightningModel, squared error, batches of 256, patience of 10.
CREsted: `legnet` of its zoo with a linear output, compiled and called back as `Crested.fit` does
(Adam, patience of 10, rate quartered after 5), on arrays, since its own loaders want a genome, and
on targets of mean 0 and deviation 1, without which it hardly begins to learn.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

BATCH, PATIENCE, EPOCHS = 256, 10, 500
PYTHON = Path(__file__).parents[1] / ".venv-peers" / "bin" / "python"


@dataclass
class Fit:
    """A fitted network: its validation loss, what predicts, epochs and their seconds."""

    loss: float
    predict: Callable[[np.ndarray], np.ndarray]
    epochs: int
    seconds: float
    parameters: int
    rate: float


def fit_grelu(data: dict[str, np.ndarray], rate: float, seconds: float, seed: int) -> Fit:
    import grelu.data.dataset
    import grelu.lightning
    import pandas as pd
    import pytorch_lightning as pl
    from pytorch_lightning.callbacks import EarlyStopping, ModelCheckpoint, Timer

    pl.seed_everything(seed)

    def dataset(part: str) -> Any:
        frame = pd.DataFrame({"sequence": data[part], "y": data[f"y_{part}"]})
        return grelu.data.dataset.DFSeqDataset(frame)

    model = grelu.lightning.LightningModel(
        {"model_type": "DilatedConvModel", "n_tasks": 1, "crop_len": 0},
        {"task": "regression", "loss": "mse", "lr": rate, "batch_size": BATCH},
    )
    train, validation = dataset("train"), dataset("validation")
    with tempfile.TemporaryDirectory() as folder:
        best = ModelCheckpoint(dirpath=folder, monitor="val_loss", mode="min")
        trainer = pl.Trainer(
            max_epochs=EPOCHS, accelerator="cpu", logger=False, enable_progress_bar=False,
            enable_model_summary=False,
            callbacks=[
                best, EarlyStopping("val_loss", patience=PATIENCE),
                Timer(duration={"seconds": seconds}),
            ],
        )  # fmt: skip
        began = time.perf_counter()
        trainer.fit(model, model.make_train_loader(train), model.make_test_loader(validation))
        spent = time.perf_counter() - began
        if best.best_model_path:
            import torch

            state = torch.load(best.best_model_path, weights_only=False)["state_dict"]
            model.load_state_dict(state)
            loss = float(best.best_model_score)
        else:
            loss = float("inf")

    def predict(sequences: np.ndarray) -> np.ndarray:
        parts = np.array_split(sequences, max(1, len(sequences) // 2_000))
        return np.concatenate([model.predict_on_seqs(part.tolist()).reshape(-1) for part in parts])

    size = sum(one.numel() for one in model.parameters())
    return Fit(loss, predict, max(trainer.current_epoch, 1), spent, size, rate)


def fit_crested(data: dict[str, np.ndarray], rate: float, seconds: float, seed: int) -> Fit:
    os.environ["KERAS_BACKEND"] = "torch"
    import keras
    from crested.tl.zoo import legnet
    from crested.utils import one_hot_encode_sequence

    keras.utils.set_random_seed(seed)

    def hot(rows: np.ndarray) -> np.ndarray:
        parts = [one_hot_encode_sequence(row, expand_dim=False) for row in rows]
        return np.stack(parts).astype(np.float32)

    X, center, spread = hot(data["train"]), data["y_train"].mean(), data["y_train"].std()
    y, held = (
        ((data[f"y_{part}"] - center) / spread).astype(np.float32)
        for part in ("train", "validation")
    )
    model = legnet(seq_len=X.shape[1], num_classes=1, output_activation="linear")
    model.compile(optimizer=keras.optimizers.Adam(learning_rate=rate), loss="mse")

    class InTime(keras.callbacks.Callback):
        began = time.perf_counter()

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            if time.perf_counter() - self.began > seconds:
                self.model.stop_training = True

    began = time.perf_counter()
    history = model.fit(
        X, y, batch_size=BATCH, epochs=EPOCHS, verbose=0,
        validation_data=(hot(data["validation"]), held),
        callbacks=[
            InTime(),
            keras.callbacks.EarlyStopping(patience=PATIENCE, restore_best_weights=True),
            keras.callbacks.ReduceLROnPlateau(patience=5, factor=0.25),
        ],
    ).history  # fmt: skip
    spent = time.perf_counter() - began
    return Fit(
        min(history["val_loss"]),
        lambda rows: center + spread * model.predict(hot(rows), batch_size=512, verbose=0)[:, 0],
        len(history["val_loss"]), spent, model.count_params(), rate,
    )  # fmt: skip


def run_peer(
    peer: str, data: dict[str, np.ndarray], *, seconds: float, seed: int = 0, rates: int = 2
) -> tuple[np.ndarray, dict[str, Any]]:
    """Fit in the peers' environment; return the predictions of the test, and the facts.

    Raises
    ------
    RuntimeError
        If the environment is missing, or with what the process said if it failed.
    """
    if not PYTHON.exists():
        raise RuntimeError("gReLU and CREsted are not installed: make .venv-peers/.made")
    with tempfile.TemporaryDirectory() as name:
        given, out = Path(name, "data.npz"), Path(name, "out.npz")
        np.savez(given, **data)
        done = subprocess.run(
            [str(PYTHON), __file__, peer, str(given), str(out), "--seconds", str(seconds),
             "--seed", str(seed), "--rates", str(rates)],
            capture_output=True, text=True, check=False, cwd=name,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(done.stderr)
        with np.load(out) as file:
            return file["predictions"], json.loads(str(file["facts"]))


PEERS = {"grelu": (fit_grelu, (1e-3, 1e-4)), "crested": (fit_crested, (1e-3, 3e-4))}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("peer", choices=PEERS)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rates", type=int, default=2, help="learning rates that are tried")
    asked = parser.parse_args()
    with np.load(asked.data) as file:
        data = {name: file[name] for name in file.files}
    fit, rates = PEERS[asked.peer]
    began, fits = time.perf_counter(), []
    for number, rate in enumerate(rates[: asked.rates]):
        # What the first left over by stopping early is the second's.
        left = asked.seconds - (time.perf_counter() - began)
        share = left / (asked.rates - number)
        fits.append(fit(data, rate, share, asked.seed))
    best = min(fits, key=lambda one: one.loss)
    best.predict(data["test"][:64])
    started = time.perf_counter()
    predictions = best.predict(data["test"])
    facts = {
        "parameters": best.parameters,
        "rate": best.rate,
        "epochs": [one.epochs for one in fits],
        "epoch_seconds": [one.seconds / one.epochs for one in fits],
        "predict_seconds": time.perf_counter() - started,
    }
    np.savez(asked.out, predictions=predictions, facts=np.array(json.dumps(facts)))


if __name__ == "__main__":
    main()
