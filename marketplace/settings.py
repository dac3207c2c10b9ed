"""Every setting: its meaning, unit and default in one place; read once, passed down, never
imported as a value.
"""

import dataclasses
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from marketplace.kit import envelopes
from marketplace.kit.envelopes import KeyUnfit

PREFIX = "MARKETPLACE_"
DRIVERS = ("postgresql+asyncpg://", "sqlite+aiosqlite://")
"""The two databases on which everything is tested."""
REPOSITORY = Path(__file__).resolve().parent.parent


class SettingInvalid(ValueError):
    """A setting in the environment cannot be used as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The installation, frozen."""

    data_dir: Path = REPOSITORY / "var"
    """Folder for the embedded database and stored files."""

    database_url: str = ""
    """SQLAlchemy URL; empty means SQLite in `data_dir`. PostgreSQL: postgresql+asyncpg://…"""

    seeds_dir: Path = REPOSITORY / "seeds"
    """Folder of the seed files."""

    secret_key: str = ""
    """At least 32 characters that encrypt secrets at rest; empty: a key file is made in
    `data_dir`."""

    secret_keys_old: str = ""
    """Earlier keys, which open what they sealed and seal nothing: one a line, or separated by
    commas. Needed until `jiebang keys rotate` has sealed everything again."""

    recovery_public_key: str = ""
    """Public keys (X25519, base64url or hexadecimal, separated by commas) whose private keys are
    kept offline: the third share of every lockbox is closed to them. Empty: there is none."""

    host: str = "127.0.0.1"
    """Address to listen on."""

    port: int = 8000
    """Port to listen on."""

    development: bool = False
    """True allows webhooks to plain http and to this machine. Never in production."""

    webhook_log_days: int = 90
    """How long finished webhook deliveries and the answers they got are kept, in days. What is
    still owed is never removed, nor are events."""

    tick_seconds: int = 2
    """How often each job looks for work, in seconds."""

    body_bytes_max: int = 1_048_576
    """Largest JSON body accepted, in bytes."""

    upload_bytes_max: int = 33_554_432
    """Largest prediction file accepted, in bytes as sent."""

    invitations_open_max: int = 50
    """Invitations of one organisation that may wait for an answer at the same time."""

    body_seconds_max: int = 120
    """How long a body or file may take to arrive, in seconds."""

    head_seconds_max: int = 15
    """How long a request's first lines may take to arrive, in seconds."""

    keep_alive_seconds: int = 20
    """How long an idle connection is kept open, in seconds."""

    trusted_proxies: str = ""
    """Addresses or networks of the proxies in front, separated by commas, whose X-Forwarded-For and
    X-Forwarded-Proto are believed; empty: nobody's."""

    requests_per_minute_per_key: int = 600
    """Requests that one key, or one signed-in person, may make in a minute; 0: no limit."""

    requests_per_minute_per_address: int = 120
    """Requests without a valid key that one address may make in a minute; 0: no limit."""

    guesses_per_minute_per_address: int = 10
    """Attempts in a minute, by address, where a secret could be guessed: signing in; 0: no
    limit."""

    redis_url: str = ""
    """redis://… of a Redis or Valkey in which several processes count together; empty: each
    process counts alone."""

    s3_bucket: str = ""
    """Bucket for stored files, of any service that speaks S3; empty: a folder in `data_dir`.
    Needs the extra `s3`."""

    s3_endpoint: str = ""
    """Address of the S3 service; empty: that of AWS in the region."""

    s3_region: str = "us-east-1"
    """Region of the bucket."""

    s3_access_key: str = ""
    """Id of the key that opens the bucket; empty: whatever role the machine itself has."""

    s3_secret_key: str = ""
    """Secret of the key that opens the bucket."""

    dataset_file_bytes_max: int = 2_147_483_648
    """Largest file of a dataset accepted, in bytes as sent."""

    dataset_files_max: int = 200
    """Most files in one version of a dataset."""

    dataset_part_bytes_max: int = 8_388_608
    """Largest part of a resumable upload, in bytes."""

    dataset_upload_hours: int = 24
    """How long an upload waits for its next part before it is swept away, in hours."""

    dataset_token_days: int = 30
    """How long a download token opens a dataset, in days; never beyond its retention."""

    dataset_profile_seconds: int = 120
    """Most computing time for the profile of one file, in seconds."""

    dataset_profile_bytes: int = 536_870_912
    """Most memory for the profile of one file, in bytes."""

    dataset_profile_rows: int = 5_000_000
    """Most rows of one file that a profile is computed of."""

    scoring_executor: str = "process"
    """Where files are measured: `process`, workers of this machine; `dask`, a cluster. Needs the
    extra `dask`."""

    scoring_scheduler: str = ""
    """Address of the scheduler of the cluster, as in tcp://10.0.0.8:8786."""

    scoring_beside_server: bool = True
    """Whether a server has a process beside it that asks endpoints and measures files, started
    when the first work waits; False leaves both to `jiebang work`."""

    scoring_workers: int = 2
    """Files measured at the same time, each by a process of its own."""

    scoring_lease_seconds: int = 30
    """After how long without a sign of life the work of a process is taken by another one."""

    scoring_seconds: int = 60
    """Most computing time for measuring one file, in seconds."""

    scoring_bytes: int = 2_147_483_648
    """Most memory of one worker beyond what it has loaded, in bytes."""

    endpoint_calls: int = 4
    """Inference endpoints asked at the same time by one process, each of another solver."""

    bid_document_bytes_max: int = 52_428_800
    """Largest document of a bid accepted, in bytes."""

    bid_documents_max: int = 30
    """Most documents of one bid."""

    bid_documents_bytes_max: int = 314_572_800
    """Most bytes of all documents of one bid."""

    bid_document_part_bytes_max: int = 4_194_304
    """Largest part of a document of a bid, in bytes; it is held in memory while it is
    encrypted."""

    bid_document_hours: int = 24
    """How long a document waits for its next part before it is swept away, in hours."""

    bid_document_look_seconds: int = 20
    """Most computing time for reading the properties of one opened document, in seconds."""

    bid_document_look_bytes: int = 805_306_368
    """Most memory for reading the properties of one opened document, in bytes."""

    pool_size: int = 10
    """Connections kept to PostgreSQL."""

    board_pages_bytes_max: int = 8_388_608
    """How much each process keeps of pages of leaderboards as they were written, in bytes; 0: read
    every page anew."""

    public_url: str = ""
    """Where browsers find this installation, as in https://jiebang.example.cn; needed for single
    sign-on. Empty: requests of a browser must come from the host they go to."""

    password_memory_kib: int = 65_536
    """Memory that hashing one password takes (Argon2id), in KiB."""

    password_passes: int = 3
    """Passes over that memory; more make each guess, and each sign-in, slower."""

    password_hashes_at_once: int = 2
    """Passwords hashed at the same time; others wait."""

    session_idle_minutes: int = 30
    """A session ends after this long without a request, in minutes."""

    session_hours: int = 12
    """A session ends this long after signing in, whatever happens, in hours."""

    oidc_issuer: str = ""
    """OpenID provider at which staff sign in; empty: no single sign-on."""

    oidc_client_id: str = ""
    """Our name at that provider."""

    oidc_client_secret: str = dataclasses.field(default="", repr=False)
    """Our secret at that provider."""

    @property
    def url(self) -> str:
        """The database to use."""
        return self.database_url or f"sqlite+aiosqlite:///{self.data_dir / 'jiebang.db'}"

    @property
    def older_keys(self) -> tuple[str, ...]:
        """The earlier keys, one by one."""
        # A key may have commas in it: then each stands on a line of its own.
        separator = "\n" if "\n" in self.secret_keys_old else ","
        return tuple(key for part in self.secret_keys_old.split(separator) if (key := part.strip()))

    @property
    def recovery_keys(self) -> tuple[bytes, ...]:
        """The public keys of recovery, one by one; refuses SettingInvalid."""
        texts = (text for part in self.recovery_public_key.split(",") if (text := part.strip()))
        try:
            return tuple(envelopes.from_text(text) for text in texts)
        except KeyUnfit as unfit:
            raise SettingInvalid(f"{PREFIX}RECOVERY_PUBLIC_KEY: {unfit.title_en}") from unfit

    def environment(self) -> dict[str, str]:
        """Write every setting as the variable that it is read from."""
        return {
            PREFIX + field.name.upper(): str(getattr(self, field.name))
            for field in dataclasses.fields(self)
        }

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> "Settings":
        """Read every `MARKETPLACE_…` variable that is set, refusing what cannot be used."""
        values: dict[str, object] = {}
        for field in dataclasses.fields(cls):
            raw = environ.get(PREFIX + field.name.upper())
            if raw is not None:
                values[field.name] = _read(field.name, raw)
        url = str(values.get("database_url", ""))
        if url and not url.startswith(DRIVERS):
            raise SettingInvalid(f"{PREFIX}DATABASE_URL must begin with {' or '.join(DRIVERS)}")
        return cls(**values)  # type: ignore[arg-type]  # _read gives each field its own type


_DEFAULTS: dict[str, Any] = {field.name: field.default for field in dataclasses.fields(Settings)}


def _read(name: str, raw: str) -> object:
    kind: type[Any] = type(_DEFAULTS[name])
    if kind is bool:
        if raw.lower() not in {"0", "1", "true", "false"}:
            raise SettingInvalid(f"{PREFIX}{name.upper()} must be true or false, not {raw!r}")
        return raw.lower() in {"1", "true"}
    if kind is int:
        if not raw.isascii() or not raw.isdigit():
            raise SettingInvalid(f"{PREFIX}{name.upper()} must be a whole number, not {raw!r}")
        return int(raw)
    return Path(raw).expanduser() if issubclass(kind, Path) else raw
