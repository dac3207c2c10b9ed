"""The record of an event: a CloudEvents 1.0 document in structured JSON, written once.

These bytes are what is stored, hashed, chained, served by the feed and sent by webhooks: whoever
heard an event holds the very bytes whose digest stands in a checkpoint.
"""

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from marketplace.kit.digests import canonical_json

MEDIA_TYPE: Final = "application/cloudevents+json; charset=utf-8"
SOURCE: Final = "/v1/events"
SALT_BYTES: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What is told about an event, with nothing that only the platform may know."""

    event_id: UUID
    type: str
    schema_version: int
    subject_type: str
    subject_id: UUID
    sequence: int
    occurred_at: dt.datetime
    visibility: str
    actor: str
    data: Mapping[str, Any]
    owner_sha256: str
    previous_sha256: str | None = None
    """Digest of the subject's event before this one; None for its first."""
    rule_profile: str | None = None
    """The rules that were pinned for the call it belongs to, as `track@version`."""


def record_bytes(record: Record) -> bytes:
    """Write the document; the same event gives the same bytes.

    Shape    the required attributes of CloudEvents 1.0, and as extensions `sequence` (1, 2, 3 … for
             each subject, so that late messages show), `previoushash` (none for the first),
             `ownerhash`, `ruleprofile` (none outside calls), `schemaversion`, `visibility`,
             `actor`.
    Source   CloudEvents 1.0.2, JSON event format, structured mode.
    """
    time = record.occurred_at.astimezone(dt.UTC).isoformat(timespec="microseconds")
    document = {
        "specversion": "1.0",
        "id": str(record.event_id),
        "source": SOURCE,
        "type": record.type,
        "subject": f"{record.subject_type}/{record.subject_id}",
        "time": time.replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "sequence": record.sequence,
        "schemaversion": record.schema_version,
        "visibility": record.visibility,
        "actor": record.actor,
        "ownerhash": record.owner_sha256,
        "data": dict(record.data),
    }
    if record.previous_sha256 is not None:
        document["previoushash"] = record.previous_sha256
    if record.rule_profile is not None:
        document["ruleprofile"] = record.rule_profile
    return canonical_json(document)


def owner_digest(
    salt: bytes,
    *,
    organization_id: UUID | None,
    scenario_id: UUID | None,
    organizer_id: UUID | None,
) -> str:
    """Commit to whose event it is without telling: the salt stays with the platform.

    Units    `salt` is 16 random bytes, new for each event.

    Who may hear an event hangs on these ids.  They are no part of what is told, but they must not
    be changed unnoticed either.
    """
    assert len(salt) == SALT_BYTES
    ids = (organization_id, scenario_id, organizer_id)
    named = b"".join(b"\0" if one is None else b"\1" + one.bytes for one in ids)
    return hashlib.sha256(b"jiebang/event-owner/1\0" + salt + named).hexdigest()
