"""The command line: parse, call one function, print. Exit status: 0 done, 1 some inputs failed, 2 wrong use."""

from __future__ import annotations

import logging
import os
import sys
from importlib import import_module

import click

from personae._version import __version__
from personae.errors import NO_MEMORY, PersonaeError, is_out_of_memory

COMMANDS = {
    "train": "Learn a cast from a folder of photos per character.",
    "identify": "Name the characters in photos.",
    "scan": "Find who is on screen in films, when, and for how long.",
    "name": "Say who somebody in a scanned film is.",
    "report": "Show a film's timeline as a page; check it with a contact sheet.",
    "export": "Write a film's timeline for editing programs and for study.",
    "select": "Write a stringout: every appearance of a character in film order.",
    "evaluate": "Say how well a cast's photos would name new ones, and what to mend.",
    "tune": "Search the settings that suit a cast, and save what gains.",
    "calibrate": "Set how many strangers may get a name, and measure it.",
    "add": "Add photos to a character.",
    "remove": "Take a character or photos out.",
    "rename": "Give a character another name.",
    "merge": "Make several characters one.",
    "split": "Give photos of a character to another.",
    "reject": "Teach that a face is not a character.",
    "undo": "Take back the last edits.",
    "log": "Show the edits of the gallery.",
    "forget": "Remove every trace of a person from the project.",
    "inspect": "Show the trained model's card.",
    "doctor": "Check the installation: networks, providers, weights, speed.",
    "models": "List the known networks and their licences; fetch one.",
    "demo": "Run the whole path on public-domain photos.",
}
"""Name and short help; a command's module `personae.cli.<name>` is imported only when it runs."""


class _LazyGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = getattr(import_module(f"personae.cli.{cmd_name}"), cmd_name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="personae")
@click.option("-v", "--verbose", is_flag=True, help="Log what is being done, to stderr.")
def cli(verbose: bool) -> None:
    """Name the characters in photos: train on a folder of photos per character, then identify.

    Everything runs on this machine; no picture leaves it.
    """
    if verbose:
        logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s")


def main() -> None:
    """Run the command line and exit with its status."""
    try:
        status = cli.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        status = 2
    except (click.Abort, KeyboardInterrupt):
        click.echo("personae: interrupted; what was finished is kept.", err=True)
        status = 130
    except BrokenPipeError:
        # The reader (head, less) has gone; nothing is left to say, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 1
    except PersonaeError as error:
        click.echo(f"personae: {error}", err=True)
        status = 2
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        click.echo(
            f"personae: {NO_MEMORY} for this. What was finished is kept. Close other programs, or give fewer or "
            "smaller pictures at once.",
            err=True,
        )
        status = 2
    sys.exit(status if isinstance(status, int) else 0)
