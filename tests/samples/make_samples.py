"""Make the samples of today's file versions: run once when a version is new, then keep the files for ever.

python -m tests.samples.make_samples
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from personae.cast import gallery_schema
from personae.cast.gallery import EnrolledFace, Gallery, PhotoRecord
from personae.recognition import model_file
from personae.recognition.model import CharacterModel
from personae.types import Quality

FOLDER = Path(__file__).parent


def main() -> None:
    version = gallery_schema.VERSION
    path = FOLDER / f"gallery-{version}.sqlite"
    one = np.full(1, 80, np.float32)
    vectors = np.eye(2, 8, dtype=np.float32)
    path.unlink(missing_ok=True)
    with Gallery.open(path, embedder="sample:d8:p1:000000000000") as gallery:
        for name, vector in zip(("Ada", "Grace"), vectors, strict=True):
            gallery.put_photo(
                PhotoRecord(name, f"/cast/{name}/1.jpg", origin="/cast", sha256="0").enrolled(faces_found=1),
                EnrolledFace(
                    np.array([0, 0, 80, 80], np.float32), np.zeros((5, 2), np.float32), 0.9,
                    Quality(one, one, one, one, one, ((),)), vector,
                    picture=b"\xff\xd8\xff\xe0" + name.encode() + b"\xff\xd9",
                ),
            )  # fmt: skip
    major = model_file.SCHEMA.rpartition("/")[2]
    if (FOLDER / f"model-{major}.personae").exists():
        return
    model = CharacterModel().fit(vectors, ["Ada", "Grace"])
    card = model_file.describe(model, embedder="sample:d8:p1:000000000000", gallery_revision="0")
    model_file.save(model, card, FOLDER / f"model-{major}.personae")


if __name__ == "__main__":
    main()
