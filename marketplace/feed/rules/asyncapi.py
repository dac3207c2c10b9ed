"""What is said, described as an AsyncAPI 3 document, made from the catalogue.

Source   AsyncAPI 3.0.0; CloudEvents 1.0.2; Standard Webhooks 1.0.0.
"""

from collections.abc import Sequence
from typing import Any, Final

from marketplace.events.rules.envelope import Event
from marketplace.events.rules.record import SOURCE

CLOUD_EVENT: Final[dict[str, Any]] = {
    "type": "object",
    "required": [
        "specversion",
        "id",
        "source",
        "type",
        "subject",
        "time",
        "sequence",
        "ownerhash",
        "data",
    ],
    "properties": {
        "specversion": {"const": "1.0"},
        "id": {"type": "string", "format": "uuid", "description": "Also the `webhook-id`."},
        "source": {"const": SOURCE},
        "type": {"type": "string"},
        "subject": {"type": "string", "description": "`kind/id` of what it is about."},
        "time": {"type": "string", "format": "date-time"},
        "datacontenttype": {"const": "application/json"},
        "sequence": {
            "type": "integer",
            "minimum": 1,
            "description": "1, 2, 3 … for each subject, without holes.",
        },
        "schemaversion": {"type": "integer"},
        "visibility": {"type": "string"},
        "actor": {"type": "string", "description": "The kind of actor, never a person."},
        "ownerhash": {"type": "string", "description": "Commits to whose event it is."},
        "previoushash": {
            "type": "string",
            "description": "SHA-256 of the subject's event before this one.",
        },
        "ruleprofile": {"type": "string", "description": "The rules pinned for the call."},
        "data": {"type": "object"},
    },
}

SIGNED: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["webhook-id", "webhook-timestamp", "webhook-signature"],
    "properties": {
        "webhook-id": {"type": "string", "description": "De-duplicate by it."},
        "webhook-timestamp": {"type": "string", "description": "Unix seconds of this attempt."},
        "webhook-signature": {
            "type": "string",
            "description": "`v1,` and HMAC-SHA256 of `id.timestamp.body`; two while a secret is "
            "rotated.",
        },
    },
}


def document(kinds: Sequence[type[Event]], *, version: str) -> dict[str, Any]:
    """Describe every event, and the two ways of being told."""
    names = [one.TYPE for one in kinds]
    told = {name: {"$ref": f"#/components/messages/{name}"} for name in names}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "揭榜 Jiebang: events",
            "version": version,
            "description": "Everything of weight is said once, as a CloudEvents document. The same "
            "bytes are sent by webhooks, told by the stream and served by `GET /v1/events`.",
        },
        "defaultContentType": "application/cloudevents+json",
        "channels": {
            "webhook": {
                "address": None,
                "description": "Signed POST requests to the address that you registered, at least "
                "once and possibly late: compare `sequence`, de-duplicate by `webhook-id`.",
                "messages": told,
            },
            "stream": {
                "address": "/v1/events/stream",
                "description": "Server-sent events in the order of the log; `Last-Event-ID` goes "
                "on where you stopped.",
                "messages": told,
            },
        },
        "operations": {
            "callWebhook": _sending("webhook", "Calls registered addresses.", names),
            "tellStream": _sending("stream", "Tells those who listen.", names),
        },
        "components": {
            "messages": {one.TYPE: _message(one) for one in kinds},
            "schemas": {"cloudEvent": CLOUD_EVENT},
        },
    }


def _sending(channel: str, summary: str, names: Sequence[str]) -> dict[str, Any]:
    return {
        "action": "send",
        "channel": {"$ref": f"#/channels/{channel}"},
        "summary": summary,
        "messages": [{"$ref": f"#/channels/{channel}/messages/{name}"} for name in names],
    }


def _message(kind: type[Event]) -> dict[str, Any]:
    data = kind.schema()
    parts = data.pop("$defs", {})
    payload: dict[str, Any] = {
        "allOf": [
            {"$ref": "#/components/schemas/cloudEvent"},
            {"type": "object", "properties": {"type": {"const": kind.TYPE}, "data": data}},
        ]
    }
    if parts:
        payload["$defs"] = parts
    return {
        "name": kind.TYPE,
        "title": kind.TYPE,
        "summary": kind.description(),
        "description": f"Heard by `{kind.VISIBILITY.value}`.",
        "contentType": "application/cloudevents+json",
        "headers": SIGNED,
        "payload": payload,
    }
