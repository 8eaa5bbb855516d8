"""Fetch the page's three libraries anew, as they are published, into src/personae/server/page/vendor.

    python -m scripts.vendor_page          (needs npm; a test holds that what lies there is what the list says)

They are ES modules that a browser loads as they are, so that there is no build step. `vendor.json` lists each file with
its package, version, licence and SHA-256.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import tarfile
import tempfile
from pathlib import Path

VENDOR = Path(__file__).parents[1] / "src" / "personae" / "server" / "page" / "vendor"
PACKAGES = {"preact": "11.2.0", "htm": "3.1.1", "@preact/signals": "2.11.4", "@preact/signals-core": "1.14.5"}
MODULES = {
    "preact.js": ("preact", "dist/preact.mjs"),
    "hooks.js": ("preact", "hooks/dist/hooks.mjs"),
    "htm.js": ("htm", "dist/htm.mjs"),
    "signals.js": ("@preact/signals", "dist/signals.mjs"),
    "signals-core.js": ("@preact/signals-core", "dist/signals-core.mjs"),
}


def main() -> None:
    rows, licences = {}, []
    VENDOR.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folders = {package: _fetched(package, version, Path(name)) for package, version in PACKAGES.items()}
        for package, folder in folders.items():
            about = json.loads((folder / "package.json").read_text(encoding="utf-8"))
            licences.append(f"{package} {about['version']} ({about['license']})\n\n{_licence(folder)}")
        for file, (package, path) in MODULES.items():
            text = (folders[package] / path).read_text(encoding="utf-8")
            lines = [line for line in text.splitlines() if not line.startswith("//# sourceMappingURL=")]
            content = "\n".join(lines) + "\n"
            (VENDOR / file).write_text(content, encoding="utf-8")
            licence = json.loads((folders[package] / "package.json").read_text(encoding="utf-8"))["license"]
            rows[file] = {
                "package": package, "version": PACKAGES[package], "from": path, "licence": licence,
                "sha256": hashlib.sha256(content.encode()).hexdigest(),
            }  # fmt: skip
    (VENDOR / "LICENSES.txt").write_text("\n\n".join(licences) + "\n", encoding="utf-8")
    (VENDOR / "vendor.json").write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")


def _fetched(package: str, version: str, folder: Path) -> Path:
    """Where a package of npm lies unpacked."""
    into = folder / package.replace("/", "-")
    into.mkdir()
    packed = subprocess.run(
        ["npm", "pack", f"{package}@{version}", "--silent", "--pack-destination", into],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    with tarfile.open(into / packed.stdout.strip().splitlines()[-1]) as archive:
        archive.extractall(into, filter="data")
    return into / "package"


def _licence(folder: Path) -> str:
    found = next(path for path in sorted(folder.iterdir()) if path.name.upper().startswith("LICENSE"))
    return found.read_text(encoding="utf-8").strip()


if __name__ == "__main__":
    main()
