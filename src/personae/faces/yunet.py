"""YuNet: a small fast face detector with five landmarks (Wu, Peng, Yu: YuNet, Machine Intelligence Research 20, 2023).

Input: BGR, 0..255, no mean or scale, height and width filled up with black to multiples of 32, as OpenCV's
FaceDetectorYN feeds it. Output per stride 8, 16, 32 and cell: class and object scores (the face score is the root of
their product), box (centre offset and log size, in strides) and five points (offsets in strides).
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from personae.errors import WeightsError
from personae.faces import multiscale, preparation, weights
from personae.faces.runtime import Session
from personae.settings import Settings
from personae.types import Faces, Picture, PixelArray

PREPROCESSING = 2
"""Version of everything between picture and faces; raise it when boxes or landmarks change."""
STRIDES = (8, 16, 32)
_OUTPUTS = frozenset(f"{what}_{stride}" for what in ("cls", "obj", "bbox", "kps") for stride in STRIDES)


class YuNetDetector:
    """Detector of `personae.detectors`; reads the settings `min_detection_score`, `provider` and `threads`.

    `network`: the name of a known network or the path of any YuNet ONNX file. Nothing is read before the first use.
    `care`: how willingly small faces are looked at twice.
    """

    def __init__(self, settings: Settings | None = None, *, network: str | Path = "yunet") -> None:
        settings = settings or Settings()
        self._min_score = settings.min_detection_score
        self.care = multiscale.THOROUGH
        self._weights = weights.LazyWeights(network)
        self._network = preparation.LazyNetwork(self._weights, "detector")
        self._session = Session(self._network.take_model, provider=settings.provider, threads=settings.threads)

    @property
    def id(self) -> str:
        """Contract id: name, preprocessing version, start of the weights' sha256."""
        return f"yunet:p{PREPROCESSING}:{self._weights.get().sha256[:12]}"

    def for_films(self) -> Self:
        """Fewer small faces are looked at twice: less than a quarter of the second looks, and the same names."""
        films = copy.copy(self)
        films.care = multiscale.BRISK
        return films

    def detect(self, picture: Picture) -> Faces:
        """Every face from about 14 px to larger than the picture, best score first; maybe none.

        Raises WeightsError where the network cannot be had or is no YuNet.
        """
        return multiscale.search(picture.pixels, self.look, self._min_score, self.care)

    def look(self, pixels: PixelArray, min_score: float) -> Faces:
        """All candidates in (h, w, 3) uint8 RGB `pixels` at that very size, several per face (see `multiscale`)."""
        blob = _blob(pixels)
        outputs = self._session.run(blob)
        if not outputs.keys() >= _OUTPUTS:
            raise WeightsError(f"{self._weights.get().path} is not a YuNet detector. Give the path of another file.")
        return decode(outputs, blob.shape[3], min_score)

    def describe(self) -> dict[str, Any]:
        """What is really in use, for `personae doctor`; opens the network. JSON types only."""
        found = self._weights.get()
        runs_on = self._session.runs_on()
        return {
            "network": found.network.name if found.network else None,
            "path": str(found.path),
            "sha256": found.sha256,
            "prepared": str(self._network.path) if self._network.path else None,
            **asdict(runs_on),
        }


_KEPT_BYTES = 30_000_000
_blobs = threading.local()


def _blob(pixels: PixelArray) -> NDArray[np.float32]:
    """(1, 3, h, w) BGR filled up with black; it is the calling thread's until its next call.

    The memory of a few sizes is kept: asking the system for it anew takes as long as filling it.
    """
    import cv2

    size = pixels.shape[:2]
    known: dict[tuple[int, ...], NDArray[np.float32]] = _blobs.__dict__.setdefault("known", {})
    blob = known.get(size)
    if blob is None:
        blob = np.zeros((1, 3, *(-(-side // 32) * 32 for side in size)), np.float32)
        if blob.nbytes + sum(other.nbytes for other in known.values()) > _KEPT_BYTES:
            known.clear()
        if blob.nbytes <= _KEPT_BYTES:
            known[size] = blob
    for channel, plane in enumerate(cv2.split(pixels)):
        blob[0, 2 - channel, : size[0], : size[1]] = plane
    return blob


def decode(outputs: Mapping[str, NDArray[np.float32]], width: int, min_score: float) -> Faces:
    """YuNet's outputs for an input `width` pixels wide to the candidates of at least `min_score`, in its pixels."""
    boxes, landmarks, scores = [], [], []
    for stride in STRIDES:
        product = np.clip(outputs[f"cls_{stride}"][0, :, 0], 0, 1) * np.clip(outputs[f"obj_{stride}"][0, :, 0], 0, 1)
        keep = np.flatnonzero(product >= min_score**2)
        if not len(keep):
            continue
        cell_xy = np.stack([keep % (width // stride), keep // (width // stride)], axis=1).astype(np.float32)
        box = outputs[f"bbox_{stride}"][0, keep]
        centre = (cell_xy + box[:, :2]) * stride
        half = np.exp(box[:, 2:]) * (stride / 2)
        boxes.append(np.concatenate([centre - half, centre + half], axis=1))
        landmarks.append((cell_xy[:, None] + outputs[f"kps_{stride}"][0, keep].reshape(-1, 5, 2)) * stride)
        scores.append(np.sqrt(product[keep]))
    if not scores:
        return Faces.empty()
    return Faces(np.concatenate(boxes), np.concatenate(landmarks), np.concatenate(scores))
