"""What each role may do and see: the one table of it. A test holds that every route stands in it."""

from __future__ import annotations

from personae.server.keys import Caller, Role

MAY: dict[str, Role] = {
    # the server
    "get_version": "viewer",
    "get_session": "viewer",
    "get_settings": "viewer",
    "get_metrics": "viewer",
    # the cast
    "list_characters": "viewer",
    "get_character": "viewer",
    "add_characters": "editor",
    "rename_character": "editor",
    "remove_character": "editor",
    "merge_characters": "editor",
    "split_character": "editor",
    "list_edits": "editor",
    "undo_edits": "editor",
    "list_photos_of_character": "viewer",
    "get_picture_of_photo": "viewer",
    "add_photos": "editor",
    "add_photos_of_character": "editor",
    "get_original_of_photo": "viewer",
    "remove_photos": "editor",
    "confirm_photos": "editor",
    "keep_characters_apart": "editor",
    "reject_photo": "editor",
    "reject_face": "editor",
    # the model
    "get_model": "viewer",
    "train": "admin",
    "evaluate": "editor",
    "get_evaluation": "editor",
    "tune": "admin",
    "calibrate": "admin",
    # pictures
    "identify": "viewer",
    "identify_in_root": "viewer",
    "identify_picture": "viewer",
    "identify_picture_in_root": "viewer",
    "list_photos_in_root": "viewer",
    "get_picture_in_root": "viewer",
    # films and sets of photos
    "list_roots": "viewer",
    "list_films_in_root": "viewer",
    "list_films": "viewer",
    "get_film": "viewer",
    "scan_films": "editor",
    "scan_again": "editor",
    "get_timeline": "viewer",
    "relabel": "editor",
    "relabel_many": "editor",
    "list_photo_sets": "viewer",
    "keep_photos": "editor",
    "get_photo_set": "viewer",
    "list_photos_of_set": "viewer",
    "overview_of_set": "viewer",
    "list_decisions": "editor",
    "list_all_decisions": "editor",
    "decide": "editor",
    "decide_many": "editor",
    "import_decisions": "editor",
    "foresee": "editor",
    "undo_decisions": "editor",
    "undo_everywhere": "editor",
    # their files and pictures
    "get_film_file": "viewer",
    "find_picture": "viewer",
    "get_picture": "viewer",
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
    "list_decided_people": "editor",
    "list_everybody": "viewer",
    "get_person": "viewer",
    "list_faces_of_person": "viewer",
    "get_picture_of_person": "viewer",
    "foresee_about_people": "editor",
    "take_apart": "editor",
    "decide_about_person": "editor",
    "list_names": "viewer",
    "list_questions": "editor",
    "get_question": "editor",
    "look_at_question": "editor",
    # jobs and events
    "list_jobs": "viewer",
    "get_job": "viewer",
    "list_people_of_job": "editor",
    "prefer_job": "editor",
    "cancel_job": "editor",
    "retry_job": "editor",
    "forget": "admin",
    "follow_events": "viewer",
}
"""Operation -> who may do it, and whoever may do more. An operation's name is its route's, and its id in OpenAPI."""

MAKES: dict[str, str] = {
    "scan": "scan_films",
    "relabel": "relabel",
    "export": "start_export",
    "keep": "keep_photos",
    "learn": "decide",
    "train": "train",
    "add": "add_photos",
    "reject": "reject_face",
    "confirm": "confirm_photos",
    "evaluate": "evaluate",
    "tune": "tune",
    "calibrate": "calibrate",
    "forget": "forget",
}
"""Kind of a job -> the operation that asks for it: whoever may not do that may not change such a job either."""

SEES: dict[str, Role] = {
    "strangers": "editor",  # people without a name, and those who were set aside
    "suggestions": "editor",  # who somebody may be
    "journal": "editor",  # who said what
    "results": "editor",  # who asked for a job and what came of it: results and errors name people and files of others
}
"""What stands in answers -> who sees it. Embeddings stand in none."""


def why_not(caller: Caller, operation: str) -> str | None:
    """Why this caller may not have that done; None where they may, or where the table has no such operation."""
    role = MAY.get(operation)
    if role is None or caller.may(role):
        return None
    return f"That takes the role {role}; this key has {caller.role}."


def role_of_job(kind: str) -> Role:
    """Who may ask for a job of that kind, and so cancel it, ask for it again and prefer it."""
    return MAY.get(MAKES.get(kind, ""), "admin")
