"""Whether a file lies on a disk of another machine: locks do not hold there, and SQLite must not be used."""

from __future__ import annotations

import os
import re
from pathlib import Path

NETWORK_KINDS = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "lustre", "gpfs", "beegfs", "ocfs2"}
    | {"ncpfs", "pvfs2", "davfs", "fuse.sshfs", "fuse.davfs", "fuse.glusterfs", "fuse.ceph", "fuse.rclone", "fuse.s3fs"}
    | {"fuse.juicefs", "fuse.beegfs", "fuse.moosefs", "fuse.smbnetfs", "virtiofs"}
)
_MOUNTS = Path("/proc/self/mounts")
_CODE = re.compile(r"\\([0-7]{3})")
"""How white space and backslashes are written there."""


def kind_of_network(path: Path, mounts: str | None = None) -> str:
    """The kind of network disk that `path` lies on; empty for a disk of this machine, or where that cannot be told.

    `mounts`: what the system says is mounted, in the form of /proc/self/mounts.
    """
    real = Path(os.path.realpath(path))
    if os.name == "nt":
        return "share" if str(real).startswith("\\\\") else ""
    if mounts is None:
        try:
            mounts = _MOUNTS.read_text(encoding="utf-8", errors="surrogateescape")
        except OSError:
            return ""
    found = (0, "")
    for line in mounts.splitlines():
        _, folder, kind, *_ = [*line.split(" "), "", "", ""]
        place = Path(_CODE.sub(lambda code: chr(int(code[1], 8)), folder) or "/")
        if real.is_relative_to(place) and len(place.parts) >= found[0]:
            found = len(place.parts), kind
    return found[1] if found[1] in NETWORK_KINDS else ""
