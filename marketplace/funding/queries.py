"""What the funding room can answer."""

from collections.abc import Sequence

from sqlmodel import col, select

from marketplace.funding.tables import FundingPolicy
from marketplace.kit.database import ReadSession


async def policies(session: ReadSession) -> Sequence[FundingPolicy]:
    """List every loaded policy version by code."""
    found = await session.exec(
        select(FundingPolicy).order_by(col(FundingPolicy.code), col(FundingPolicy.number))
    )
    return found.all()


async def policy(session: ReadSession, code: str, number: int) -> FundingPolicy | None:
    """Find one version of a policy."""
    found = await session.exec(
        select(FundingPolicy)
        .where(FundingPolicy.code == code)
        .where(FundingPolicy.number == number)
    )
    return found.first()
