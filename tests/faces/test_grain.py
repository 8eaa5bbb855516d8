"""Grain is measured, and smoothed only where there is enough of it."""

from __future__ import annotations

import numpy as np
import pytest

from personae.faces.grain import noise_of, without_grain
from personae.types import PixelArray
from tests.film_maker import textured


def noisy(sigma: float) -> PixelArray:
    picture = textured((320, 240), 3)
    noise = np.random.default_rng(0).normal(0, sigma, (240, 320, 1))
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("sigma", [4.0, 8.0, 16.0])
def test_noise_is_measured(sigma: float) -> None:
    assert noise_of(noisy(sigma)) == pytest.approx(sigma, rel=0.15)


def test_a_clean_picture_stays_and_a_grainy_one_comes_nearer_to_it() -> None:
    clean = textured((320, 240), 3)
    assert without_grain(clean) is clean
    assert noise_of(np.zeros((2, 2, 3), np.uint8)) == 0
    grainy = noisy(10)
    error = [float(np.abs(picture.astype(float) - clean).mean()) for picture in (grainy, without_grain(grainy))]
    assert error[1] < error[0] / 2
