"""What the house stands on: settings, database, storage, keeper of secrets, clock."""

import importlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from marketplace.kit.clock import Clock
from marketplace.kit.database import Database
from marketplace.kit.secrets import Keeper
from marketplace.kit.storage import LocalStorage, Storage
from marketplace.settings import SettingInvalid, Settings

SECRET_KEY_LENGTH_MIN = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """Everything an app or a job is built from; made by the command line or by a test."""

    settings: Settings
    database: Database
    storage: Storage
    keeper: Keeper
    clock: Clock


def open_house(settings: Settings, clock: Clock) -> House:
    """Open the house at its data folder; the database must have been migrated."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    return House(
        settings=settings,
        database=Database(settings.url, pool_size=settings.pool_size),
        storage=_storage(settings),
        keeper=Keeper.from_text(_secret_key(settings)),
        clock=clock,
    )


def _storage(settings: Settings) -> Storage:
    """Open the folder, or the bucket if one is set; what speaks S3 is loaded only then."""
    if not settings.s3_bucket:
        return LocalStorage(settings.data_dir / "storage")
    try:
        objects = importlib.import_module("marketplace.kit.objects")
    except ImportError as missing:
        raise SettingInvalid("MARKETPLACE_S3_BUCKET needs the extra s3 (obstore)") from missing
    bucket = objects.Bucket(
        name=settings.s3_bucket,
        region=settings.s3_region,
        endpoint=settings.s3_endpoint,
        access_key=settings.s3_access_key,
        secret_key=settings.s3_secret_key,
    )
    opened: Storage = objects.open_bucket(bucket)
    return opened


def _secret_key(settings: Settings) -> str:
    """Read the key from the settings, or from a file that is made on the first start."""
    if settings.secret_key:
        if len(settings.secret_key) < SECRET_KEY_LENGTH_MIN:
            raise SettingInvalid(
                f"MARKETPLACE_SECRET_KEY needs {SECRET_KEY_LENGTH_MIN} characters or more"
            )
        return settings.secret_key
    path = settings.data_dir / "secret.key"
    try:
        # Created with its rights, not narrowed afterwards: nobody else can read it in between.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _written(path)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(48))
    return _written(path)


def _written(path: Path) -> str:
    return path.read_text(encoding="ascii").strip()
