"""The commands of bidders and custodians, on their own machines, with files and no server."""

import json
import stat
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from marketplace.cli import main
from marketplace.kit import envelopes, sharing, signing
from marketplace.kit.digests import canonical_json, sha256_hex

BID = "01890000-0000-7000-8000-000000000001"
OFFER = {"quote_fen": 100, "declarations": ["integrity"], "summary": "方案"}
SIGNER = signing.new_pair()


def jiebang(*words: object) -> Result:
    """Run one command."""
    return CliRunner().invoke(main, [str(word) for word in words])


def written(path: Path, document: Any) -> Path:
    """A JSON file."""
    path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    return path


def a_pair(folder: Path, name: str) -> tuple[Path, bytes]:
    """A pair made by the command, and its public key."""
    path = folder / name
    made = jiebang("custody", "keygen", "--out", path)
    assert made.exit_code == 0, made.output
    return path, envelopes.from_text(made.output)


def signed(document: dict[str, Any]) -> dict[str, str]:
    """A document under the signature of an installation."""
    content = canonical_json(document)
    return {
        "document": content.decode(),
        "key_id": signing.key_id(SIGNER[1]),
        "signature": signing.to_text(signing.sign(content, private_key=SIGNER[0])),
    }


def the_signing_keys(folder: Path) -> Path:
    """The keys of the installation, as they are served."""
    keys = {"items": [{"public_key": signing.to_text(SIGNER[1])}]}
    return written(folder / "signing-keys.json", keys)


def test_a_pair_is_private_and_never_written_over(tmp_path: Path) -> None:
    """Readable by its owner alone; a second keygen leaves the first one as it was."""
    path, public = a_pair(tmp_path, "pair.json")
    before = path.read_bytes()

    again = jiebang("custody", "keygen", "--out", path)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert envelopes.public_of(envelopes.from_text(json.loads(before)["private_key"])) == public
    assert again.exit_code == 1 and path.read_bytes() == before


def test_an_offer_is_sealed_and_read_again(tmp_path: Path) -> None:
    """For the key whose signature was checked; what is kept is what is inside, byte for byte."""
    mine, reading = a_pair(tmp_path, "mine.json")
    private, lockbox = envelopes.new_pair()
    key = {
        "public_key": envelopes.to_text(lockbox),
        "signed": signed(
            {"kind": "jiebang/sealing-key/1", "public_key": envelopes.to_text(lockbox)}
        ),
    }
    out, keep = tmp_path / "request.json", tmp_path / "kept.json"

    sealed = jiebang(
        *("bid", "seal", written(tmp_path / "offer.json", OFFER)),
        *("--key-file", written(tmp_path / "key.json", key)),
        *("--reading-key", mine, "--bid", BID, "--out", out, "--keep", keep),
        *("--signing-keys", the_signing_keys(tmp_path)),
    )

    assert sealed.exit_code == 0, sealed.output
    request, kept = json.loads(out.read_text()), keep.read_bytes()
    envelope = signing.from_text(request["envelope"])
    assert envelopes.is_envelope(envelope, recipients=(lockbox, reading))
    assert request["content_sha256"] == sha256_hex(kept)
    context = f"bid/{BID}/offer"
    assert envelopes.open_(envelope, private_key=private, context=context.encode()) == kept
    served = written(tmp_path / "sealed.json", request | {"context": context})
    read = jiebang("bid", "read", served, "--key", mine)
    assert json.loads(read.output)["offer"] == OFFER


def test_a_sealing_key_that_nobody_trusted_signed_is_not_used(tmp_path: Path) -> None:
    """A server that gives out a key of its own is found out, and nothing is written."""
    mine, _ = a_pair(tmp_path, "mine.json")
    false = {"kind": "jiebang/sealing-key/1", "public_key": envelopes.to_text(bytes(32))}
    key = {"signed": signed(false) | {"document": json.dumps(false)}}
    out = tmp_path / "request.json"

    refused = jiebang(
        *("bid", "seal", written(tmp_path / "offer.json", OFFER)),
        *("--key-file", written(tmp_path / "key.json", key)),
        *("--reading-key", mine, "--bid", BID, "--out", out, "--keep", tmp_path / "kept.json"),
        *("--signing-keys", the_signing_keys(tmp_path)),
    )

    assert refused.exit_code == 1 and "signing.signature_wrong" in refused.output
    assert not out.exists()


def test_a_custodian_opens_the_own_share_and_the_offline_key_the_third(tmp_path: Path) -> None:
    """Out of the same file each finds what is closed to it; a stranger finds nothing."""
    mine, public = a_pair(tmp_path, "mine.json")
    offline, recovery = a_pair(tmp_path, "offline.json")
    stranger, _ = a_pair(tmp_path, "stranger.json")
    one, _, three = sharing.split(bytes(range(32)), entropy=bytes(sharing.ENTROPY_BYTES))
    context = f"lockbox/{BID}/officer"
    custody = {
        "lockbox_id": BID,
        "own_shares": [
            {
                "context": context,
                "envelope": signing.to_text(
                    envelopes.close(one.to_bytes(), recipients=(public,), context=context.encode())
                ),
            }
        ],
        "recovery_envelope": signing.to_text(
            envelopes.close(
                three.to_bytes(),
                recipients=(recovery,),
                context=f"lockbox/{BID}/recovery".encode(),
            )
        ),
    }
    file = written(tmp_path / "custody.json", custody)

    own = jiebang("custody", "share", file, "--key", mine)
    third = jiebang("custody", "share", file, "--key", offline)
    none = jiebang("custody", "share", file, "--key", stranger)

    assert signing.from_text(own.output.strip()) == one.to_bytes()
    assert signing.from_text(third.output.strip()) == three.to_bytes()
    assert none.exit_code == 1 and "client.document_unfit" in none.output


def test_a_receipt_is_verified_with_the_offer_that_was_kept(tmp_path: Path) -> None:
    """Equal, or the first thing that differs, with the exit code of a check that failed."""
    kept = canonical_json({"offer": OFFER, "salt": "s"})
    receipt = {"kind": "jiebang/receipt/1", "bid": BID, "content_sha256": sha256_hex(kept)}
    file = written(tmp_path / "receipt.json", {"signed": signed(receipt)})
    forged = signed(receipt) | {"document": json.dumps(receipt | {"bid": "another"})}
    (tmp_path / "kept").write_bytes(kept)
    (tmp_path / "other").write_bytes(kept + b" ")
    keys = ("--signing-keys", the_signing_keys(tmp_path))

    right = jiebang("verify", "receipt", file, *keys, "--kept", tmp_path / "kept")
    other = jiebang("verify", "receipt", file, *keys, "--kept", tmp_path / "other")
    wrong = jiebang(
        "verify", "receipt", written(tmp_path / "forged.json", {"signed": forged}), *keys
    )

    assert right.exit_code == 0 and "valid" in right.output
    assert other.exit_code == 1 and "client.document_differs" in other.output
    assert wrong.exit_code == 1 and "signing.signature_wrong" in wrong.output
