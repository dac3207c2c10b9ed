"""The commands of custodians and bidders: they run on their own machines and ask no server."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import click

from marketplace.client import sealing
from marketplace.kit import envelopes
from marketplace.kit.errors import MarketplaceError

existing = click.Path(exists=True, dir_okay=False, path_type=Path)
fresh = click.Path(dir_okay=False, path_type=Path)


class Refusing(click.Group):
    """Says what was refused in one line, in both languages."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except MarketplaceError as refusal:
            raise click.ClickException(f"{refusal.title_zh} {refusal}") from refusal


@click.group(cls=Refusing)
def custody() -> None:
    """Keep a share of the key that opens the bids of a call."""


@custody.command()
@click.option("--out", type=fresh, required=True, help="Where the pair is written, for you alone.")
def keygen(out: Path) -> None:
    """Make a pair of keys: the private one stays in the file, the public one is registered."""
    private, public = envelopes.new_pair()
    pair = {"private_key": envelopes.to_text(private), "public_key": envelopes.to_text(public)}
    _write(out, json.dumps(pair, indent=1).encode())
    click.echo(envelopes.to_text(public))


@custody.command()
@click.argument("file", type=existing)
@click.option("--key", "key", type=existing, required=True, help="Your pair, from keygen.")
def share(file: Path, key: Path) -> None:
    """Open your own share in FILE, as GET /v1/scenarios/{id}/custody served it.

    With the offline recovery key it opens the recovery share.
    """
    click.echo(sealing.open_share(_read(file), private_key=_private(key)))


@click.group(cls=Refusing)
def bid() -> None:
    """Seal an offer in your own process, and read it again."""


@bid.command()
@click.argument("offer", type=existing)
@click.option("--key-file", type=existing, required=True, help="The call's sealing key, as served.")
@click.option("--reading-key", type=existing, required=True, help="Your pair, from keygen.")
@click.option("--bid", "bid_id", type=click.UUID, required=True, help="The id of your bid.")
@click.option("--documents", type=existing, help="Your documents, as the list of them is served.")
@click.option("--signing-keys", type=existing, help="The installation's keys that you trust.")
@click.option("--out", type=fresh, required=True, help="The request to send, written here.")
@click.option("--keep", type=fresh, required=True, help="Your proof: offer and salt, keep it.")
def seal(
    offer: Path,
    key_file: Path,
    reading_key: Path,
    bid_id: object,
    documents: Path | None,
    signing_keys: Path | None,
    out: Path,
    keep: Path,
) -> None:
    """Seal the OFFER; what is written to --out is the body of submit-sealed."""
    served = _read(key_file)
    if signing_keys is None:
        click.echo("未核验签名 the sealing key was not checked: give --signing-keys", err=True)
        public_key = str(served.get("public_key", ""))
    else:
        trusted = sealing.trusted_keys(_read(signing_keys))
        signed = sealing.signed_part(served)
        said = sealing.verified(signed, trusted, kind=sealing.SEALING_KEY_KIND)
        public_key = str(said["public_key"])
    sealed = sealing.seal_offer(
        _read(offer),
        bid_id=str(bid_id),
        sealing_key=envelopes.from_text(public_key),
        reading_key=envelopes.public_of(_private(reading_key)),
        documents=() if documents is None else sealing.manifest_of(_read(documents)),
    )
    _write(keep, sealed.kept)
    _write(out, json.dumps(sealed.request, indent=1).encode())
    click.echo(f"content sha256 {sealed.request['content_sha256']}")
    click.echo(f"sealed  sha256 {sealed.request['sealed_sha256']}")


@bid.command()
@click.argument("file", type=existing)
@click.option("--key", "key", type=existing, required=True, help="Your reading pair.")
def read(file: Path, key: Path) -> None:
    """Open your own offer in FILE, as GET /v1/bids/{id}/sealed served it."""
    opened = sealing.read_offer(_read(file), private_key=_private(key))
    click.echo(opened.decode("utf-8", "replace"))


@click.command("receipt")
@click.argument("file", type=existing)
@click.option("--signing-keys", type=existing, required=True, help="Keys that you trust.")
@click.option("--kept", type=existing, help="Offer and salt: checked against the receipt.")
def verify_receipt(file: Path, signing_keys: Path, kept: Path | None) -> None:
    """Check the signature of a receipt, offline; exit 1 if it is none of the keys'."""
    try:
        trusted = sealing.trusted_keys(_read(signing_keys))
        signed = sealing.signed_part(_read(file))
        receipt = sealing.verified(signed, trusted, kind=sealing.RECEIPT_KIND)
        if kept is not None:
            sealing.check_kept(receipt, kept.read_bytes())
    except MarketplaceError as refusal:
        click.echo(f"不符 DIFFERENT  {refusal.title_zh} {refusal}", err=True)
        sys.exit(1)
    for name in ("scenario", "bid", "content_number", "received_at", "content_sha256"):
        click.echo(f"{name:<15} {receipt.get(name)}")
    click.echo("一致 valid: signed by the installation")


def _private(path: Path) -> bytes:
    return envelopes.from_text(str(_read(path).get("private_key", "")))


def _read(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_bytes())
    except ValueError as unreadable:
        raise sealing.DocumentUnfit(expected="JSON") from unreadable
    if not isinstance(document, dict):
        raise sealing.DocumentUnfit(expected="a JSON object")
    return document


def _write(path: Path, content: bytes) -> None:
    """Write a file that only its owner reads, from the moment it exists; never over another."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as exists:
        raise click.ClickException(f"{path} exists already") from exists
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
