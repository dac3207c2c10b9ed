"""Corrections of prices that contradict themselves: proposed, then confirmed or not."""

import datetime as dt
from typing import Any
from uuid import UUID

from sqlmodel import Field

from marketplace.bids.rules.correction_lifecycle import CorrectionState
from marketplace.kit.tables import Versioned, fen, json_document, text_enum


class PriceCorrection(Versioned, table=True):
    """What the rules make of one opened price; the offer as it was sealed is kept beside it."""

    __tablename__ = "price_correction"

    bid_id: UUID = Field(foreign_key="bid.id", unique=True)
    state: CorrectionState = Field(sa_type=text_enum(CorrectionState))
    original: dict[str, Any] = json_document()
    """The offer as it was opened; never changed."""
    corrected: dict[str, Any] = json_document()
    """The offer that takes its place once it is confirmed."""
    steps: list[dict[str, Any]] = json_document()
    """Each correction in its order: rule, pointer, before, after."""
    quote_fen: int = fen()
    corrected_fen: int = fen()
    proposed_at: dt.datetime
    respond_by: dt.datetime | None = Field(default=None)
    """From this instant on it is too late; null while no calendar covers it."""
    respond_basis: dict[str, Any] | None = json_document(default=None, nullable=True)
    answered_by: UUID | None = Field(default=None, foreign_key="person.id")
    settled_at: dt.datetime | None = Field(default=None)
