"""The command line: parse, call one function, print.

Exit status: 0 done, 1 some inputs failed or not everything could be written, 2 wrong use or nothing done, 70 a fault of
Personae itself, 130 interrupted.
"""

from __future__ import annotations

import logging
import sys
from functools import partial
from importlib import import_module

import click

from personae._version import __version__
from personae.cli import streams
from personae.errors import NO_MEMORY, PersonaeError, is_out_of_memory

_LOG = logging.getLogger("personae")
FAULT = 70
"""Exit status of a fault of Personae itself (EX_SOFTWARE)."""

COMMANDS = {
    "train": "Learn a cast from a folder of photos per character.",
    "identify": "Name the characters in photos.",
    "scan": "Find who is on screen in films, when, and for how long.",
    "people": "List who has no name in films and photos, and who they may be.",
    "name": "Say who somebody in a scanned film is.",
    "relabel": "Name everybody in scanned films anew, by the cast of now.",
    "report": "Show a film's timeline as a page; check it with a contact sheet.",
    "export": "Write a film's timeline for editing programs and for study.",
    "archive": "Write names for photo archives: XMP sidecars, a folder per person.",
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
    "serve": "Serve the project over HTTP, for programs and browsers.",
    "worker": "Look through films for projects on other machines.",
    "keys": "Say who may use a served project.",
    "jobs": "Show what a served project works on.",
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
        from personae.cli.options import options_in_order

        # Here, and not in a class that every command would have to name.
        command.format_options = partial(options_in_order, command)  # type: ignore[method-assign]
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            ctx.fail(_no_command(args[0]))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _no_command(typed: str) -> str:
    """That there is no such command, and which were meant."""
    import difflib

    near = difflib.get_close_matches(typed.lower(), COMMANDS, n=3, cutoff=0.6)
    hint = f" Did you mean {' or '.join(near)}?" if near else " All commands: personae --help"
    return f"There is no command {typed!r}.{hint}"


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="personae")
@click.option("-v", "--verbose", is_flag=True, help="Log what is being done, to stderr.")
def cli(verbose: bool) -> None:
    """Name the characters in photos: train on a folder of photos per character, then identify.

    Everything runs on this machine; no picture leaves it.
    """
    from personae import hints

    hints.use()
    if verbose:
        logging.getLogger().setLevel(logging.INFO)


def say(text: object = "", *, err: bool = False) -> None:
    """`console.say`, imported when there is something to say: most starts say nothing here."""
    from personae.cli.console import say

    say(text, err=err)


class _Said(logging.Handler):
    """Log lines on stderr as it is now. Warnings are ours to say; what `--verbose` adds names its module."""

    def emit(self, record: logging.LogRecord) -> None:
        who = "personae" if record.levelno >= logging.WARNING else record.name
        for line in f"{who}: {self.format(record)}".split("\n"):
            say(line, err=True)


def main() -> None:
    """Run the command line and exit with its status."""
    streams.prepare()
    handler = _Said()
    handler.setFormatter(logging.Formatter("%(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    try:
        status = _run()
        why = streams.unwritten()
        if why is not None:
            say(f"personae: standard output is incomplete ({why}). What was written to files is whole.", err=True)
            status = status or 1
    except BrokenPipeError:
        streams.discard()
        status = 1
    sys.exit(status)


def _run() -> int:
    """Run the command; its exit status, after whatever went wrong was said in a sentence."""
    try:
        status = cli.main(standalone_mode=False)
    except click.ClickException as error:
        _explain(error)
        return 2
    except (click.Abort, KeyboardInterrupt):
        say("personae: interrupted; what was finished is kept.", err=True)
        return 130
    except BrokenPipeError:
        raise
    except PersonaeError as error:
        first, *listed = error.lines
        for line in (f"personae: {first}", *(f"  {one}" for one in listed)):
            say(line, err=True)
        return 2
    except Exception as error:
        _LOG.info("what happened:", exc_info=True)
        if is_out_of_memory(error):
            say(f"personae: {NO_MEMORY}. Close other programs, or give fewer or smaller pictures at once.", err=True)
            return 2
        say(f"personae: this is a fault of Personae: {type(error).__name__}: {error}", err=True)
        say("What was finished is kept. To see where it is, run it again with: personae --verbose", err=True)
        return FAULT
    return status if isinstance(status, int) else 0


def _explain(error: click.ClickException) -> None:
    """What is wrong with the use of a command, and how it is used: click's own words, but for what names hold."""
    if type(error).__name__ == "NoArgsIsHelpError":  # only the help, in which nothing is from outside
        error.show()
        return
    ctx = getattr(error, "ctx", None)
    if ctx is not None:
        for line in ctx.get_usage().split("\n"):
            say(line, err=True)
        say(f"Try '{ctx.command_path} --help' for help.", err=True)
        say(err=True)
    say(f"Error: {error.format_message()}", err=True)
