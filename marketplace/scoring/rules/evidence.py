"""What came of each request to an endpoint, with the answers: lines that are only ever added.

One JSON line for each request that ended, in the order in which they ended.  Each names the digest
of the line before it, so the digest of the last line stands for all of them: a line that is
changed, lost, moved or added in between breaks the chain.  From these lines a run that was cut off
goes on, and a later measuring reads the answers again, without a call.
"""

import base64
import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final

from marketplace.kit.digests import canonical_json, sha256_hex
from marketplace.scoring.errors.endpoints import EvidenceBroken
from marketplace.scoring.rules.answers import Problem

BEGINNING: Final = "0" * 64
"""What the first line names as the digest before it."""


class Failure(StrEnum):
    """Why a request has no predictions; the values are stable and are shown to the solver."""

    TARGET_REFUSED = "target_refused"
    NAME_UNKNOWN = "name_unknown"
    CONNECT_FAILED = "connect_failed"
    CONNECT_TIMEOUT = "connect_timeout"
    TLS_FAILED = "tls_failed"
    TIMEOUT = "timeout"
    """No head of an answer in time."""
    CONNECTION_BROKEN = "connection_broken"
    NOT_HTTP = "not_http"
    REDIRECTED = "redirected"
    HTTP_STATUS = "http_status"
    """Any status but 200."""
    ANSWER_TOO_LARGE = "answer_too_large"
    ANSWER_INCOMPLETE = "answer_incomplete"
    """It broke off, or was still coming when the time was over."""
    ANSWER_UNREADABLE = "answer_unreadable"
    """See its problem."""
    HEADER_ECHOED = "header_echoed"
    """The answer repeats the secret header; it is not kept."""


TEXTS: Final[dict[Failure, tuple[str, str]]] = {
    Failure.TARGET_REFUSED: ("该地址不允许调用", "the address may not be called"),
    Failure.NAME_UNKNOWN: ("域名无法解析", "the name has no address"),
    Failure.CONNECT_FAILED: ("无法建立连接", "no connection"),
    Failure.CONNECT_TIMEOUT: ("连接超时", "no connection in time"),
    Failure.TLS_FAILED: ("TLS 握手或证书有误", "TLS handshake or certificate failed"),
    Failure.TIMEOUT: ("应答超时", "no answer in time"),
    Failure.CONNECTION_BROKEN: ("连接中断", "the connection broke"),
    Failure.NOT_HTTP: ("应答不是 HTTP", "the answer is not HTTP"),
    Failure.REDIRECTED: ("应答为重定向,平台不跟随", "a redirect, which is not followed"),
    Failure.HTTP_STATUS: ("状态码不是 200", "a status other than 200"),
    Failure.ANSWER_TOO_LARGE: ("应答过大", "the answer is too large"),
    Failure.ANSWER_INCOMPLETE: ("应答不完整", "the answer is incomplete"),
    Failure.ANSWER_UNREADABLE: ("应答内容不符合约定", "the answer is not what was agreed"),
    Failure.HEADER_ECHOED: ("应答泄露了请求头", "the answer repeats the secret header"),
}
"""Each in Chinese and in English."""

RETRIED: Final = frozenset(
    {
        Failure.NAME_UNKNOWN,
        Failure.CONNECT_FAILED,
        Failure.CONNECT_TIMEOUT,
        Failure.CONNECTION_BROKEN,
    }
)
"""Nothing was answered, and it may be nobody's fault.  Slowness is not: a second try would give a
slow endpoint twice the time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one request."""

    number: int
    """Its place in the order of this run, from 0."""
    request_sha256: str
    """Of the body that was sent."""
    status: int | None
    """None: no head of an answer came."""
    reason: Failure | None
    """None: there is a prediction for each of its rows."""
    problem: Problem | None
    """What is wrong with an unreadable answer."""
    duration_ms: int
    """From the start of its first try to the end of its last."""
    tries: int
    bytes: int
    """Of the answer, as far as it was read."""
    answer_sha256: str
    """Of the same bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An outcome with the answer it rests on."""

    outcome: Outcome
    answer: bytes
    """As it came; empty where it is not kept."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """How far the lines of a run go: their number, and the digest that stands for all."""

    digest: str = BEGINNING
    lines: int = 0

    def add(self, kept: Kept) -> tuple["Evidence", bytes]:
        """Write the next line; the digest is of the line without its end."""
        line = canonical_json(
            {
                **asdict(kept.outcome),
                "answer_base64": base64.b64encode(kept.answer).decode("ascii"),
                "previous_sha256": self.digest,
            }
        )
        return Evidence(sha256_hex(line), self.lines + 1), line + b"\n"


def read_evidence(data: bytes) -> tuple[Evidence, dict[int, Kept]]:
    """Read kept lines: how far they go, and each request by its number.

    Refuses  EvidenceBroken with the line, where the chain does not hold or a request is there
             twice.
    """
    evidence = Evidence()
    found: dict[int, Kept] = {}
    for place, line in enumerate(data.splitlines(), start=1):
        try:
            fields = json.loads(line)
            previous = fields.pop("previous_sha256")
            answer = base64.b64decode(fields.pop("answer_base64"), validate=True)
            kept = Kept(outcome=_outcome(fields), answer=answer)
            grown, written = evidence.add(kept)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as broken:
            raise EvidenceBroken(line=place) from broken
        if previous != evidence.digest or written != line + b"\n" or kept.outcome.number in found:
            raise EvidenceBroken(line=place)
        found[kept.outcome.number] = kept
        evidence = grown
    return evidence, found


def _outcome(fields: dict[str, Any]) -> Outcome:
    reason, problem = fields.pop("reason"), fields.pop("problem")
    return Outcome(
        reason=None if reason is None else Failure(reason),
        problem=None if problem is None else Problem(problem),
        **fields,
    )
