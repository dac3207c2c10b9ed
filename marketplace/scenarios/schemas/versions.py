"""What a call has said, and what the rules say about it."""

import datetime as dt

from marketplace.scenarios.rules.content import Content, content_from
from marketplace.scenarios.rules.lint import Finding, blocking
from marketplace.scenarios.tables import ScenarioVersion
from marketplace.wire.shapes import BilingualOut, Out


class VersionOut(Out, frozen=True, kw_only=True):
    """One version of what a call says; written once."""

    number: int
    written_at: dt.datetime
    note: str | None
    """Why it was amended; null for what was written before publication."""
    sha256: str
    """Digest of the canonical JSON of the content."""
    content: Content

    @classmethod
    def of(cls, row: ScenarioVersion) -> "VersionOut":
        """Read one version."""
        return cls(
            number=row.number,
            written_at=row.written_at,
            note=row.note,
            sha256=row.sha256,
            content=content_from(row.content),
        )


class FindingOut(Out, frozen=True, kw_only=True):
    """One broken rule: which one, where, and what would be right."""

    rule: str
    severity: str
    pointer: str
    source: str
    message: BilingualOut
    suggestion: BilingualOut

    @classmethod
    def of(cls, finding: Finding) -> "FindingOut":
        """Read one finding."""
        return cls(
            rule=finding.rule,
            severity=finding.severity,
            pointer=finding.pointer,
            source=finding.source,
            message=BilingualOut(zh=finding.message.zh, en=finding.message.en),
            suggestion=BilingualOut(zh=finding.suggestion.zh, en=finding.suggestion.en),
        )


class LintOut(Out, frozen=True, kw_only=True):
    """What the rules of its track say about a call as it stands."""

    blocking: bool
    """Whether a finding keeps the call from being approved and published."""
    items: list[FindingOut]

    @classmethod
    def of(cls, findings: tuple[Finding, ...]) -> "LintOut":
        """Read the findings."""
        return cls(
            blocking=bool(blocking(findings)), items=[FindingOut.of(one) for one in findings]
        )
