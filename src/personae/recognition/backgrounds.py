"""Which background an embedder has: a measured one that is shipped, one put together from its parts, or none."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from personae import archive
from personae.recognition.background import ARRAYS, SCHEMA, SMALL_ARRAYS, Background
from personae.recognition.composite_background import join
from personae.recognition.small_faces import SmallFaces

DATA = Path(__file__).parent.parent / "data"


@lru_cache(maxsize=8)
def background_for(embedder: str, dimension: int) -> Background:
    """The measured background of the embedder with that contract id, or the isotropic one where there is none.

    Weights of one network at two precisions share a background: files are named after the id without the digest.
    """
    if "+" in embedder:
        return _of_parts(embedder.split("+"), dimension)
    parts = embedder.split(":")
    path = DATA / f"background-{'-'.join(parts[:3])}.safetensors"
    if len(parts) < 3 or not path.is_file():
        return Background.isotropic(dimension)
    arrays, metadata = archive.read(path, schema=SCHEMA)
    return Background(
        **{key: arrays[key] for key in ARRAYS},
        small=SmallFaces(
            arrays["size_px"], arrays["size_mean"], **{key: arrays[f"small_faces_{key}"] for key in SMALL_ARRAYS}
        ),
        people=int(metadata["people"]),
        name=str(metadata["name"]),
    )


def _of_parts(ids: Sequence[str], dimension: int) -> Background:
    """The background for the composite of the embedders with those contract ids; isotropic where they do not add up."""
    found = [re.fullmatch(r"[^:]+:d(\d{1,6}):.*", part) for part in ids]
    dimensions = [int(match[1]) for match in found if match]
    if len(dimensions) < len(ids) or sum(dimensions) != dimension:
        return Background.isotropic(dimension)
    return join([background_for(part, size) for part, size in zip(ids, dimensions, strict=True)])
