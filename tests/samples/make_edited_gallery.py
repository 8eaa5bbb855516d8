"""Make a gallery of today's version that was edited in every way: run once when a version is new, keep it for ever.

python -m tests.samples.make_edited_gallery

That of version 3 has "Unknown 4" where this says "Marianne": such names were characters' until then.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from personae.cast import editing, gallery_schema
from personae.cast.gallery import EnrolledFace, Gallery, PhotoRecord
from personae.types import Quality

FOLDER = Path(__file__).parent
CAST = {"Ada": 4, "Eva": 2, "Grace": 3, "Kim": 2, "Nobody": 2, "left": 1, "right": 2}


def put(gallery: Gallery, name: str, number: int, row: int) -> None:
    one = np.full(1, 80, np.float32)
    photo = PhotoRecord(name, f"/cast/{name}/{number}.jpg", origin="/cast", sha256=f"{name} {number}")
    face = EnrolledFace(
        np.array([0, 0, 80, 80], np.float32), np.zeros((5, 2), np.float32), 0.9,
        Quality(one, one, one, one, one, ((),)), np.eye(16, dtype=np.float32)[row],
    )  # fmt: skip
    gallery.put_photo(photo.enrolled(faces_found=1), face)


def main() -> None:
    path = FOLDER / f"edited-gallery-{gallery_schema.VERSION}.sqlite"
    path.unlink(missing_ok=True)
    with Gallery.open(path, embedder="sample:d16:p1:000000000000") as gallery, gallery.transaction():
        row = 0
        for name, photos in CAST.items():
            for number in range(photos):
                put(gallery, name, number, row)
                row += 1
        gallery.set_performers({"Ada": "A. Performer"})
        editing.rename(gallery, "Ada", "Augusta")
        editing.merge(gallery, ["Grace", "Eva"])
        editing.split(gallery, "Augusta", ["/cast/Ada/3.jpg"], "Mary")
        editing.reject(gallery, "Grace", "/cast/Eva/1.jpg", "Eva 1", None, None)
        editing.remove_character(gallery, "Kim")
        for old, new in (("left", "middle"), ("right", "left"), ("middle", "right")):
            editing.rename(gallery, old, new)
        editing.rename(gallery, "Grace", "Hopper")
        editing.undo(gallery)
        editing.merge(gallery, ["Mary", "Nobody"], "Marianne")
        editing.remove_photos(gallery, ["/cast/Grace/2.jpg"])
    print(path.stat().st_size)


if __name__ == "__main__":
    main()
