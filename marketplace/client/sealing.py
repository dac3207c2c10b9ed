"""Seal and read offers, open shares, check receipts: on the machine of whoever they belong to.

Everything works on JSON as the API serves it, and offline.  Of the server it needs the tools that
both sides must agree on (`kit.envelopes`, `kit.signing`, `kit.digests`), and no room.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from marketplace.kit import envelopes, signing
from marketplace.kit.digests import canonical_json, sha256_hex
from marketplace.kit.errors import Unacceptable

SALT_BYTES: Final = 16
RECEIPT_KIND: Final = "jiebang/receipt/1"
SEALING_KEY_KIND: Final = "jiebang/sealing-key/1"


class DocumentUnfit(Unacceptable):
    """This file is not what it should be."""

    code = "client.document_unfit"
    title_zh = "该文件不是所需的文件。"


class DocumentDiffers(Unacceptable):
    """The document does not say what the file beside it has."""

    code = "client.document_differs"
    title_zh = "文件内容与签名文件所载不一致。"


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedOffer:
    """An offer under seal, and what its bidder keeps to prove it."""

    request: dict[str, str]
    """The body of `submit-sealed` and `replace-sealed`."""
    kept: bytes = field(repr=False)
    """The plaintext with its salt, byte for byte: `content_sha256` is its digest."""


def seal_offer(
    offer: Mapping[str, Any],
    *,
    bid_id: str,
    sealing_key: bytes,
    reading_key: bytes,
    documents: Sequence[Mapping[str, str]] = (),
) -> SealedOffer:
    """Close an offer for the call's key and the bid's reading key; both are public keys.

    Shape    `documents` names what is sealed with it, as `manifest_of` writes it.
    """
    whole: dict[str, Any] = {"offer": offer, "salt": os.urandom(SALT_BYTES).hex()}
    if documents:
        whole["documents"] = [dict(one) for one in documents]
    kept = canonical_json(whole)
    envelope = envelopes.close(
        kept, recipients=(sealing_key, reading_key), context=f"bid/{bid_id}/offer".encode()
    )
    request = {
        "envelope": signing.to_text(envelope),
        "content_sha256": sha256_hex(kept),
        "sealed_sha256": sha256_hex(envelope),
    }
    return SealedOffer(request=request, kept=kept)


def manifest_of(served: Mapping[str, Any]) -> list[dict[str, str]]:
    """Name the complete documents of a bid, from what `GET /v1/bids/{id}/documents` served.

    >>> manifest_of({"items": [{"id": "d", "state": "complete", "sealed_sha256": "ab"}]})
    [{'document': 'd', 'sealed_sha256': 'ab'}]
    """
    return [
        {"document": str(one.get("id")), "sealed_sha256": str(one.get("sealed_sha256"))}
        for one in _list(served, "items")
        if one.get("state") == "complete"
    ]


def read_offer(sealed: Mapping[str, Any], *, private_key: bytes) -> bytes:
    """Open what `GET /v1/bids/{id}/sealed` served; the digest inside is checked.

    Refuses  DocumentUnfit, CannotOpenEnvelope, DocumentDiffers.
    """
    opened = _opened(sealed, private_key)
    if sha256_hex(opened) != sealed.get("content_sha256"):
        raise DocumentDiffers(member="content_sha256")
    return opened


def open_share(custody: Mapping[str, Any], *, private_key: bytes) -> str:
    """Open the own share in what `GET /v1/scenarios/{id}/custody` served, as it is to be sent.

    Refuses  DocumentUnfit where none is closed to anybody like that, CannotOpenEnvelope.
    """
    wanted = envelopes.public_of(private_key)
    own = _list(custody, "own_shares")
    recovery = custody.get("recovery_envelope")
    if isinstance(recovery, str):
        context = f"lockbox/{custody.get('lockbox_id')}/recovery"
        own = [*own, {"envelope": recovery, "context": context}]
    for one in own:
        if _is_closed_to(one, wanted):
            return signing.to_text(_opened(one, private_key))
    raise DocumentUnfit(expected="a share that is closed to this key")


def verified(
    signed: Mapping[str, Any], trusted: Mapping[str, bytes], *, kind: str
) -> dict[str, Any]:
    """Check a signature of the installation against keys that are trusted; read what it says.

    Refuses  DocumentUnfit, SignatureWrong.
    """
    text, key_id = signed.get("document"), signed.get("key_id")
    signature = signed.get("signature")
    if not (isinstance(text, str) and isinstance(signature, str) and isinstance(key_id, str)):
        raise DocumentUnfit(expected="document, key_id and signature")
    if key_id not in trusted:
        raise signing.SignatureWrong(key_id=key_id)
    signing.verify(text.encode(), signing.from_text(signature), public_key=trusted[key_id])
    document: Any = msgspec.json.decode(text)
    if not isinstance(document, dict) or document.get("kind") != kind:
        raise DocumentUnfit(expected=kind)
    return document


def trusted_keys(listed: Mapping[str, Any]) -> dict[str, bytes]:
    """Read what `GET /v1/signing-keys` served; the name of a key follows from the key."""
    keys = [signing.from_text(str(one.get("public_key", ""))) for one in _list(listed, "items")]
    return {signing.key_id(key): key for key in keys}


def signed_part(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Find the signature in a receipt, in the answer that brought one, or in a sealing key."""
    inner = document.get("receipt")
    found = (inner if isinstance(inner, dict) else document).get("signed")
    if not isinstance(found, dict):
        raise DocumentUnfit(expected="signed")
    return found


def check_kept(receipt: Mapping[str, Any], kept: bytes) -> None:
    """Refuse with DocumentDiffers a plaintext that is not the one of a receipt."""
    if sha256_hex(kept) != receipt.get("content_sha256"):
        raise DocumentDiffers(member="content_sha256")


def _opened(closed: Mapping[str, Any], private_key: bytes) -> bytes:
    envelope, context = closed.get("envelope"), closed.get("context")
    if not (isinstance(envelope, str) and isinstance(context, str)):
        raise DocumentUnfit(expected="envelope and context")
    return envelopes.open_(
        signing.from_text(envelope), private_key=private_key, context=context.encode()
    )


def _is_closed_to(closed: Mapping[str, Any], public_key: bytes) -> bool:
    envelope = closed.get("envelope")
    return isinstance(envelope, str) and envelopes.is_closed_to(
        signing.from_text(envelope), public_key
    )


def _list(document: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    found = document.get(name)
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise DocumentUnfit(expected=name)
    return found
