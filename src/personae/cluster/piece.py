"""A piece of a film as plain values, for a machine that knows nothing of the project.

A piece says which film (by the name of a media root and the path in it), how it is opened and looked through, and which
part. It holds no names of people. What comes back is a `result`. Nothing here loads what looks: who only hands pieces
on is ready at once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from typing import Any

from personae._version import __version__
from personae.checks import Fields, require, text
from personae.cluster.faults import MachineError
from personae.settings import Settings, resolve
from personae.timeline.part import Part

SCHEMA = "personae/piece/1"
LOCAL_SETTINGS = frozenset({"provider", "threads", "batch_size", "cluster", "roots"})
"""Settings that each machine has of its own: they change nothing of what is found."""


@dataclass(frozen=True)
class Piece:
    """One piece of work. JSON types in all fields but `part`.

    `root`: name of the media root, empty where `paths` are whole; `paths`: the film's files, with "/"; `opening`: what
    `open_film` takes besides; `settings`: those that change what is found; `fingerprint`: see `scan.fingerprint_of`;
    `version`: of the Personae that asks.
    """

    root: str
    paths: tuple[str, ...]
    opening: Mapping[str, Any]
    settings: Mapping[str, Any]
    fingerprint: Mapping[str, Any]
    part: Part
    version: str = __version__

    @property
    def name(self) -> str:
        """The film's, for people."""
        return self.paths[0].rpartition("/")[2]

    @cached_property
    def id(self) -> str:
        """The same for the same work."""
        return hashlib.sha256(json.dumps(self.as_dict(), sort_keys=True).encode()).hexdigest()[:32]

    def as_dict(self) -> dict[str, Any]:
        """JSON types."""
        return {"schema": SCHEMA, **asdict(self), "paths": list(self.paths)}

    @classmethod
    def of_dict(cls, value: Any) -> Piece:
        """From `as_dict`; MisfitError for what is none."""
        row = Fields(value)
        require(row.get("schema") == SCHEMA, f"it is no {SCHEMA}")
        part, paths = row.inner("part"), tuple(row.each("paths", text))
        require(paths, "it names no film")
        return cls(
            row.text("root"),
            paths,
            dict(_object(row.get("opening"))),
            dict(_object(row.get("settings"))),
            dict(_object(row.get("fingerprint"))),
            Part(**{one.name: _number_or_none(part.get_or_none(one.name), one.name) for one in fields(Part)}),
            row.text("version"),
        )

    def settings_here(self, own: Settings) -> Settings:
        """How this machine looks through it: the piece's settings, and its `own` of `LOCAL_SETTINGS`.

        Raises SettingError for settings that this Personae does not know.
        """
        local = {name: getattr(own, name) for name in LOCAL_SETTINGS}
        return resolve({**self.settings, **local}, environment={})


def settings_of(settings: Settings) -> dict[str, Any]:
    """Those that a piece carries."""
    return {one.name: getattr(settings, one.name) for one in fields(settings) if one.name not in LOCAL_SETTINGS}


def check_version(piece: Piece) -> None:
    """Raise MachineError where another Personae asks."""
    if piece.version != __version__:
        raise MachineError(
            f"This machine has Personae {__version__}, and the one that asks has {piece.version}: tracks of both would "
            "not go together. Install the same version."
        )


def _object(value: Any) -> dict[str, Any]:
    require(isinstance(value, dict), "an object is missing")
    return dict(value)


def _number_or_none(value: Any, name: str) -> int | None:
    require(value is None or (isinstance(value, int) and not isinstance(value, bool)), f"{name} is no whole number")
    return None if value is None else int(value)
