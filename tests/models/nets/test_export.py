from __future__ import annotations

import numpy as np
import pytest
import torch

from seqexpr.errors import InputError
from seqexpr.models.nets.configs import CompactCNN, Dilated, DreamRNN, Hybrid, LegNet
from seqexpr.models.nets.encoding import PADDING, code_matrix
from seqexpr.models.nets.export import to_onnx, window_of
from seqexpr.models.neural import NeuralRegressor
from seqexpr.models.training.settings import Augmentation, Training
from seqexpr.testing.models import _library

onnxruntime = pytest.importorskip("onnxruntime", reason='needs pip install "seqexpr[onnx]"')
pytest.importorskip("onnxscript", reason='needs pip install "seqexpr[onnx]"')

ROWS = (
    _library(7)[0],  # of one length
    ["ACGT" * 9, "ACGTTTTAACCAGTGACC", "N" * 25, "ACG"],
    ["ACGTTGACA" * 5, "ACG"],  # odd
    ["A"],
    ["ACGTT" * 30 + "AC"],  # longer than what it was exported with
)


@pytest.mark.parametrize(
    ("network", "n_members", "strands"),
    [
        (CompactCNN(n_channels=8, n_blocks=2), 2, "average"),
        (LegNet(stem_channels=8, block_channels=(8, 8)), 1, "as_given"),
        (DreamRNN(n_channels=8, n_hidden=8), 1, "as_given"),
        (Dilated(n_channels=8, n_layers=2, n_pools=1), 1, "as_given"),
        (Hybrid(n_channels=8, n_layers=1), 1, "as_given"),
    ],
    ids=lambda given: getattr(given, "name", given),
)
def test_onnxruntime_predicts_the_same_whatever_the_length(network, n_members, strands):
    model = NeuralRegressor(
        network, training=Training(n_epochs=1, loss="bins"), n_members=n_members,
        augmentation=Augmentation(strands=strands, shift=1), left_flank="ACG", right_flank="TT",
    ).fit(*_library(60))  # fmt: skip
    session = onnxruntime.InferenceSession(to_onnx(model, metadata={"about": "a test"}))
    assert session.get_modelmeta().custom_metadata_map["about"] == "a test"
    for rows in ROWS:
        mean, deviation = session.run(None, {"codes": code_matrix(rows)})
        wanted, spread = model.predict(rows, return_std=True)
        np.testing.assert_allclose(mean[:, 0], wanted, rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(deviation[:, 0], spread, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("cut", [0, 1, 2])
@pytest.mark.parametrize(("left", "right"), [("", ""), ("ACG", "TT"), ("TTTT", "GA")])
def test_the_window_is_cut_out_of_the_construct(left, right, cut):
    if cut > min(len(left), len(right)):
        pytest.skip("a window never leaves the construct")
    rows = ["ACGTTN", "GG", "ACGAT"]
    flanks = [torch.from_numpy(code_matrix([f])[0, : len(f)]) for f in (left, right)]
    found = window_of(torch.from_numpy(code_matrix(rows)), *flanks, cut=cut).numpy()
    wholes = [left + row + right for row in rows]
    wanted = code_matrix([whole[cut : len(whole) - cut] for whole in wholes])
    np.testing.assert_array_equal(found[:, : wanted.shape[1]], wanted)
    assert (found[:, wanted.shape[1] :] == PADDING).all()


def test_covariates_are_refused():
    model = NeuralRegressor()
    model.n_covariates_ = 2
    with pytest.raises(InputError, match="a network that reads covariates cannot be exported"):
        to_onnx(model)
