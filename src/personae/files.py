"""Files written whole, one writer per project, digests. The only module with calls that differ between platforms."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import secrets
import shutil
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO

from personae.checks import Fields, parsed
from personae.errors import ProjectBusyError, WriteError
from personae.leading_out import check_opened

LOCK_FILE = "writer.lock"
HOLDER_FILE = "writer.json"
LARGEST_PHOTO = 4 << 30
"""Bytes; what is larger is not read through to know it again."""
_POLL_S = 0.2
TEMPORARY = ".personae-"
"""What the names of files begin with that are written and not complete."""
_OLD_S = 86400.0
_PRIVATE_FOLDER, _PRIVATE_FILE, _USUAL_FILE = 0o700, 0o600, 0o666


def means_folder(path: str | Path) -> bool:
    """Whether a path is a folder's: one is there, or the path is a text that ends in / (or the platform's own)."""
    ends = tuple(filter(None, ("/", os.sep, os.altsep)))
    return Path(path).is_dir() or (isinstance(path, str) and path.endswith(ends))


def make_folder(path: Path, *, private: bool) -> None:
    """Make a folder and those above it where they are missing; `private`: for its owner alone. Raises OSError."""
    missing = [path, *path.parents][::-1] if private else []
    for folder in missing:
        if not folder.exists():
            with contextlib.suppress(FileExistsError):  # another process was faster
                folder.mkdir(mode=_PRIVATE_FOLDER)
    path.mkdir(parents=True, exist_ok=True)


def make_private(path: Path) -> None:
    """Make an empty file for its owner alone where there is none, and its folder; raises OSError."""
    make_folder(path.parent, private=True)
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _PRIVATE_FILE))


def make_tree_private(folder: Path) -> None:
    """Take a folder and everything in it away from all but its owner; what cannot be changed stays as it is."""
    for root, _, names in os.walk(folder):
        for path, mode in ((Path(root), _PRIVATE_FOLDER), *((Path(root, name), _PRIVATE_FILE) for name in names)):
            if not path.is_symlink():
                with contextlib.suppress(OSError):
                    path.chmod(stat.S_IMODE(path.stat().st_mode) & mode)


@contextmanager
def open_whole(path: Path, *, durable: bool = True, private: bool = False) -> Iterator[BinaryIO]:
    """A binary file to write that appears as `path` when the block ends, and not at all when it fails.

    So `path` holds either what it held before or everything, also after a power cut unless it need not be `durable`:
    waiting for the disk takes longer than writing a small file. A link stays a link, and a file keeps its permissions;
    a new one, and the folders made for it, are for their owner alone if `private` (it holds faces), and else as the
    system makes new files. A device or pipe (/dev/null, /dev/stdout) is written to as it is. Raises WriteError.
    """
    try:
        if _is_special(path):  # replacing it would take it away from the whole system
            if private:
                raise NotAFileError(errno.EINVAL, "there is a device, a pipe or a folder of this name", str(path))
            with path.open("wb") as file:
                yield file
            return
        target = Path(os.path.realpath(path))
        make_folder(target.parent, private=private)
        # Opened by name (not by mkstemp), so that a new file gets the permissions any new file would have.
        temporary = _temporary(target)
        mode = _PRIVATE_FILE if private else _USUAL_FILE
        try:
            with open(temporary, "xb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
                with contextlib.suppress(OSError):  # before any content, which may be private
                    shutil.copymode(target, temporary)
                yield file
                if durable:
                    file.flush()
                    os.fsync(file.fileno())
            temporary.replace(target)
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
        if durable:
            _sync_folder(target.parent)
    except OSError as error:
        raise write_error(path, error) from error


def _is_special(path: Path) -> bool:
    """Whether something is there that is not a plain file: a folder, a device, a pipe."""
    try:
        return not stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return False


def clear_leftovers(folder: Path) -> None:
    """Delete the temporary files in `folder` that writers which were killed have left; at best effort."""
    for path in leftovers(folder):
        process = path.name.split("-")[1]
        with contextlib.suppress(OSError):
            day_old = time.time() - path.stat().st_mtime > _OLD_S
            if day_old or (process.isdecimal() and not _is_running(int(process))):
                shred(path)


def leftovers(folder: Path) -> list[Path]:
    """The temporary files in `folder` of writers that were killed, and of those that are at it."""
    return sorted(folder.glob(f"{TEMPORARY}*.tmp"))


def _is_running(process: int) -> bool:
    if os.name != "posix":  # elsewhere asking would end it
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def write_whole(path: Path, content: bytes, *, durable: bool = True, private: bool = False) -> None:
    """Write `content` by `open_whole`."""
    with open_whole(path, durable=durable, private=private) as file:
        file.write(content)


def append_durably(path: Path, content: bytes, *, after: int) -> None:
    """Write `content` at the place `after` of a file that is there, which then ends with it; it is on the disk at once.

    What stood there is cut off first. A write that fails leaves the file as it was up to `after`. Raises WriteError.
    """
    try:
        with path.open("r+b", buffering=0) as file:
            _check_regular(path, os.fstat(file.fileno()).st_mode)
            file.truncate(after)
            file.seek(after)
            try:
                left = memoryview(content)
                while left:
                    left = left[file.write(left) :]
                os.fsync(file.fileno())
            except OSError:
                with contextlib.suppress(OSError):
                    file.truncate(after)
                raise
    except OSError as error:
        raise write_error(path, error) from error


def shred(path: Path, *, in_place: bool = False) -> None:
    """Overwrite a file with zeros and delete it, so that its blocks hold nothing.

    It loses its name first, so that a kill leaves no file of zeros under it, but a temporary one; `in_place`: it keeps
    its name to the end. A link, and one of several names of a file, is only deleted: the file lives on under the other.

    Copies that a file system or a disk keeps by itself (snapshots, wear levelling) are out of reach. Raises WriteError.
    """
    named = path
    try:
        if path.is_file() and not path.is_symlink() and path.stat().st_nlink == 1:
            if not (in_place or path.name.startswith(TEMPORARY)):
                path = path.rename(_temporary(path))
            with path.open("r+b") as file:
                left = file.seek(0, os.SEEK_END)
                file.seek(0)
                while left > 0:
                    left -= file.write(bytes(min(left, 1 << 20)))
                file.flush()
                os.fsync(file.fileno())
        path.unlink(missing_ok=True)
    except OSError as error:
        raise write_error(named, error) from error


def _temporary(path: Path) -> Path:
    """A new name beside `path`, of the kind that writers which were killed leave."""
    return path.with_name(f"{TEMPORARY}{os.getpid()}-{secrets.token_hex(4)}.tmp")


@contextmanager
def replacing(path: Path) -> Iterator[None]:
    """Inside, `path` is written anew and whole; then what stood there is overwritten, where it can have two names.

    So a kill leaves the old or the new file under its name, and at worst the old one under a temporary name too.
    """
    old = _temporary(path)
    try:
        os.link(path, old)
    except OSError:  # no hard links here
        yield
        return
    try:
        yield
    finally:
        shred(old)


def write_error(path: Path, error: OSError) -> WriteError:
    """`error` as a sentence that says what to do."""
    reasons = {
        errno.ENOSPC: "the disk is full. Free some space and try again",
        errno.EDQUOT: "the disk quota is used up. Free some space and try again",
        errno.EFBIG: "the file would be larger than this system allows",
        errno.EROFS: "the disk is read-only. Choose another folder",
        errno.EACCES: "no permission to write here. Choose another folder",
        errno.EPERM: "no permission to write here. Choose another folder",
        errno.ENOENT: "there is no such folder, and it cannot be made. Choose another folder",
        errno.ENOTDIR: "a part of this path is a file. Choose another folder",
        errno.EEXIST: "a part of this path is a file. Choose another folder",
        errno.EISDIR: "there is a folder of this name",
        errno.ENAMETOOLONG: "this name is too long. Choose a shorter one",
    }
    reason = reasons.get(error.errno or 0, str(error))
    return WriteError(path, f"cannot be written: {reason}. Nothing that was there is lost.")


def _sync_folder(folder: Path) -> None:
    """Make a rename durable where the platform can (Windows cannot open folders)."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


class NotAFileError(OSError):
    """What was to be read is neither a file nor a folder: a device, a pipe, a socket."""


def open_input(path: Path) -> BufferedReader:
    """A file, open to be read: the one way to open what a user named or a folder held.

    Only regular files: a pipe would be waited for, and a device (also behind a link) may have no end. Raises OSError,
    whose `strerror` reads well: IsADirectoryError for a folder, NotAFileError for a device; ValueError for a name that
    holds a NUL character.
    """
    _check_regular(path, path.stat().st_mode)  # before opening, which already does something to a pipe or a tape
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        opened = os.fstat(handle)  # it may be another one by now
        _check_regular(path, opened.st_mode)
        check_opened(path, opened)
        return os.fdopen(handle, "rb")
    except BaseException:
        os.close(handle)
        raise


def _check_regular(path: Path, mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, "this is a folder, not a file", str(path))
    if not stat.S_ISREG(mode):
        raise NotAFileError(errno.EINVAL, "this is a device or pipe, not a file", str(path))


def check_readable(path: Path) -> None:
    """Raise what `open_input` would, as far as that can be told without opening the file."""
    _check_regular(path, path.stat().st_mode)
    if not os.access(path, os.R_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))


def read_whole(path: Path) -> bytes:
    """The content of a file; raises as `open_input`."""
    with open_input(path) as file:
        return file.read()


def sha256_of(path: Path, *, most: int | None = None) -> str:
    """Hexadecimal SHA-256 of a file's content; raises as `open_input`, OSError for more than `most` bytes."""
    with open_input(path) as file:
        if most is not None and file.seek(0, os.SEEK_END) > most:
            raise OSError(errno.EFBIG, f"it is larger than {most >> 30} GiB, which no photo is", str(path))
        file.seek(0)
        return hashlib.file_digest(file, "sha256").hexdigest()


Stamp = tuple[tuple[int, int, int] | None, ...]
"""What tells one state of some files from another: inode, time of change in ns and size of each; None: not there."""


def stamp_of(*paths: Path | str) -> Stamp:
    """What tells these files' present state from another."""
    found: list[tuple[int, int, int] | None] = []
    for path in paths:
        try:
            stat = os.stat(path)  # noqa: PTH116 - a third of the time of Path.stat, before every answer
            found.append((stat.st_ino, stat.st_mtime_ns, stat.st_size))
        except OSError:
            found.append(None)
    return tuple(found)


@contextmanager
def project_lock(
    folder: Path, timeout_s: float, purpose: str, *, on_wait: Callable[[str], None] | None = None
) -> Iterator[None]:
    """Be the only writer of the project in `folder`; the lock goes with the process, however it ends.

    While another process holds it, `on_wait` is told once who. Raises ProjectBusyError after `timeout_s` seconds,
    WriteError where the folder cannot be written.
    """
    try:
        make_folder(folder, private=True)
    except OSError as error:
        raise write_error(folder, error) from error
    with file_lock(folder / LOCK_FILE, timeout_s, folder, purpose, holder=folder / HOLDER_FILE, on_wait=on_wait):
        yield


@contextmanager
def file_lock(
    path: Path,
    timeout_s: float,
    what: Path,
    purpose: str,
    *,
    holder: Path | None = None,
    on_wait: Callable[[str], None] | None = None,
) -> Iterator[None]:
    """Hold the lock file `path`, alone among all threads and processes, to write to `what` for a `purpose`.

    `holder`: a file that says who holds it, for whoever waits. Raises ProjectBusyError after `timeout_s`, WriteError.
    """
    from filelock import FileLock, Timeout

    try:
        lock = FileLock(path, mode=_PRIVATE_FILE)
        deadline = time.monotonic() + timeout_s
        told, pause = False, _POLL_S / 100
        while True:
            try:
                lock.acquire(timeout=0)
                break
            except Timeout:
                if time.monotonic() >= deadline:
                    busy = "is writing to this project. Wait until it has finished, or use another --project."
                    raise ProjectBusyError(what, f"{_holder(holder)} {busy}") from None
                if on_wait is not None and not told:
                    told = True
                    on_wait(f"waiting for {_holder(holder)}")
                time.sleep(pause)
                pause = min(2 * pause, _POLL_S)
    except OSError as error:
        raise write_error(what, error) from error
    try:
        if holder is not None:
            since = datetime.now().astimezone().isoformat(timespec="seconds")
            facts = {"pid": os.getpid(), "purpose": purpose, "since": since}
            if holder.is_symlink():  # whose project it was may have pointed it anywhere
                holder.unlink()
            write_whole(holder, json.dumps(facts).encode(), private=True)
        yield
    finally:
        if holder is not None:
            with contextlib.suppress(OSError):
                holder.unlink(missing_ok=True)
        lock.release()


def _holder(path: Path | None) -> str:
    try:
        facts = Fields(parsed(read_whole(path))) if path is not None else Fields({})
        return f"process {facts.whole('pid')} ({facts.text('purpose')}, since {facts.text('since')[11:19]})"
    except (OSError, ValueError):
        return "another process"


def limit_memory(most: int) -> None:
    """Let this process have so many bytes of address space and no more; Windows has no such limit."""
    try:
        import resource
    except ImportError:
        return
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
