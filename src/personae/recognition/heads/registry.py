"""Heads by name: ours and those of plug-ins, and the two ways to use several (`ensemble`, `auto`)."""

from __future__ import annotations

import importlib
import importlib.metadata
from collections.abc import Callable

from personae.errors import SettingError
from personae.recognition.heads.learning import require_scikit_learn
from personae.recognition.heads.protocol import Head
from personae.settings import Settings

GROUP = "personae.heads"
PROTOTYPES, ENSEMBLE, AUTO = "prototypes", "ensemble", "auto"

# The package's own entry points, again (see personae/faces/backends.py), in the order in which `auto` prefers them.
OURS: dict[str, str] = {
    PROTOTYPES: "personae.recognition.heads.prototype:PrototypesHead",
    "knn": "personae.recognition.heads.knn:NearestPhotosHead",
    "logistic": "personae.recognition.heads.linear:LogisticHead",
    "svm": "personae.recognition.heads.linear:SvmHead",
    "mlp": "personae.recognition.heads.mlp:NetworkHead",
    "random-forest": "personae.recognition.heads.forest:ForestHead",
}
VOTERS = ("prototypes", "knn", "logistic", "svm", "mlp")
"""Heads of `ensemble`. The random forest has no vote: on embeddings it puts ten times as many faces to the wrong
character (docs/heads.md), and a weak voter makes the others' certainty look like doubt."""
WITHOUT_SCIKIT_LEARN = (PROTOTYPES, "knn")


def check_head(name: str) -> None:
    """Raise SettingError for a head that does not exist, MissingExtraError for one that cannot be trained here."""
    if name in (ENSEMBLE, AUTO) or (name in OURS and name not in WITHOUT_SCIKIT_LEARN):
        require_scikit_learn()
    elif name not in OURS:
        _plugin(name)


def make_head(name: str, settings: Settings) -> Head:
    """A head of that name, not fitted; SettingError lists what there is."""
    if name in OURS:
        module, attribute = OURS[name].split(":")
        make: Callable[[Settings], Head] = getattr(importlib.import_module(module), attribute)
        return make(settings)
    made: Head = _plugin(name).load()(settings)
    return made


def _plugin(name: str) -> importlib.metadata.EntryPoint:
    points = importlib.metadata.entry_points(group=GROUP)
    for point in points.select(name=name):
        return point
    known = sorted({*OURS, ENSEMBLE, AUTO, *(point.name for point in points)})
    raise SettingError(
        f"There is no head called {name!r}. Known here: {', '.join(known)}. "
        f"Or install the plug-in that brings it (entry point group {GROUP})."
    )
