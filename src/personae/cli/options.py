"""Command-line options made from the table of settings, and the ones all commands share."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from personae import hints
from personae.errors import SettingError
from personae.settings import TABLE, Setting, Settings, resolve

if TYPE_CHECKING:
    from personae.timeline.timeline import Timeline

_Command = TypeVar("_Command", bound=Callable[..., Any])
_BY_NAME = {setting.name: setting for setting in TABLE}
NETWORKS = ("detector", "embedder", "provider", "threads", "min_detection_score", "max_picture_mpx")
ENROLMENT = ("min_enroll_px", "min_enroll_score", "min_sharpness", "min_brightness", "max_yaw", "lock_timeout_s")

EXPERTS = frozenset(
    {*NETWORKS, *ENROLMENT, "threshold", "strangers", "max_photos", "head", "max_clusters", "background_weight", "seed"}
    | {"outliers", "look_every_s", "min_unknown_s", "scene_gap_s", "model", "progress_as", "stream", "start_timecode"}
    | {"cluster", "roots", "drop_frame", "reel", "follow_references", "edits", "media"}
)
"""Names of the parameters that most people never need: they stand last in a command's help."""


def options_in_order(command: click.Command, ctx: click.Context, formatter: click.HelpFormatter) -> None:
    """Write a command's options for its help: those of `EXPERTS` under a heading of their own, after the others."""
    usual: list[tuple[str, str]] = []
    experts: list[tuple[str, str]] = []
    for parameter in command.get_params(ctx):
        if isinstance(parameter, click.Argument):
            continue
        record = parameter.get_help_record(ctx)
        if record is not None:
            (experts if parameter.name in EXPERTS else usual).append(record)
    with formatter.section("Options"):
        formatter.write_dl(usual)
    if experts:
        with formatter.section("Options for experts"):
            formatter.write_dl(experts)


def settings_options(*names: str) -> Callable[[_Command], _Command]:
    """Options for the settings of those names; the command gets each as a keyword, None where not given."""

    def decorate(command: _Command) -> _Command:
        for name in reversed(names):
            command = _option(_BY_NAME[name])(command)
        return command

    return decorate


def _option(setting: Setting) -> Callable[[_Command], _Command]:
    def parse(ctx: click.Context, parameter: click.Parameter, value: str | None) -> Any:
        if value is None:
            return None
        try:
            return setting.parse(value)
        except SettingError as error:
            raise click.UsageError(str(error), ctx) from None

    default = "none" if setting.default is None else setting.default
    return click.option(
        setting.option,
        setting.name,
        metavar=(setting.unit.split(",")[0] or setting.kind.__name__).upper().replace(" ", "_"),
        callback=parse,
        help=f"{setting.help}  [default: {default}]",
    )


def cast_options(*, unknown: str) -> Callable[[_Command], _Command]:
    """What `evaluate` and `tune` are given: CAST, --folds is their own, --unknown (with that help), --groups."""
    groups = "Photos that stay together (one scene, one shoot): lines of path,group."

    def decorate(command: _Command) -> _Command:
        for option in (
            click.option("--groups", type=click.Path(path_type=Path, dir_okay=False), metavar="CSV", help=groups),
            click.option("--unknown", type=click.Path(path_type=Path), metavar="DIR", help=unknown),
            click.argument("cast", required=False, type=click.Path(path_type=Path)),
        ):
            command = option(command)
        return command

    return decorate


def _noted(ctx: click.Context, parameter: click.Parameter, value: Path | None) -> Path | None:
    """Commands that messages advise name the same project and model."""
    from personae.paths import ENVIRONMENT

    used = value or (os.environ.get(ENVIRONMENT) if parameter.name == "project" else None)
    if used:
        hints.add(f"--{parameter.name}", used)
    return value


project_option = click.option(
    "--project",
    is_eager=True,  # the name of a film is looked up in it
    callback=_noted,
    type=click.Path(path_type=Path, file_okay=False),
    help="Project folder.  [default: PERSONAE_PROJECT, else ./personae]",
)
model_option = click.option(
    "--model",
    callback=_noted,
    type=click.Path(path_type=Path, dir_okay=False),
    help="Model file.  [default: the project's]",
)

force_option = click.option(
    "--force", is_flag=True, help="Also write over files that are not as Personae wrote them; never over inputs."
)


references_option = click.option(
    "--follow-references",
    is_flag=True,
    help="Also read films that only name other files (playlists, scripts); never the network.",
)


class TimelineType(click.Path):
    """A scanned film: its timeline's file, or the name that it has in the project; the path of the timeline.

    Who gives an output here, as earlier versions took it, is told where it goes.
    """

    def __init__(self) -> None:
        super().__init__(path_type=Path, exists=True, dir_okay=False)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path of the timeline; raises BadParameter, which says which films there are."""
        from personae.errors import UnknownFilmError
        from personae.films.store import MediaStore
        from personae.paths import ProjectPaths

        if os.path.isfile(value):  # noqa: PTH113 - never raises
            return super().convert(value, param, ctx)
        # --project is read before: it is eager.
        paths = ProjectPaths.at(None if ctx is None else ctx.params.get("project"))
        try:
            return MediaStore(paths, 0.0).find(str(value)).timeline
        except UnknownFilmError as error:
            message = str(error)
        has_out = ctx is not None and any(one.name == "out" for one in ctx.command.params)
        if has_out and Path(value).suffix:
            message = f"File {str(value)!r} does not exist. An output is given by -o. {message}"
        raise click.BadParameter(message, ctx, param)


timeline_argument = click.argument("timeline", type=TimelineType())
timelines_argument = click.argument("timelines", nargs=-1, required=True, type=TimelineType())
media_option = click.option(
    "--media",
    type=click.Path(path_type=Path),
    help="The film that the file shall point to, such as the camera original of a proxy.  [default: what was scanned]",
)


def read_timeline(path: Path) -> Timeline:
    """The timeline in a file, with every decision and with the names of today; raises a StoreError."""
    from personae.paths import ProjectPaths
    from personae.project.completion import settle_project_of
    from personae.project.session import Project

    settle_project_of(path)
    project = ProjectPaths.of_film(path)
    with Project.open(path.parent / "personae" if project is None else project.folder) as opened:
        return opened.films[path].timeline


def nobody_enrolled(project: Path) -> str:
    """What is said where nobody is enrolled, so that everybody is unknown."""
    return (
        f"Nobody is enrolled in {project}, so everybody is unknown. Name them afterwards, or learn a cast first: "
        f"{hints.command('train CAST_FOLDER')}"
    )


def settings_at_far(project: Path | None, model: Path | None, options: dict[str, Any]) -> Settings:
    """`settings_from`, with `--far` for this run alone: the threshold at which the trained model has that rate."""
    settings = settings_from(project, options)
    if options.get("far") is None or options.get("threshold") is not None:
        return settings
    from dataclasses import replace

    from personae.project.session import Project

    with Project.open(project, settings=settings, model_path=model) as opened:
        return replace(settings, threshold=opened.threshold_at(options["far"]))


def settings_from(project: Path | None, options: dict[str, Any]) -> Settings:
    """Settings from the options given, the environment, the project's file and the defaults, in this order."""
    from personae.paths import ProjectPaths

    return resolve(options, project=ProjectPaths.at(project).folder)
