"""Who is to be forgotten: names, photos and embeddings of a person, as a value."""

from __future__ import annotations

import secrets
import unicodedata
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from personae.ledger import Entry
from personae.types import FloatArray

NOBODY: FloatArray = np.empty((0, 0), np.float32)
ALIKE = 0.5
"""Cosine from which a face of nobody in particular is taken for the person's."""


@dataclass(frozen=True, eq=False)
class Person:
    """A person as everything of the project knows them.

    `id`: of this forgetting; `ids`: of their characters; `name`: as it was asked for; `names`: with former ones;
    `paths`, `digests`: of their photos; `vectors` (n, d): embeddings; `copies` (m, d): of the photos' small copies;
    `pictures`: pieces of the small pictures of their faces, as hexadecimal digits; `centres` (k, d): what models held;
    `models`: files to make anew, each with the settings it was trained with; `written`: (path, kind) of outputs outside
    the project that show them.
    """

    name: str
    names: frozenset[str]
    paths: frozenset[str] = frozenset()
    digests: frozenset[str] = frozenset()
    vectors: FloatArray = field(default_factory=lambda: NOBODY)
    copies: FloatArray = field(default_factory=lambda: NOBODY)
    centres: FloatArray = field(default_factory=lambda: NOBODY)
    models: tuple[tuple[str, dict[str, Any]], ...] = ()
    written: tuple[tuple[str, str], ...] = ()
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    ids: frozenset[str] = frozenset()
    pictures: frozenset[str] = frozenset()

    @property
    def spellings(self) -> frozenset[str]:
        """The names in composed and in decomposed letters, as file systems and other programs write them."""
        return frozenset(unicodedata.normalize(form, name) for form in ("NFC", "NFD") for name in self.names)

    @property
    def marks(self) -> frozenset[str]:
        """What stands for them as a value of its own: the names, and the ids of their characters."""
        return self.spellings | self.ids

    def is_in(self, entry: Entry) -> bool:
        """Whether an output is known to show or name them: by who is in it, or as a copy of a photo of theirs."""
        return bool(self.names & set(entry.who)) or entry.source in self.paths

    def may_be_in(self, entry: Entry) -> bool:
        """Whether an output shows the person, or nobody knows who is in it."""
        return self.is_in(entry) or (not entry.who and not entry.sha256)
