"""SFace, the default embedder (Zhong et al.: SFace, IEEE Transactions on Image Processing 30, 2021); 128 dimensions.

Input: 112x112 RGB, 0..255, no mean or scale, as OpenCV's FaceRecognizerSF feeds it.
"""

from __future__ import annotations

from pathlib import Path

from personae.faces.onnx_embedder import SFACE, OnnxEmbedder
from personae.settings import Settings


class SFaceEmbedder(OnnxEmbedder):
    """Embedder of `personae.embedders`; reads the settings `batch_size`, `provider` and `threads`.

    `network`: the name of a known network or the path of any SFace ONNX file. Nothing is read before the first use.
    """

    def __init__(self, settings: Settings | None = None, *, network: str | Path = "sface") -> None:
        super().__init__(SFACE, network, settings)
