"""What the house stands on: settings, database, storage, keeper of secrets, clock."""

from dataclasses import dataclass

from marketplace.kit import keyfiles
from marketplace.kit.clock import Clock
from marketplace.kit.database import Database
from marketplace.kit.secrets import Keeper
from marketplace.kit.storage import Storage
from marketplace.settings import PREFIX, SettingInvalid, Settings

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
        storage=Storage(settings.data_dir / "storage"),
        keeper=keeper_of(settings),
        clock=clock,
    )


def keeper_of(settings: Settings) -> Keeper:
    """Make the keeper from the settings, or from the key files if the settings hold no key.

    Refuses  SettingInvalid for a key that is too short.
    """
    if not settings.secret_key:
        current, *older = keyfiles.keys_in(settings.data_dir)
    else:
        current, older = _long_enough("SECRET_KEY", settings.secret_key), []
    older += [_long_enough("SECRET_KEYS_OLD", key) for key in settings.older_keys]
    return Keeper.from_text(current, *(key for key in dict.fromkeys(older) if key != current))


def _long_enough(name: str, key: str) -> str:
    if len(key) < SECRET_KEY_LENGTH_MIN:
        raise SettingInvalid(f"{PREFIX}{name} needs {SECRET_KEY_LENGTH_MIN} characters or more")
    return key
