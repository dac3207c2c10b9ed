"""What the house stands on: settings, database, storage, keeper of secrets, clock."""

import importlib
from dataclasses import dataclass, field

from marketplace.kit import envelopes, keyfiles
from marketplace.kit.bell import Bell
from marketplace.kit.clock import Clock
from marketplace.kit.database import Database
from marketplace.kit.envelopes import KeyUnfit
from marketplace.kit.executors import Executor
from marketplace.kit.notebook import Notebook
from marketplace.kit.openid import OpenIdProvider
from marketplace.kit.passwords import Hasher
from marketplace.kit.secrets import Keeper
from marketplace.kit.storage import LocalStorage, Storage
from marketplace.scoring.actions import measuring
from marketplace.scoring.rules.metrics import registry as metrics
from marketplace.scoring.rules.metrics.registry import MetricBroken
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
    hasher: Hasher = field(default_factory=Hasher)
    key_uses: Notebook = field(default_factory=Notebook)
    session_uses: Notebook = field(default_factory=Notebook)
    bell: Bell = field(default_factory=Bell)
    """Rung when something was said and may be heard."""
    due: Bell = field(default_factory=Bell)
    """Rung when deliveries were made."""
    provider: OpenIdProvider | None = None
    """Where staff sign in; None: nowhere but here."""
    scorer: Executor = field(default_factory=lambda: measuring.scorer_of(Settings()))
    """Where files are measured."""


def open_house(settings: Settings, clock: Clock) -> House:
    """Open the house at its data folder; the database must have been migrated."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    for key in settings.recovery_keys:
        check_recovery(key)
    check_metrics()
    return House(
        settings=settings,
        database=Database(settings.url, pool_size=settings.pool_size),
        storage=_storage(settings),
        keeper=keeper_of(settings),
        clock=clock,
        hasher=Hasher(
            memory_kib=settings.password_memory_kib,
            passes=settings.password_passes,
            at_once=settings.password_hashes_at_once,
        ),
        provider=provider_of(settings),
        scorer=measuring.scorer_of(settings),
    )


def check_recovery(public_key: bytes) -> None:
    """Refuse at the start, and not at the next publication, a recovery key that is none."""
    try:
        envelopes.check_public(public_key)
    except KeyUnfit as unfit:
        raise SettingInvalid(f"{PREFIX}RECOVERY_PUBLIC_KEY: {unfit.title_en}") from unfit


def check_metrics() -> None:
    """Refuse to start with a metric that cannot be used: SettingInvalid, naming it."""
    try:
        metrics.known()
    except MetricBroken as broken:
        raise SettingInvalid(str(broken)) from broken


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
