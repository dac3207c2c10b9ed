"""The body of a delivery: a CloudEvents 1.0 document in structured JSON."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from marketplace.kit.digests import canonical_json

MEDIA_TYPE = "application/cloudevents+json; charset=utf-8"
SOURCE = "/v1/events"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
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


def body_of(message: Message) -> bytes:
    """Write the document; the same event gives the same bytes.

    Shape    the required attributes of CloudEvents 1.0, and as extensions `sequence` (1, 2, 3 … for
             each subject, so that late messages show), `schemaversion`, `visibility`, `actor`.
    Source   CloudEvents 1.0.2, JSON event format, structured mode.
    """
    time = message.occurred_at.astimezone(dt.UTC).isoformat(timespec="milliseconds")
    return canonical_json(
        {
            "specversion": "1.0",
            "id": str(message.event_id),
            "source": SOURCE,
            "type": message.type,
            "subject": f"{message.subject_type}/{message.subject_id}",
            "time": time.replace("+00:00", "Z"),
            "datacontenttype": "application/json",
            "sequence": message.sequence,
            "schemaversion": message.schema_version,
            "visibility": message.visibility,
            "actor": message.actor,
            "data": dict(message.data),
        }
    )
