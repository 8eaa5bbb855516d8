"""Why a piece was not looked through: its own fault, or the machine's."""

from __future__ import annotations

from personae.errors import PersonaeError


class ClusterError(PersonaeError):
    """The other machines cannot be used: their address, their version, what they see."""


class PieceError(PersonaeError):
    """No machine can look through the piece: its film is damaged."""


class MachineError(PersonaeError):
    """This machine cannot look through it, and another may.

    `ends`: it could look through no other piece either, and has to be mended first.
    """

    def __init__(self, reason: str, *, ends: bool = True) -> None:
        super().__init__(reason)
        self.ends = ends
