"""What each role may do and see: the one table of it. A test holds that every route stands in it."""

from __future__ import annotations

from personae.server.keys import Role

MAY: dict[str, Role] = {
    # the server
    "get_version": "viewer",
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
    "identify_picture": "viewer",
    "identify_picture_in_root": "viewer",
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
    # their files and pictures
    "get_film_file": "viewer",
    "find_picture": "viewer",
    "get_picture": "viewer",
    "list_set_photos": "viewer",
    "get_photo": "viewer",
    "list_crops": "viewer",
    "get_crop": "viewer",
    # exports
    "list_formats": "viewer",
    "export_film": "viewer",
    "export_film_in_every_format": "viewer",
    "export_films": "viewer",
    "select_in_film": "viewer",
    "export_sidecars": "viewer",
    "start_export": "editor",
    "get_job_file": "editor",
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
