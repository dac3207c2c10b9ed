"""The document of events against the schema that the authors of AsyncAPI publish."""

import json
from pathlib import Path

from tests.given import peers

DOCUMENT = Path(__file__).parents[2] / "docs" / "asyncapi.json"

pytestmark = peers.needs(peers.WEBHOOKS)


def complaints(document: Path) -> list[dict[str, object]]:
    """What the official schema has against a document."""
    found: list[dict[str, object]] = peers.answer(peers.WEBHOOKS, "asyncapi.mjs", document, told="")
    return found


def test_the_official_schema_has_nothing_against_it() -> None:
    """Of the version that the document says it is of."""
    assert json.loads(DOCUMENT.read_text(encoding="utf-8"))["asyncapi"] == "3.0.0"
    assert complaints(DOCUMENT) == []


def test_a_broken_document_is_found(tmp_path: Path) -> None:
    """An operation that neither sends nor receives."""
    document = json.loads(DOCUMENT.read_text(encoding="utf-8"))
    document["operations"]["callWebhook"]["action"] = "shout"
    broken = tmp_path / "asyncapi.json"
    broken.write_text(json.dumps(document), encoding="utf-8")

    assert any("operations" in str(one["instancePath"]) for one in complaints(broken))
