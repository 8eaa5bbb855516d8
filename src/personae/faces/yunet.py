"""YuNet: a small fast face detector with five landmarks (Wu, Peng, Yu: YuNet, Machine Intelligence Research 2023).

Input: BGR, 0..255, no mean or scale, height and width multiples of 32, as OpenCV's FaceDetectorYN feeds it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from personae.errors import WeightsError
from personae.faces import preparation, weights
from personae.faces.runtime import RunsOn, Session
from personae.settings import Settings
from personae.types import Faces, FloatArray, Picture, PixelArray

PREPROCESSING = 1
STRIDES = (8, 16, 32)


class YuNetDetector:
    """Detector of `personae.detectors`; reads its settings `min_detection_score`, `provider` and `threads`.

    `network`: the name of a known network or the path of any YuNet ONNX file. Nothing is read before the first use.
    """

    def __init__(self, settings: Settings | None = None, *, network: str | Path = "yunet") -> None:
        self._settings = settings or Settings()
        self._weights = weights.Lazy(network)
        self._network = preparation.Lazy(self._weights, "detector")
        self._session = Session(self._network.take_model, provider=self._settings.provider, threads=self._settings.threads)

    @property
    def id(self) -> str:
        """Contract id."""
        return f"yunet:p{PREPROCESSING}:{self._weights.get().sha256[:12]}"

    def detect(self, picture: Picture) -> Faces:
        """Detect."""
        boxes, landmarks, scores = self.raw(picture.pixels, self._settings.min_detection_score)
        keep = suppress(boxes, scores)
        return Faces(boxes[keep], landmarks[keep], scores[keep])

    def raw(self, pixels: PixelArray, min_score: float) -> tuple[FloatArray, FloatArray, FloatArray]:
        height, width = pixels.shape[:2]
        blob = np.zeros((1, 3, -(-height // 32) * 32, -(-width // 32) * 32), np.float32)
        blob[0, :, :height, :width] = pixels[:, :, ::-1].transpose(2, 0, 1)
        return decode(self._session.run(blob), blob.shape[3], min_score)


def decode(outputs, width: int, min_score: float):
    parts = []
    for stride in STRIDES:
        score = np.sqrt(
            np.clip(outputs[f"cls_{stride}"][0, :, 0], 0, 1) * np.clip(outputs[f"obj_{stride}"][0, :, 0], 0, 1)
        )
        keep = np.flatnonzero(score >= min_score)
        cell = np.stack([keep % (width // stride), keep // (width // stride)], axis=1).astype(np.float32)
        box = outputs[f"bbox_{stride}"][0, keep]
        centre = (cell + box[:, :2]) * stride
        half = np.exp(box[:, 2:]) * (stride / 2)
        points = (outputs[f"kps_{stride}"][0, keep].reshape(-1, 5, 2) + cell[:, None]) * stride
        parts.append((np.concatenate([centre - half, centre + half], axis=1), points, score[keep]))
    return tuple(np.concatenate(p) for p in zip(*parts))


def suppress(boxes, scores, overlap: float = 0.3):
    order = np.argsort(-scores, kind="stable")
    keep = []
    area = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    while len(order):
        best, order = order[0], order[1:]
        keep.append(best)
        low = np.maximum(boxes[best, :2], boxes[order, :2])
        high = np.minimum(boxes[best, 2:], boxes[order, 2:])
        both = np.clip(high - low, 0, None).prod(axis=1)
        order = order[both <= overlap * (area[best] + area[order] - both)]
    return np.array(keep, np.int64)
