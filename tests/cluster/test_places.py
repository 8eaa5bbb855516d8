"""Where films and databases lie: nothing outside the roots is read, and no SQLite on a disk of another machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from personae.cluster import table as tables
from personae.cluster.engines import check_address, engine_of
from personae.cluster.faults import ClusterError
from personae.cluster.network_disks import kind_of_network
from personae.cluster.roots import here, named, roots_of
from personae.cluster.table import PieceTable
from personae.errors import InputError, SettingError
from personae.piece_rows import shown

MOUNTS = r"""
/dev/sda1 / ext4 rw 0 0
proc /proc proc rw 0 0
nas:/films /mnt/films nfs4 rw,vers=4.2 0 0
/dev/sdb1 /mnt/films/local xfs rw 0 0
//nas/share /mnt/two\040words cifs rw 0 0
nas:/b /mnt/büro nfs rw 0 0
me@host: /home/me/far fuse.sshfs rw 0 0
systemd-1 /auto autofs rw 0 0
nas:/c /auto nfs rw 0 0
line
"""


def test_a_film_is_named_by_its_innermost_root(tmp_path: Path) -> None:
    roots = {"all": tmp_path, "new": tmp_path / "new"}
    assert named([tmp_path / "new" / "a" / "b.mp4"], roots) == ("new", ("a/b.mp4",))
    assert named([tmp_path / "newer" / "b.mp4"], roots) == ("all", ("newer/b.mp4",))
    assert named([tmp_path / "new" / "1.mp4", tmp_path / "2.mp4"], roots) == ("all", ("new/1.mp4", "2.mp4"))


def test_without_roots_paths_are_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert named([Path("a.mp4")], {}) == ("", ((tmp_path / "a.mp4").as_posix(),))
    assert here("", [(tmp_path / "a.mp4").as_posix()], {}) == [tmp_path / "a.mp4"]


def test_a_film_in_no_root_is_refused_with_the_roots(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"lies in none of the folders that other machines see \(archive="):
        named([tmp_path / "a.mp4"], {"archive": tmp_path / "films"})


@pytest.mark.parametrize(
    "path", ["../secret.mp4", "a/../../secret.mp4", "/etc/passwd", "link.mp4", "linked/secret.mp4"]
)
def test_nothing_outside_a_root_is_read(tmp_path: Path, path: str) -> None:
    root = tmp_path / "films"
    root.mkdir()
    (tmp_path / "secret.mp4").write_bytes(b"")
    (root / "link.mp4").symlink_to(tmp_path / "secret.mp4")
    (root / "linked").symlink_to(tmp_path)
    with pytest.raises(InputError, match="leads out of the root 'archive'"):
        here("archive", [path], {"archive": root})


def test_a_root_that_is_a_link_itself_and_links_within_are_followed(tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.mkdir()
    (real / "a.mp4").write_bytes(b"")
    (real / "b.mp4").symlink_to("a.mp4")
    (tmp_path / "films").symlink_to(real)
    assert here("archive", ["b.mp4"], {"archive": tmp_path / "films"}) == [real / "a.mp4"]


def test_a_machine_without_the_root_says_how_to_give_it(tmp_path: Path) -> None:
    for roots in ({}, {"other": tmp_path}, {"archive": tmp_path / "unmounted"}):
        with pytest.raises(InputError, match="no folder for the root 'archive': --roots archive=FOLDER"):
            here("archive", ["a.mp4"], roots)


def test_a_machine_with_roots_reads_no_whole_paths(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="reads only what lies in its own"):
        here("", [(tmp_path / "a.mp4").as_posix()], {"archive": tmp_path})


def test_roots_are_names_and_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert roots_of(None) == roots_of(" ; ") == {}
    assert roots_of(" archive = films ;b=/x=y") == {"archive": tmp_path / "films", "b": Path("/x=y")}
    for wrong in ("films", "=films", "archive=", "a/b=films"):
        with pytest.raises(SettingError, match="is not NAME=FOLDER"):
            roots_of(wrong)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/var/pieces.db", ""), ("/mnt/films/pieces.db", "nfs4"), ("/mnt/films/local/pieces.db", ""),
        ("/mnt/filmsnot/pieces.db", ""), ("/mnt/two words/pieces.db", "cifs"), ("/mnt/büro/pieces.db", "nfs"),
        ("/home/me/far/deep/pieces.db", "fuse.sshfs"), ("/auto/pieces.db", "nfs"), ("/mnt/films", "nfs4"),
    ],
)  # fmt: skip
def test_disks_of_other_machines_are_known_by_what_is_mounted(path: str, kind: str) -> None:
    assert kind_of_network(Path(path), MOUNTS) == kind


def test_a_link_to_another_machines_disk_lies_there(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/mnt/films")
    assert kind_of_network(tmp_path / "link" / "pieces.db", MOUNTS) == "nfs4"


def test_sqlite_on_a_disk_of_another_machine_is_refused_with_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kind(path: Path) -> str:
        return kind_of_network(path, f"nas:/x {tmp_path} nfs rw 0 0")

    monkeypatch.setattr(tables, "kind_of_network", kind)
    with pytest.raises(ClusterError, match=r"lies on a network disk \(nfs\).*Use PostgreSQL"):
        PieceTable.at(f"sqlite:///{tmp_path / 'pieces.db'}")
    assert not any(tmp_path.iterdir())


def test_a_database_that_is_a_link_to_another_machines_disk_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "far").mkdir()
    (tmp_path / "pieces.db").symlink_to(tmp_path / "far" / "pieces.db")
    mounts = f"nas:/x {tmp_path / 'far'} nfs rw 0 0"
    monkeypatch.setattr(tables, "kind_of_network", lambda path: kind_of_network(path, mounts))
    with pytest.raises(ClusterError, match="network disk"):
        PieceTable.at(f"sqlite:///{tmp_path / 'pieces.db'}")


@pytest.mark.parametrize(
    "address", ["", "locally", "http://host:1", "mysql://x", "host:8786", "/tmp/x.db", "redis://x"]
)
def test_what_is_no_address_of_machines_is_refused_with_those_there_are(address: str, tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match=r"is no address of machines\. There are: local, tcp://"):
        check_address(address)
    with pytest.raises(ClusterError):
        engine_of(address, owner=tmp_path, roots={})
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("mysql://host/name", "no database for pieces"), ("sqlite://", "Give the file"),
        ("sqlite:///:memory:", "Give the file"), ("nonsense", "no address of a database"),
    ],
)  # fmt: skip
def test_what_is_no_database_for_pieces_is_refused(address: str, why: str) -> None:
    with pytest.raises(ClusterError, match=why):
        PieceTable.at(address)


def test_a_database_that_cannot_be_used_is_said_without_its_password(tmp_path: Path) -> None:
    (tmp_path / "pieces.db").write_bytes(b"this is no database" * 100)
    with pytest.raises(ClusterError, match="cannot be used"):
        PieceTable.at(f"sqlite:///{tmp_path / 'pieces.db'}")
    with pytest.raises(ClusterError, match="cannot be used"):
        PieceTable.at(f"sqlite:///{tmp_path / 'missing' / 'pieces.db'}")
    with pytest.raises(ClusterError, match="cannot be used") as caught:
        PieceTable.at("postgresql://me:secret@127.0.0.1:1/pieces")
    assert "secret" not in str(caught.value)


def test_addresses_are_shown_without_their_password() -> None:
    assert shown("postgresql://me:se@cret@host:5432/name") == "postgresql://me@host:5432/name"
    assert shown("sqlite:////a/b.db") == "sqlite:////a/b.db"
