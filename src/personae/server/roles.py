"""What each role may do and see: the one table of it. A test holds that every route stands in it."""

from __future__ import annotations

from personae.server.keys import Role

MAY: dict[str, Role] = {
    # the server
    "get_version": "viewer",
    "get_metrics": "viewer",
    # the cast
    "list_characters": "viewer",
    "add_characters": "editor",
    "rename_character": "editor",
    "remove_character": "editor",
    "merge_characters": "editor",
    "undo_edits": "editor",
    "add_photos": "editor",
    "train": "admin",
    # pictures
    "identify": "viewer",
    "identify_in_root": "viewer",
    # films and sets of photos
    "list_roots": "viewer",
    "list_films_in_root": "viewer",
    "list_films": "viewer",
    "scan_films": "editor",
    "get_timeline": "viewer",
    "relabel": "editor",
    "list_decisions": "editor",
    "decide": "editor",
    "undo_decisions": "editor",
    "export_film": "viewer",
    # people without a name
    "list_people": "editor",
    # jobs and events
    "list_jobs": "viewer",
    "get_job": "viewer",
    "cancel_job": "editor",
    "retry_job": "editor",
    "forget": "admin",
    "follow_events": "viewer",
}
"""Operation -> who may do it, and whoever may do more. An operation's name is its route's, and its id in OpenAPI."""

SEES: dict[str, Role] = {
    "strangers": "editor",  # people without a name, and those who were set aside
    "suggestions": "editor",  # who somebody may be
    "journal": "editor",  # who said what
}
"""What stands in answers -> who sees it. Embeddings stand in none."""
