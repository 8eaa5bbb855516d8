"""What the two background scripts share: one vote per person, and the constants of both."""

from __future__ import annotations

import numpy as np

TAIL = np.array([0.5, 0.3, 0.2, 0.1, 0.05, 0.03, 0.02, 0.01, 5e-3, 3e-3, 2e-3, 1e-3, 5e-4, 3e-4, 2e-4, 1e-4])
GENUINE_PHOTOS = (1, 2, 3, 5)


def weights(identity: np.ndarray) -> np.ndarray:
    """One vote per person: the weight of each row."""
    _, person, counts = np.unique(identity, return_inverse=True, return_counts=True)
    return np.asarray(1 / counts[person] / len(counts))


def within(X: np.ndarray, identity: np.ndarray) -> np.ndarray:
    """Covariance of rows around their person's mean, one vote per person."""
    _, person, counts = np.unique(identity, return_inverse=True, return_counts=True)
    means = np.zeros((len(counts), X.shape[1]))
    np.add.at(means, person, X)
    means /= counts[:, None]
    several = counts[person] > 1
    # n - 1 photos are free once their mean is taken.
    degrees = 1 / (counts[person] - 1 + ~several) / (counts > 1).sum()
    residual = (X - means[person])[several]
    return np.asarray(residual.T @ (residual * degrees[several][:, None]))
