"""`personae keys` and `personae jobs`: who may use a served project, and what it works on."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from personae.cli import cli
from personae.errors import InputError, MissingExtraError
from personae.jobs.table import JobTable
from personae.server.keys import Keys


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PERSONAE_PROJECT", raising=False)
    return tmp_path


def personae(*arguments: str) -> Result:
    result = CliRunner().invoke(cli, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result


def test_a_key_is_shown_once_and_counts_until_it_is_revoked(home: Path) -> None:
    assert "keys add NAME" in personae("keys", "list").output
    secret = personae("keys", "add", "Zoë", "--role", "viewer", "--until", "2099-01-31").stdout.strip()
    keys = Keys(home / "personae")
    caller = keys.caller(secret)
    assert caller is not None and (caller.name, caller.role) == ("Zoë", "viewer")
    listed = personae("keys", "list").output
    assert "Zoë" in listed and "viewer" in listed and "2099-01-31" in listed and secret not in listed
    with pytest.raises(InputError, match="There is a key for Zoë already"):
        CliRunner().invoke(cli, ["keys", "add", "Zoë"], catch_exceptions=False)
    personae("keys", "revoke", "Zoë")
    assert keys.caller(secret) is None
    with pytest.raises(InputError, match="There is no key for Zoë"):
        CliRunner().invoke(cli, ["keys", "revoke", "Zoë"], catch_exceptions=False)
    again = personae("keys", "add", "Zoë").stdout.strip()
    assert again != secret and keys.caller(secret) is None
    keys.close()


def test_a_key_that_has_ended_is_said_to(home: Path) -> None:
    personae("keys", "add", "old", "--until", "2020-01-01")
    assert "ended" in personae("keys", "list").output
    with pytest.raises(InputError, match="is no day"):
        CliRunner().invoke(cli, ["keys", "add", "b", "--until", "tomorrow"], catch_exceptions=False)


def test_jobs_are_listed_cancelled_asked_for_again_and_preferred(home: Path) -> None:
    (home / "personae").mkdir()
    assert "Nothing waits and nothing runs." in personae("jobs").output
    table = JobTable.of_project(home / "personae")
    first, second = table.add("scan", {"paths": ["/a.mp4"]}, by="Ada"), table.add("train", {"folder": "/a"})
    done = table.add("relabel", {}, priority=5)
    claim = table.claim("w")
    assert claim is not None and claim.id == done.id and table.finish(claim, {})
    listed = personae("jobs").output
    assert first.id[:8] in listed and "Ada" in listed and done.id[:8] not in listed and "1 job done" in listed
    assert done.id[:8] in personae("jobs", "--all").output
    assert "is cancelled" in personae("jobs", "--cancel", first.id[:10]).output
    assert "is waiting" in personae("jobs", "--retry", first.id).output
    assert "priority 7" in personae("jobs", "--prefer", second.id, "--priority", "7").output
    history = personae("jobs", "--history", first.id[:8]).output.splitlines()
    assert [line[21:] for line in history] == ["asked for by Ada", "cancelled", "asked for again"]
    claim = table.claim("w")
    assert claim is not None and claim.id == second.id
    table.beat(claim, {"stage": "training", "done": 3, "total": 9})
    assert "training: 3 of 9" in personae("jobs").output
    assert "is to be cancelled" in personae("jobs", "--cancel", second.id).output
    table.fail(claim, {"code": "x", "detail": "No photos there."}, "No photos there.")
    assert "No photos there." in personae("jobs").output
    table.close()


@pytest.mark.parametrize("option", ["--cancel", "--retry", "--prefer", "--history"])
def test_a_job_that_is_none(home: Path, option: str) -> None:
    (home / "personae").mkdir()
    with pytest.raises(InputError, match="There is no job"):
        CliRunner().invoke(cli, ["jobs", option, "no such"], catch_exceptions=False)
    table = JobTable.of_project(home / "personae")
    table.add("scan", {})
    with pytest.raises(InputError, match="There is no job"):
        CliRunner().invoke(cli, ["jobs", option, ""], catch_exceptions=False)
    table.close()


@pytest.mark.parametrize("command", ["serve", "jobs"])
def test_without_the_extra_it_says_how_to_get_it(home: Path, command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("personae.server.needed.find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match="pip install fastapi uvicorn python-multipart sqlalchemy"):
        CliRunner().invoke(cli, [command], catch_exceptions=False)
    assert importlib.util.find_spec("fastapi")


def test_no_project(home: Path) -> None:
    with pytest.raises(InputError, match="There is no project"):
        CliRunner().invoke(cli, ["jobs"], catch_exceptions=False)
