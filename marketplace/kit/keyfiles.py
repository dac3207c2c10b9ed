"""The master key as a file in the data folder, for installations that have no place for secrets.

`secret.key` is the current key.  When a new one is made, the old one stays beside it under its id
until nothing is sealed under it any more.  Every file is readable by its owner only, from the
moment it exists.
"""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from marketplace.kit.secrets import Keeper

CURRENT = "secret.key"
NEXT = "secret.key.next"
OLD = "secret.key.{}.old"
KEY_BYTES = 48


def generate() -> str:
    """Make a fresh key: 384 random bits as text."""
    return secrets.token_urlsafe(KEY_BYTES)


def keys_in(folder: Path) -> tuple[str, ...]:
    """Read the current key and then the older ones; the first is made if there is none."""
    path = folder / CURRENT
    if not path.exists():
        # Written aside and then given its name: who starts at the same time never reads half a key.
        aside = folder / f"{CURRENT}.{os.getpid()}"
        _write(aside, generate())
        with suppress(FileExistsError):
            path.hardlink_to(aside)
        aside.unlink()
    current = _read(path)
    older = (_read(old) for old in old_files(folder))
    return current, *(key for key in older if key != current)


def renew(folder: Path) -> str:
    """Put a new key in the place of the current one, which is kept beside it; returns its id.

    At every moment, also after a crash, `secret.key` is a whole key and no key is lost.
    """
    (current, *_), fresh = keys_in(folder), folder / NEXT
    # Left behind by a run that was cut off: nothing was ever sealed under it.
    fresh.unlink(missing_ok=True)
    key = generate()
    _write(fresh, key)
    kept = folder / OLD.format(Keeper.from_text(current).ids[0])
    kept.unlink(missing_ok=True)
    kept.hardlink_to(folder / CURRENT)
    fresh.replace(folder / CURRENT)
    _sync_folder(folder)
    return Keeper.from_text(key).ids[0]


def old_files(folder: Path) -> tuple[Path, ...]:
    """List the files of older keys."""
    return tuple(sorted(folder.glob(OLD.format("*"))))


def _write(path: Path, key: str) -> None:
    # Created with its rights, not narrowed afterwards: nobody else can read it in between.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(key)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read(path: Path) -> str:
    return path.read_text(encoding="ascii").strip()
