"""The ids of films and photo sets: what stands in addresses and in the results of jobs instead of their names."""

from __future__ import annotations

from hashlib import sha256


def id_of(kind: str, name: str) -> str:
    """The id of a film or set (`kind`: "film" or "photos") by its name; the same in every process."""
    return sha256(f"{kind}\0{name}".encode()).hexdigest()[:16]
