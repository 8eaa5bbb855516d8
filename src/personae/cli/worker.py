"""`personae worker`: look through films for projects on other machines."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import click

from personae.cli.console import say
from personae.cli.options import settings_options


@click.command()
@click.option("--database", required=True, metavar="URL", help="The table of pieces: postgresql://USER@HOST/NAME, or "
              "sqlite:////FILE for workers of one machine.")  # fmt: skip
@click.option("--name", default="", help="What this worker is called.  [default: the machine's name]")
@click.option("--until-idle", is_flag=True, help="End when there is nothing to do.")
@settings_options("roots", "provider", "threads")
def worker(database: str, name: str, until_idle: bool, **options: Any) -> int:
    """Look through films for projects on other machines.

    It takes pieces of films from the table that `personae scan --cluster URL` and a served project put them into, and
    sends back what it found. It opens no project: it reads films, in the folders of --roots where they are given. End
    it at any time (Ctrl+C): what it was at is taken up by another. Exit status 1 means that this machine has to be
    mended first. It needs the extra: pip install 'personae[cluster]'
    """
    from personae.cluster.faults import MachineError
    from personae.cluster.needed import check_extra

    check_extra()
    from personae.cluster.roots import roots_of
    from personae.cluster.table import PieceTable
    from personae.cluster.worker import PieceWorker, check_room
    from personae.piece_rows import shown
    from personae.settings import resolve

    given = {key: value for key, value in options.items() if value is not None}
    settings = resolve(given)
    roots = roots_of(settings.roots)
    for root, folder in roots.items():
        if not Path(folder).is_dir():
            raise click.UsageError(f"--roots: {folder} is no folder of this machine ({root}).")
    table = PieceTable.at(database)
    try:
        check_room()
        working = PieceWorker(table, roots, given, name=name, say=say)
        before = {number: signal.signal(number, lambda *_: working.stop.set()) for number in _ENDING}
        say(f"{working.name} looks through what {shown(database)} asks for.")
        try:
            working.run(until_idle=until_idle)
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
        say("Stopped.")
    except MachineError as error:
        say(f"personae: {error}", err=True)
        return 1
    finally:
        table.close()
    return 0


_ENDING = (signal.SIGTERM, signal.SIGINT)
