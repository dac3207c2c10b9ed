"""The whole log as a file of JSON lines, and its check by anybody who has it.

The first line names the form and the public keys.  Then every event in the order of its number and,
after the last of them, the checkpoint that vouches for them::

    {"kind": "jiebang/event-log/1", "keys": [{"key_id": …, "public_key": …}]}
    {"number": 1, "record": "{…}", "owner": {"salt": …, "organization_id": …, …}}
    {"checkpoint": "{…}", "key_id": …, "signature": …, "first": 1, "last": 1, "fill_key": …}

The record is the text that was told and hashed; nothing is computed from it when it is written.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from marketplace.events.rules import checkpoints, merkle
from marketplace.events.rules.record import owner_digest
from marketplace.kit import signing
from marketplace.kit.digests import sha256_hex
from marketplace.kit.errors import MarketplaceError

KIND: Final = "jiebang/event-log/1"
FINDINGS_MAX: Final = 100
OWNERS: Final = ("organization_id", "scenario_id", "organizer_id")


@dataclass(frozen=True, slots=True)
class Finding:
    """Something in the file that is not as it was vouched for."""

    line: int
    rule: str
    """Which promise is broken, as a word."""
    subject: str = ""


@dataclass(slots=True)
class Checked:
    """What came of checking a file."""

    events: int = 0
    checkpoints: int = 0
    unvouched: int = 0
    """Events after the last checkpoint: chained, not yet vouched for."""
    last_checkpoint: str | None = None
    """Digest of the last checkpoint: compare it with one that you heard of elsewhere."""
    findings: list[Finding] = field(default_factory=list)


@dataclass(slots=True)
class _Walk:
    """What is known while the lines go by."""

    keys: Mapping[str, bytes]
    chains: dict[str, tuple[int, str]] = field(default_factory=dict)
    """The last sequence and digest of each subject."""
    since: list[str] = field(default_factory=list)
    """Digests of the events since the last checkpoint."""
    seen: dict[int, str] = field(default_factory=dict)
    """The digest of every checkpoint by number."""
    result: Checked = field(default_factory=Checked)


def check(
    lines: Iterable[str],
    *,
    trusted: Mapping[str, bytes] | None = None,
    held: bytes | None = None,
) -> Checked:
    """Check a file line by line, in memory that grows with the subjects and not with the events.

    Shape    `trusted` are public keys by id that you have from elsewhere; without them those in
             the file are taken, which proves that the file agrees with itself and no more.  `held`
             is a checkpoint that you kept: the file must contain it.
    """
    numbered = enumerate(lines, start=1)
    walk = _Walk(keys=trusted or {})
    head = _object(next(numbered, (1, ""))[1])
    if head.get("kind") != KIND:
        return Checked(findings=[Finding(1, "not_an_event_log")])
    if trusted is None:
        walk.keys = _keys_of(head)
    for number, text in numbered:
        if len(walk.result.findings) >= FINDINGS_MAX:
            break
        walk.result.findings += _checked_line(walk, number, _object(text))
    walk.result.unvouched = len(walk.since)
    if held is not None and sha256_hex(held) not in walk.seen.values():
        walk.result.findings.append(Finding(0, "a_checkpoint_that_you_hold_is_missing"))
    return walk.result


def _checked_line(walk: _Walk, line: int, found: dict[str, Any]) -> Iterator[Finding]:
    try:
        if "record" in found:
            yield from _event(walk, line, found)
        elif "checkpoint" in found:
            yield from _checkpoint(walk, line, found)
        else:
            yield Finding(line, "neither_event_nor_checkpoint")
    except (KeyError, TypeError, ValueError, AttributeError):
        yield Finding(line, "unreadable")


def _event(walk: _Walk, line: int, found: dict[str, Any]) -> Iterator[Finding]:
    walk.result.events += 1
    record, digest = json.loads(found["record"]), sha256_hex(found["record"].encode())
    subject, event_id = record["subject"], record["id"]
    walk.since.append(digest)
    sequence, before = walk.chains.get(subject, (0, None))
    walk.chains[subject] = (record["sequence"], digest)
    if found["number"] != walk.result.events:
        yield Finding(line, "number_missing", event_id)
    if record["sequence"] != sequence + 1:
        yield Finding(line, "sequence_broken", event_id)
    if record.get("previoushash") != before:
        yield Finding(line, "chain_broken", event_id)
    owner = found["owner"]
    ids = {name: None if owner[name] is None else UUID(owner[name]) for name in OWNERS}
    if owner_digest(bytes.fromhex(owner["salt"]), **ids) != record["ownerhash"]:
        yield Finding(line, "owner_changed", event_id)


def _checkpoint(walk: _Walk, line: int, found: dict[str, Any]) -> Iterator[Finding]:
    written, result = found["checkpoint"].encode(), walk.result
    said, walk.since = walk.since, []
    read = checkpoints.read(json.loads(written))
    name, before = f"checkpoint {read.number}", walk.result.last_checkpoint
    result.checkpoints += 1
    result.last_checkpoint = walk.seen[read.number] = sha256_hex(written)
    if read.number != result.checkpoints or read.previous_sha256 != before:
        yield Finding(line, "checkpoints_broken", name)
    if (found["first"], found["last"]) != (result.events - len(said) + 1, result.events):
        yield Finding(line, "events_missing", name)
    fill_key = bytes.fromhex(found["fill_key"])
    leaves = checkpoints.leaves_of(said, fill_key)
    if (read.leaves, read.root_sha256) != (len(leaves), merkle.root_of(leaves).hex()):
        yield Finding(line, "events_changed", name)
    if read.order_hmac != checkpoints.order_of(said, fill_key):
        yield Finding(line, "order_changed", name)
    key = walk.keys.get(found["key_id"])
    if key is None:
        yield Finding(line, "key_unknown", name)
        return
    try:
        signing.verify(written, signing.from_text(found["signature"]), public_key=key)
    except MarketplaceError:
        yield Finding(line, "signature_wrong", name)


def _keys_of(head: dict[str, Any]) -> dict[str, bytes]:
    try:
        keys = [signing.from_text(one["public_key"]) for one in head["keys"]]
    except (KeyError, TypeError, MarketplaceError):
        return {}
    return {signing.key_id(one): one for one in keys}


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
