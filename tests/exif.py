"""exiftool, the reference reader of photos' metadata; tests that need it are skipped only where it is not there."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest


def read(path: Path, *options: str) -> dict[str, Any]:
    """Every tag of a file with its group, structures as such; what is about the file itself left out."""
    tags = json.loads(_run("-json", "-struct", "-G1", "-a", *options, str(path)))[0]
    aside = ("SourceFile", "ExifTool:", "System:", "File:")
    return {name: value for name, value in tags.items() if not name.startswith(aside)}


def warnings(path: Path) -> list[str]:
    """What exiftool has against a file's metadata, but for tags that its pictures should have had before."""
    lines = _run("-validate", "-warning", "-error", "-a", "-s3", str(path)).splitlines()
    return [line for line in lines if line != "OK" and "Warning" not in line and "Missing required" not in line]


def _run(*arguments: str) -> str:
    found = shutil.which("exiftool")
    if found is None:
        pytest.skip("exiftool is not installed (Debian: libimage-exiftool-perl)")
    done = subprocess.run([found, *arguments], capture_output=True, check=True)
    return done.stdout.decode()
