"""Errors as RFC 9457 problem documents: a stable code, and the sentence of the command line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi.responses import JSONResponse

from personae import errors
from personae.jobs.sentences import without_paths

MEDIA_TYPE = "application/problem+json"
_STATUS = {
    "unknown-character": 404,
    "unknown-film": 404,
    "unknown-photo-set": 404,
    "too-many": 429,
    "not-trained": 409,
    "embedder-mismatch": 409,
    "busy": 503,
    "cannot-write": 507,
    "film": 422,
    "photo": 422,
    "input": 422,
    "missing-extra": 501,
    "store": 500,
    "error": 500,
}
"""Code of one of our errors -> status."""
CODES = {400: "malformed", 404: "unknown-address", 405: "method", 413: "too-large"}
"""Of what the framework itself refuses."""
RETRY_AFTER_S = {429: 10, 503: 5}


class ProblemError(Exception):
    """What a route answers instead. `more`: further members of the document."""

    def __init__(self, status: int, code: str, detail: str, **more: Any) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail, self.more = status, code, detail, more


def problem(
    status: int, code: str, detail: str, *, headers: Mapping[str, str] | None = None, **more: Any
) -> JSONResponse:
    """The document as an answer; who is to come back later is told when."""
    detail = detail.encode("utf-8", "backslashreplace").decode()  # half a letter, as JSON can say it, is no text
    body = {"type": f"urn:personae:problem:{code}", "title": code, "status": status, "code": code, "detail": detail}
    later = {"retry-after": str(RETRY_AFTER_S[status])} if status in RETRY_AFTER_S else {}
    return JSONResponse(body | more, status, media_type=MEDIA_TYPE, headers={**later, **(headers or {})})


def of_error(error: errors.PersonaeError) -> JSONResponse:
    """What one of our errors is answered with: its sentence, without where files lie."""
    code = errors.code_of(error)
    return problem(_STATUS[code], code, without_paths(error))
