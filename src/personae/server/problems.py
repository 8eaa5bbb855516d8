"""Errors as RFC 9457 problem documents: a stable code, and the sentence of the command line."""

from __future__ import annotations

from typing import Any

from fastapi.responses import JSONResponse

from personae import errors

MEDIA_TYPE = "application/problem+json"
_STATUS: tuple[tuple[type[errors.PersonaeError], int, str], ...] = (
    (errors.UnknownCharacterError, 404, "unknown-character"),
    (errors.UnknownFilmError, 404, "unknown-film"),
    (errors.UnknownPhotoSetError, 404, "unknown-photo-set"),
    (errors.ModelNotFoundError, 409, "not-trained"),
    (errors.EmbedderMismatchError, 409, "embedder-mismatch"),
    (errors.ProjectBusyError, 503, "busy"),
    (errors.WriteError, 507, "cannot-write"),
    (errors.FilmError, 422, "film"),
    (errors.PhotoError, 422, "photo"),
    (errors.InputError, 422, "input"),
    (errors.MissingExtraError, 501, "missing-extra"),
    (errors.StoreError, 500, "store"),
    (errors.PersonaeError, 500, "error"),
)
"""The first that fits: status and code."""


class ProblemError(Exception):
    """What a route answers instead. `more`: further members of the document."""

    def __init__(self, status: int, code: str, detail: str, **more: Any) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail, self.more = status, code, detail, more


def problem(status: int, code: str, detail: str, **more: Any) -> JSONResponse:
    """The document as an answer."""
    body = {"type": f"urn:personae:problem:{code}", "title": code, "status": status, "code": code, "detail": detail}
    return JSONResponse(body | more, status, media_type=MEDIA_TYPE)


def of_error(error: errors.PersonaeError) -> JSONResponse:
    """What one of our errors is answered with."""
    status, code = next((status, code) for kind, status, code in _STATUS if isinstance(error, kind))
    return problem(status, code, str(error))
