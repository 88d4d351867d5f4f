from __future__ import annotations

import pytest
import torch
from torch import nn

from seqexpr.models.nets.layers import (
    ConvBlock,
    MaskedBatchNorm1d,
    MaskedConv1d,
    MaskedMaxPool1d,
    SqueezeExcite,
    _join_groups,
    masked_mean,
)
from seqexpr.models.nets.pooling import AttentionPool, PlacePool, SummaryPool

LENGTHS = (7, 4, 1, 0)


@pytest.fixture
def padded():
    """Activations with rubbish where the mask is 0."""
    torch.manual_seed(0)
    x = torch.randn(len(LENGTHS), 6, max(LENGTHS))
    at = torch.arange(max(LENGTHS))
    mask = (at < torch.tensor(LENGTHS)[:, None])[:, None].float()
    return torch.where(mask > 0, x, torch.full_like(x, 1e6)), mask


@pytest.mark.parametrize("width", [1, 3, 5])
@pytest.mark.parametrize("dilation", [1, 2])
def test_a_convolution_sees_zeros_beyond_the_end(padded, width, dilation):
    x, mask = padded
    layer = MaskedConv1d(6, 3, width, dilation=dilation)
    out = layer(x, mask)
    for row, length in enumerate(LENGTHS):
        if length:
            alone = layer(x[row : row + 1, :, :length])
            torch.testing.assert_close(out[row : row + 1, :, :length], alone)


@pytest.mark.parametrize(
    ("n_in", "n_out", "groups"), [(32, 32, 16), (24, 48, 12), (20, 20, 10), (6, 6, 2), (40, 40, 2)]
)
def test_groups_that_are_joined_give_the_same(n_in, n_out, groups):
    torch.manual_seed(0)
    layer = MaskedConv1d(n_in, n_out, 5, groups=groups)
    weight, fewer = _join_groups(layer.conv.weight, groups)
    assert fewer <= groups
    assert weight.shape[1] <= max(16, n_in // groups)
    x = torch.randn(3, n_in, 12)
    leaf = weight.detach().requires_grad_()
    wide = nn.functional.conv1d(x, leaf, layer.conv.bias, padding=2, groups=fewer)
    torch.testing.assert_close(wide, layer.conv(x))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        half = layer(x)
    torch.testing.assert_close(half.float(), layer(x), atol=0.05, rtol=0.05)
    (exact,) = torch.autograd.grad(layer.conv(x).square().sum(), layer.conv.weight)
    (found,) = torch.autograd.grad(half.float().square().sum(), layer.conv.weight)
    torch.testing.assert_close(found, exact, atol=0.03 * float(exact.abs().max()), rtol=0.1)


@pytest.mark.parametrize("way", ["_by_rows", "_by_sums"])  # on processors, and on GPUs
def test_batch_norm_takes_the_moments_of_bases_only(padded, way):
    x, mask = padded
    layer = MaskedBatchNorm1d(6).train()
    plain = nn.BatchNorm1d(6).train()
    bases = torch.cat([x[row, :, :length] for row, length in enumerate(LENGTHS)], dim=1)
    wanted = plain(bases[None])[0]
    found = getattr(layer, way)(x, mask)
    together = torch.cat([found[row, :, :length] for row, length in enumerate(LENGTHS)], dim=1)
    torch.testing.assert_close(together, wanted)
    torch.testing.assert_close(layer.running_mean, plain.running_mean)
    torch.testing.assert_close(layer.running_var, plain.running_var)


def test_batch_norm_gives_the_same_gradient_either_way(padded):
    x, mask = padded
    layer, grads = MaskedBatchNorm1d(6).train(), []
    torch.nn.init.normal_(layer.weight)
    weighed = torch.randn_like(x) * mask
    for way in (layer._by_rows, layer._by_sums):
        leaf = (x * mask).requires_grad_()
        grads.append(torch.autograd.grad((way(leaf, mask) * weighed).sum(),
                                         [leaf, layer.weight, layer.bias]))  # fmt: skip
    for one, other in zip(*grads, strict=True):
        torch.testing.assert_close(one * 1.0, other, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("n_bases", [0, 1])
def test_batch_norm_of_one_base_is_that_of_the_running_moments(n_bases):
    layer = MaskedBatchNorm1d(2).train()
    mask = torch.zeros(1, 1, 3)
    mask[:, :, :n_bases] = 1
    out = layer(torch.full((1, 2, 3), 2.0), mask)
    assert out[0, 0].tolist() == pytest.approx([2.0] * n_bases + [0.0] * (3 - n_bases), rel=1e-4)
    assert layer.running_mean.tolist() == [0.0, 0.0]


def test_batch_norm_of_a_single_value_is_that_of_the_running_moments():
    layer = MaskedBatchNorm1d(2).train()
    torch.testing.assert_close(layer(torch.ones(1, 2, 1)), torch.ones(1, 2, 1), rtol=1e-4, atol=0)
    assert layer.running_mean.tolist() == [0.0, 0.0]


@pytest.mark.parametrize("width", [1, 2, 3])
def test_max_pooling_is_that_of_each_sequence_alone(padded, width):
    x, mask = padded
    out, left = MaskedMaxPool1d(width)(x, mask)
    for row, length in enumerate(LENGTHS):
        if length:
            alone, none = MaskedMaxPool1d(width)(x[row : row + 1, :, :length])
            assert none is None
            kept = alone.shape[2]
            torch.testing.assert_close(out[row : row + 1, :, :kept], alone)
            assert int(left[row].sum()) == kept == -(-length // width)


@pytest.mark.parametrize(
    "layer",
    [masked_mean, PlacePool(1), PlacePool(3), PlacePool(10), SummaryPool(), AttentionPool(6)],
    ids=["mean", "places1", "places3", "places10", "summary", "attention"],
)
def test_pooling_is_that_of_each_sequence_alone(padded, layer):
    x, mask = padded
    out = layer(x, mask)
    assert torch.isfinite(out).all()
    for row, length in enumerate(LENGTHS):
        if length:
            torch.testing.assert_close(
                out[row : row + 1], layer(x[row : row + 1, :, :length], None)
            )
    assert (out[-1] == 0).all()  # a sequence without bases


def test_places_by_hand():
    x = torch.tensor([[[1.0, 2.0, 3.0, 4.0, 5.0]]])
    # Places at bases 0, 2 and 4; bases 1 and 3 count half on either side.
    wanted = [(1 + 2 / 2) / 1.5, (2 / 2 + 3 + 4 / 2) / 2, (4 / 2 + 5) / 1.5]
    torch.testing.assert_close(PlacePool(3)(x), torch.tensor([wanted]))
    torch.testing.assert_close(PlacePool(5)(x), x[:, 0])


def test_places_are_exact_in_half_precision():
    pool, x = PlacePool(40), torch.zeros(1, 1, 2_001)
    exact = pool.weights(x)
    assert torch.equal(pool.weights(x.bfloat16()), exact.bfloat16())


def test_squeeze_and_excitation_weighs_channels_by_their_means(padded):
    x, mask = padded
    layer = SqueezeExcite(6, 3)
    out = layer(x, mask)
    hidden = torch.nn.functional.silu(layer.down(x[0, :, :7].mean(dim=1)))
    gate = torch.sigmoid(layer.up(hidden))
    torch.testing.assert_close(out[0, :, :7], x[0, :, :7] * gate[:, None])


def test_a_block_is_convolution_norm_and_silu():
    block = ConvBlock(4, 2, 3).eval()
    x = torch.randn(1, 4, 5)
    wanted = torch.nn.functional.silu(block.norm(block.conv(x)))
    torch.testing.assert_close(block(x), wanted)
