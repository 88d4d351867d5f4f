from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy import stats

from seqexpr.models.training.losses import BINS, error_and_pearson, make_loss

NAMES = ["squared", "huber", "gaussian", "bins"]


@pytest.mark.parametrize("name", NAMES)
def test_what_was_not_measured_and_what_weighs_nothing_does_not_count(name):
    torch.manual_seed(0)
    loss = make_loss(name, n_targets=2)
    raw = torch.randn(4, 2 * loss.n_outputs)
    target = torch.tensor([[0.5, float("nan")], [1.0, 2.0], [float("nan"), -1.0], [9.0, 9.0]])
    weight = torch.tensor([1.0, 2.0, 0.5, 0.0])
    found = float(loss(raw, target, weight))
    alone = make_loss(name, n_targets=1)
    total = 0.0
    pairs = [(0, 0, 1.0), (1, 0, 2.0), (1, 1, 2.0), (2, 1, 0.5)]
    for row, column, share in pairs:
        part = raw[row : row + 1].unflatten(1, (2, loss.n_outputs))[:, column]
        one = alone(part, target[row : row + 1, column : column + 1], torch.ones(1))
        total += share * float(one)
    assert found == pytest.approx(total / sum(share for *_, share in pairs), rel=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_measured_is_a_loss_of_zero_with_gradients_of_zero(name):
    loss = make_loss(name, n_targets=1)
    raw = torch.randn(2, loss.n_outputs, requires_grad=True)
    value = loss(raw, torch.full((2, 1), float("nan")), torch.ones(2))
    value.backward()
    assert float(value.detach()) == 0.0
    assert float(raw.grad.abs().max()) == 0.0


def test_by_hand():
    raw, target, weight = torch.tensor([[3.0]]), torch.tensor([[1.0]]), torch.ones(1)
    assert float(make_loss("squared", n_targets=1)(raw, target, weight)) == 4.0
    assert float(make_loss("huber", n_targets=1)(raw, target, weight)) == 1.5
    gaussian = make_loss("gaussian", n_targets=1)
    at_start = torch.tensor([[3.0, 0.0]])
    deviation = float(gaussian.deviation(at_start))
    assert deviation == pytest.approx(1.0, abs=1e-3)
    wanted = -stats.norm(3, deviation).logpdf(1) - math.log(2 * math.pi) / 2
    assert float(gaussian(at_start, target, weight)) == pytest.approx(wanted, rel=1e-5)


def test_bins_are_the_cross_entropy_with_a_normal_distribution_cut_into_bins():
    loss = make_loss("bins", n_targets=1)
    torch.manual_seed(0)
    raw = torch.randn(1, BINS)
    centers = np.linspace(-3, 3, BINS)
    width = centers[1] - centers[0]
    edges = np.concatenate([[-np.inf], (centers[1:] + centers[:-1]) / 2, [np.inf]])
    share = np.diff(stats.norm(0.7, width).cdf(edges))
    assert share.sum() == pytest.approx(1)
    logs = torch.log_softmax(raw, dim=1)[0].numpy()
    found = float(loss(raw, torch.tensor([[0.7]]), torch.ones(1)))
    assert found == pytest.approx(-float(share @ logs), rel=1e-5)
    chances = np.exp(logs)
    mean = float(chances @ centers)
    assert float(loss.mean(raw)) == pytest.approx(mean, abs=1e-5)
    sd = math.sqrt(chances @ centers**2 - mean**2)
    assert float(loss.deviation(raw)) == pytest.approx(sd, rel=1e-4)


def test_the_best_bins_predict_the_target():
    """Fitted to one value alone, the mean over the bins is that value."""
    loss = make_loss("bins", n_targets=1)
    raw = torch.zeros(1, BINS, requires_grad=True)
    step = torch.optim.LBFGS([raw], max_iter=200)

    def closure():
        step.zero_grad()
        value = loss(raw, torch.tensor([[0.4]]), torch.ones(1))
        value.backward()
        return value

    step.step(closure)
    assert float(loss.mean(raw.detach())) == pytest.approx(0.4, abs=0.01)


def test_scores_by_hand():
    predicted = torch.tensor([[1.0, 0.0], [2.0, 1.0], [3.0, 5.0]])
    measured = torch.tensor([[1.0, float("nan")], [3.0, 2.0], [2.0, 4.0]])
    error, pearson = error_and_pearson(predicted, measured, torch.ones(3))
    assert error == pytest.approx((2 / 3 + 1) / 2)
    assert pearson == pytest.approx((0.5 + 1) / 2)
