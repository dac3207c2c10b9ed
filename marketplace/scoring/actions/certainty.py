"""Say of a ranking how sure it is: think with no transaction open, then write it down once."""

import datetime as dt
from uuid import UUID

import msgspec

from marketplace import __version__
from marketplace.kit.database import WriteSession
from marketplace.kit.digests import canonical_json, sha256_hex
from marketplace.scoring.queries import certainty as queries
from marketplace.scoring.queries import rounds
from marketplace.scoring.rules.certainty.statement import Statement, state
from marketplace.scoring.rules.ranking import rank
from marketplace.scoring.rules.sheet import ScoreSheet
from marketplace.scoring.tables.certainty import RoundCertainty
from marketplace.scoring.tables.rounds import RankingRound


def statement_of(sheet: bytes) -> Statement:
    """Compute from the stored sheet of a round how sure its ranking is; pure, and not quick."""
    read = ScoreSheet.from_document(msgspec.json.decode(sheet))
    return state(read, rank(read))


async def keep(
    session: WriteSession, round_id: UUID, statement: Statement, *, now: dt.datetime
) -> RoundCertainty:
    """Write down how sure a round is; if another process was quicker, what it wrote stays.

    The round is locked first: the same statement computed twice at once is written once.
    """
    await rounds.ranking_round(session, round_id, lock=True)
    known = await queries.certainty_if_known(session, round_id)
    if known is not None:
        return known
    sensitivity, panel = canonical_json(statement.sensitivity), canonical_json(statement.panel)
    row = RoundCertainty(
        round_id=round_id,
        sensitivity=sensitivity,
        sensitivity_sha256=sha256_hex(sensitivity),
        panel=panel,
        panel_sha256=sha256_hex(panel),
        code_version=__version__,
        computed_at=now,
    )
    session.add(row)
    await session.flush()
    return row


def export_of(round_: RankingRound, row: RoundCertainty, *, with_panel: bool) -> bytes:
    """Put everything about a round into the one document that `verify` reads.

    Stored bytes are joined as they are: parsing and writing them again could only change them.
    """
    parts = [
        (b"explanations", round_.explanations, sha256_hex(round_.explanations)),
        (b"sensitivity", row.sensitivity, row.sensitivity_sha256),
        (b"sheet", round_.sheet, round_.sheet_sha256),
        (b"standings", round_.standings, round_.standings_sha256),
    ]
    if with_panel:
        parts.insert(1, (b"panel", row.panel, row.panel_sha256))
    members = [
        b'"' + name + b'":' + document + b',"' + name + b'_digest":"' + digest.encode() + b'"'
        for name, document, digest in parts
    ]
    return b"{" + b",".join(members) + b"}"
