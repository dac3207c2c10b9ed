"""The calls to endpoints as they go over the wire."""

import datetime as dt
from uuid import UUID

from marketplace.scoring.tables.inference import EndpointRun
from marketplace.wire.shapes import Out


class RunOut(Out, frozen=True, kw_only=True):
    """The calls a submission consists of."""

    endpoint_id: UUID
    limits: dict[str, int]
    """As they were published when it was submitted."""
    called_at: dt.datetime | None
    """When calling began; null: it has not."""
    ended_at: dt.datetime | None
    rows: int | None
    """Of the hidden inputs; null until all calls are made, as is everything below."""
    rows_failed: int | None
    """Without a prediction: each counts as wrong."""
    requests: int | None
    retries: int | None
    p50_ms: int | None
    """Nearest rank over all requests; a failed one counts as long as it might have taken."""
    p95_ms: int | None
    p99_ms: int | None
    error_share_bps: int | None
    values: dict[str, str]
    """By criterion that judges these calls, exact decimals."""
    evidence_sha256: str | None
    """Digest of the file of all answers as they came; null also where it was cancelled."""
    evidence_bytes: int | None

    @classmethod
    def of(cls, row: EndpointRun) -> "RunOut":
        """Read what is known of a run."""
        told = row.summary or {}
        names = ("rows", "rows_failed", "requests", "retries", "p50_ms", "p95_ms", "p99_ms")
        return cls(
            endpoint_id=row.endpoint_id,
            limits=row.limits,
            called_at=row.called_at,
            ended_at=row.ended_at,
            **{name: told.get(name) for name in names},
            error_share_bps=told.get("error_share_bps"),
            values=told.get("values", {}),
            evidence_sha256=row.evidence_sha256,
            evidence_bytes=row.evidence_bytes,
        )
