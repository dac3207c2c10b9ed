"""What the house stands on: settings, database, storage, keeper of secrets, clock."""

import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from marketplace.kit.clock import Clock
from marketplace.kit.database import Database
from marketplace.kit.notebook import Notebook
from marketplace.kit.openid import OpenIdProvider
from marketplace.kit.passwords import Hasher
from marketplace.kit.secrets import Keeper
from marketplace.kit.storage import Storage
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
    hasher: Hasher = field(default_factory=Hasher)
    key_uses: Notebook = field(default_factory=Notebook)
    session_uses: Notebook = field(default_factory=Notebook)
    provider: OpenIdProvider | None = None
    """Where staff sign in; None: nowhere but here."""


def open_house(settings: Settings, clock: Clock) -> House:
    """Open the house at its data folder; the database must have been migrated."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    return House(
        settings=settings,
        database=Database(settings.url, pool_size=settings.pool_size),
        storage=Storage(settings.data_dir / "storage"),
        keeper=Keeper.from_text(_secret_key(settings)),
        clock=clock,
        hasher=Hasher(
            memory_kib=settings.password_memory_kib,
            passes=settings.password_passes,
            at_once=settings.password_hashes_at_once,
        ),
        provider=provider_of(settings),
    )


def provider_of(settings: Settings) -> OpenIdProvider | None:
    """Name the OpenID provider that the settings name, all three parts of it or none."""
    parts = (settings.oidc_issuer, settings.oidc_client_id, settings.oidc_client_secret)
    if not any(parts):
        return None
    if not all(parts):
        raise SettingInvalid(
            "MARKETPLACE_OIDC_ISSUER, _CLIENT_ID and _CLIENT_SECRET are needed together"
        )
    return OpenIdProvider(
        issuer=settings.oidc_issuer,
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret,
        insecure=settings.development,
    )


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
