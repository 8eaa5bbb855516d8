"""`personae archive`: what archives get of kept photos."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from personae.cli.identify_archives import archive_options, say_archived
from personae.cli.options import project_option, settings_from

if TYPE_CHECKING:
    from personae.project.archive_wishes import ArchiveWishes


@click.command()
@click.argument("sets", nargs=-1, required=True)
@archive_options
@click.option("--force", is_flag=True, help="Also add names to sidecars in DIR that Personae did not write.")
@project_option
def archive(sets: tuple[str, ...], archives: ArchiveWishes, force: bool, project: Path | None) -> int:
    """Write who is in the photos of SETS for archives: XMP sidecars, or a folder per person.

    SETS are photos that were kept (identify --keep). What you decided is what is written, and written again it is
    renewed. Sidecars hold face regions and names as digiKam, Lightroom and Bridge read them. A photo of two people is
    in both folders. The photos themselves are never written to.
    """
    from personae.project.session import Project

    if not archives:
        raise click.UsageError("Say what to write: --xmp --out DIR, --xmp --beside-originals, or --sort-into DIR.")
    failed = 0
    with Project.open(project, settings=settings_from(project, {})) as opened:
        for name in sets:
            failed += say_archived(opened.archive_of(opened.photos[name], archives, force=force), archives)
    return 1 if failed else 0
