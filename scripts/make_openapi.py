"""Write the reviewed snapshot of the service's OpenAPI document, tests/server/openapi.json.

Run `python -m scripts.make_openapi` after a route has changed, and read the difference before it is committed.
"""

from __future__ import annotations

import json
from pathlib import Path

from personae.server.app import document_of_routes

SNAPSHOT = Path(__file__).parents[1] / "tests" / "server" / "openapi.json"


def snapshot() -> str:
    """The document as it stands in the snapshot: without the version of Personae."""
    found = document_of_routes()
    found["info"]["version"] = "0"
    return json.dumps(found, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    SNAPSHOT.write_text(snapshot(), encoding="utf-8")
