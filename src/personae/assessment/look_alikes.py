"""Who of a cast could be taken for whom: told from what is enrolled, without a cross-validation."""

from __future__ import annotations

from collections import Counter

import numpy as np

from personae.cast.context import ProjectContext
from personae.cast.gallery import Gallery
from personae.errors import StoreError
from personae.recognition.model import CANDIDATES


def look_alikes(context: ProjectContext, name: str) -> tuple[tuple[str, int], ...]:
    """(other character, photos of `name` whose similarity to that one also reaches the threshold), most first.

    As `CharacterResult.alike` of an evaluation; empty for who is not in the model, and where there is no model.
    """
    if not context.paths.gallery.is_file():
        return ()
    try:
        trained = context.model.current_or_empty()
    except StoreError:
        return ()
    if trained.matcher is None or name not in trained.characters:
        return ()
    with Gallery.open(context.paths.gallery, embedder=None) as gallery:
        enrolment = gallery.enrolled()
        rows = [at for at, own in enumerate(enrolment.characters) if own == name]
        if not rows or gallery.embedder != trained.embedder:
            return ()
    found = trained.matcher.decide(
        enrolment.embeddings[rows], face_px=enrolment.face_px[rows], candidates=min(CANDIDATES, len(trained.characters))
    )
    near = np.take(found.names, found.characters)[found.evidence >= found.threshold]
    return tuple(Counter(str(other) for other in near if str(other) != name).most_common())
