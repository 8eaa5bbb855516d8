"""The native JSON formats in the OpenAPI document: the schemas that the package ships, and no second ones."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any


def native_answer(name: str) -> dict[int | str, dict[str, Any]]:
    """For `responses=` of a route that answers in a native format: "timeline-2", "photos-1", ..."""
    schema = json.loads(files("personae").joinpath("schemas", f"{name}.schema.json").read_bytes())
    return {200: {"content": {"application/json": {"schema": schema}}, "description": schema.get("title", name)}}
