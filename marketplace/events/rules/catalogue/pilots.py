"""What the awards, pilots and ledger rooms say."""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from marketplace.events.rules.envelope import Event, Visibility


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolFunded(Event):
    """A funder's budget of a year was brought into the marketplace."""

    TYPE = "pool.funded"
    SUBJECT = "organization_id"
    VISIBILITY = Visibility.OWNER

    organization_id: UUID
    year: int
    amount_fen: int
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AwardDecided(Event):
    """A slot of a call was given to a ranked bid; not public before it is announced."""

    TYPE = "award.decided"
    SUBJECT = "award_id"
    VISIBILITY = Visibility.INTERNAL

    award_id: UUID
    scenario_id: UUID
    bid_id: UUID
    round_rank: int
    quote_fen: int | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AwardAnnounced(Event):
    """The result of a call was announced; objections are possible until the date given."""

    TYPE = "award.announced"
    SUBJECT = "award_id"
    VISIBILITY = Visibility.PUBLIC

    award_id: UUID
    scenario_id: UUID
    solver_organization_id: UUID
    quote_fen: int | None
    publicity_until: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AwardConfirmed(Event):
    """The time for objections passed and the award stands."""

    TYPE = "award.confirmed"
    SUBJECT = "award_id"
    VISIBILITY = Visibility.PUBLIC

    award_id: UUID
    scenario_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class AwardForfeited(Event):
    """The winner did not take the award; the next in rank may follow."""

    TYPE = "award.forfeited"
    SUBJECT = "award_id"
    VISIBILITY = Visibility.PARTICIPANTS

    award_id: UUID
    scenario_id: UUID
    reason: str
    justified: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AwardDeclined(Event):
    """The winner declared that it will not sign; whether the cause is justified is open."""

    TYPE = "award.declined"
    SUBJECT = "award_id"
    VISIBILITY = Visibility.OWNER

    award_id: UUID
    scenario_id: UUID
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AwardVoided(Event):
    """An award is void: its bid was declared invalid, or the ranking it rests on is made again."""

    TYPE = "award.voided"
    SUBJECT = "award_id"
    VISIBILITY = Visibility.PARTICIPANTS

    award_id: UUID
    scenario_id: UUID
    ground: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PilotOpened(Event):
    """A pilot was agreed; what each party committed is told in fen, by class of party."""

    TYPE = "pilot.opened"
    SUBJECT = "pilot_id"
    VISIBILITY = Visibility.PUBLIC

    pilot_id: UUID
    scenario_id: UUID
    number: str
    phases: tuple[str, ...]
    committed_fen: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class PilotPhaseStarted(Event):
    """A phase began; its ceiling is the most that is shared of its cost."""

    TYPE = "pilot.phase_started"
    SUBJECT = "pilot_id"
    VISIBILITY = Visibility.PUBLIC

    pilot_id: UUID
    phase: str
    ceiling_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PilotMilestoneSubmitted(Event):
    """The solver submitted the results of a phase for review."""

    TYPE = "pilot.milestone_submitted"
    SUBJECT = "pilot_id"
    VISIBILITY = Visibility.PARTICIPANTS

    pilot_id: UUID
    phase: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PilotMilestoneResult(Event):
    """A phase ended: passed, failed without fault, failed by fault, or stopped."""

    TYPE = "pilot.milestone_result"
    SUBJECT = "pilot_id"
    VISIBILITY = Visibility.PUBLIC

    pilot_id: UUID
    phase: str
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PilotAcceptanceRequested(Event):
    """Every phase passed and the solver asked the poster to accept the pilot."""

    TYPE = "pilot.acceptance_requested"
    SUBJECT = "pilot_id"
    VISIBILITY = Visibility.PARTICIPANTS

    pilot_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PilotAccepted(Event):
    """Every phase passed and the poster accepted the pilot."""

    TYPE = "pilot.accepted"
    SUBJECT = "pilot_id"
    VISIBILITY = Visibility.PUBLIC

    pilot_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PilotClosed(Event):
    """A pilot was settled and closed; what was committed and not used went back."""

    TYPE = "pilot.closed"
    SUBJECT = "pilot_id"
    VISIBILITY = Visibility.PUBLIC

    pilot_id: UUID
    final_state: str
    paid_fen: dict[str, int]
    borne_fen: int
    released_fen: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimSubmitted(Event):
    """The solver claimed cost of a phase."""

    TYPE = "claim.submitted"
    SUBJECT = "claim_id"
    VISIBILITY = Visibility.OWNER

    claim_id: UUID
    pilot_id: UUID
    phase: str
    claimed_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimVerified(Event):
    """A claim was checked line by line."""

    TYPE = "claim.verified"
    SUBJECT = "claim_id"
    VISIBILITY = Visibility.OWNER

    claim_id: UUID
    pilot_id: UUID
    verified_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimRejected(Event):
    """A claim was rejected; its cost may be claimed again."""

    TYPE = "claim.rejected"
    SUBJECT = "claim_id"
    VISIBILITY = Visibility.OWNER

    claim_id: UUID
    pilot_id: UUID
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimApproved(Event):
    """A claim was approved and its cost divided; the digest is that of the stored settlement."""

    TYPE = "claim.approved"
    SUBJECT = "claim_id"
    VISIBILITY = Visibility.PARTICIPANTS

    claim_id: UUID
    pilot_id: UUID
    phase: str
    verified_fen: int
    shares_fen: dict[str, int]
    solver_bears_fen: int
    bound_by: str
    settlement_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimPaid(Event):
    """The funders' shares of a claim were paid to the solver."""

    TYPE = "claim.paid"
    SUBJECT = "claim_id"
    VISIBILITY = Visibility.PARTICIPANTS

    claim_id: UUID
    pilot_id: UUID
    paid_fen: dict[str, int]
    bank_reference: str
