"""`personae serve`: the project over HTTP."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import click

from personae.cli.console import say
from personae.cli.options import project_option, settings_from, settings_options

NOT_SERVED = 1
"""Exit status where it cannot be served: somebody may do something about it and try again."""


@click.command()
@click.argument("folders", nargs=-1, type=click.Path(path_type=Path))
@project_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen. Others reach it only with keys.")
@click.option("--port", default=8765, show_default=True, type=click.IntRange(1, 65535), help="Which port to listen on.")
@click.option("--open", "opens", is_flag=True, help="Open the page in a browser once it is served.")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(0, 64), help="Jobs done at once.")
@click.option("--tls-cert", type=click.Path(path_type=Path, dir_okay=False), help="Certificate (PEM).")
@click.option("--tls-key", type=click.Path(path_type=Path, dir_okay=False), help="The certificate's key (PEM).")
@click.option("--root-path", default="", help="The path that a proxy serves it under, such as /personae.")
@click.option("--name", "names", multiple=True, metavar="NAME", help="A further name that it goes by in addresses.")
@click.option("--origin", "origins", multiple=True, metavar="ORIGIN", help="A page elsewhere that may ask, with a key.")
@click.option("--proxy", "proxies", multiple=True, metavar="ADDRESS", help="A proxy before it that says who asks.")
@settings_options("cluster", "roots")
def serve(
    folders: tuple[Path, ...],
    project: Path | None,
    host: str,
    port: int,
    opens: bool,
    workers: int,
    tls_cert: Path | None,
    tls_key: Path | None,
    root_path: str,
    names: tuple[str, ...],
    origins: tuple[str, ...],
    proxies: tuple[str, ...],
    cluster: str | None,
    roots: str | None,
) -> None:
    """Serve the project: everything that the command line does, for programs and browsers.

    FOLDERS are the only ones whose films and photos it reads; without any it is the folder you are in. It needs the
    extra: pip install 'personae[server]'
    """
    from personae.server.needed import check_extra

    check_extra()
    from personae.errors import PersonaeError
    from personae.project.session import Project
    from personae.server.serving import Place, serving

    if (tls_cert is None) != (tls_key is None):
        raise click.UsageError("--tls-cert and --tls-key go together.")
    logging.getLogger("personae.changes").setLevel(logging.INFO)
    for name, value in (("cluster", cluster), ("roots", roots)):
        if value is not None:
            os.environ[f"PERSONAE_{name.upper()}"] = value  # for its workers too
    place = Place(host, port, tls_cert, tls_key, root_path, names, origins, proxies)
    try:
        settings_from(project, {})  # what is wrong with them is said now
        with Project.open(project) as opened:  # it heeds what tune and calibrate write while it is served
            with serving(opened, folders or (Path(),), place, workers=workers) as server:
                if not folders:
                    say(f"Films and photos are read below {Path().absolute()}.")
                if place.is_open and tls_cert is None:
                    say("Keys travel readable: give --tls-cert and --tls-key, or a proxy with TLS before it.", err=True)
                page = f"{server.address}/?token={server.token}"
                say(f"Serving {opened.folder}: {page}")
                if opens:
                    from personae.server.opening import open_when_served

                    open_when_served(page, lambda sentence: say(sentence, err=True))
                server.run()
            say("Stopped. What was not done waits for the next start.")
    except PersonaeError as error:
        say(f"personae: {error}", err=True)
        click.get_current_context().exit(NOT_SERVED)
