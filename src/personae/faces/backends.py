"""Detectors and embedders by name, by path, or by the name of a known network."""

from __future__ import annotations

import importlib
import importlib.metadata
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from personae.errors import SettingError
from personae.faces import weights
from personae.faces.detector import Detector
from personae.faces.embedder import Embedder
from personae.settings import Settings

DETECTORS = "personae.detectors"
EMBEDDERS = "personae.embedders"

# The package's own entry points, again: known without a search through every installed distribution (which takes longer
# than opening a network), also from a checkout that is not installed, and not to be replaced by another's by accident.
OURS: dict[str, dict[str, str]] = {
    DETECTORS: {
        "yunet": "personae.faces.yunet:YuNetDetector",
        "fake": "personae.faces.fake:FakeDetector",
    },
    EMBEDDERS: {
        "sface": "personae.faces.sface:SFaceEmbedder",
        "fake": "personae.faces.fake:FakeEmbedder",
    },
}


def make_detector(settings: Settings) -> Detector:
    """The detector that `settings.detector` names: an installed one, a known network, or a YuNet ONNX file.

    Raises SettingError that lists what there is.
    """
    made = _installed(DETECTORS, settings.detector, settings)
    if made is None:
        from personae.faces.yunet import YuNetDetector

        made = YuNetDetector(settings, network=_network(DETECTORS, settings.detector, "detector"))
    detector: Detector = made
    return detector


def make_embedder(settings: Settings) -> Embedder:
    """The embedder that `settings.embedder` names: an installed one, a known network, or an ONNX file.

    Several of them with commas between make a `CompositeEmbedder`. Raises SettingError that lists what there is.
    """
    names = _names(settings.embedder)
    if len(names) > 1:
        from personae.faces.composite import CompositeEmbedder

        return CompositeEmbedder([make_embedder(replace(settings, embedder=name)) for name in names])
    made = _installed(EMBEDDERS, settings.embedder, settings)
    if made is None:
        from personae.faces.onnx_embedder import embedder_for

        made = embedder_for(_network(EMBEDDERS, settings.embedder, "embedder"), settings)
    embedder: Embedder = made
    return embedder


def _names(given: str) -> list[str]:
    """The embedders named, one or several; a comma in the name of a file that exists separates nothing."""
    if "," not in given or Path(given).expanduser().is_file():
        return [given]
    names = [name.strip() for name in given.split(",")]
    if not all(names) or len(set(names)) < len(names):
        raise SettingError(f"--embedder {given}: give each embedder once, with one comma between two: sface,other.onnx")
    return names


def installed(group: str) -> dict[str, str]:
    """Every name in the entry point group `group` with the object it stands for, ours and those of plug-ins."""
    plugins = {point.name: point.value for point in importlib.metadata.entry_points(group=group)}
    return plugins | OURS[group]


def _installed(group: str, name: str, settings: Settings) -> Any:
    target = OURS[group].get(name)
    if target is not None:
        module, attribute = target.split(":")
        make: Callable[[Settings], Any] = getattr(importlib.import_module(module), attribute)
        return make(settings)
    for point in importlib.metadata.entry_points(group=group, name=name):
        return point.load()(settings)
    return None


def _network(group: str, name: str, kind: weights.Kind) -> str | Path:
    known = [row.name for row in weights.NETWORKS if row.kind == kind]
    if name in known:
        return name
    if name.lower().endswith(".onnx") or Path(name).expanduser().is_file():
        return Path(name)
    names = sorted({*installed(group), *known})
    raise SettingError(
        f"There is no {kind} called {name!r}. Known here: {', '.join(names)}. "
        f"Or give the path of an ONNX file, or install the plug-in that brings it (entry point group {group})."
    )
