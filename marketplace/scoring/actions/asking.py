"""Ask an endpoint one thing: when it is its turn, how often, how long, and what came of it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from marketplace.kit.digests import sha256_hex
from marketplace.kit.outbound import Answer, Outbound, Unanswered
from marketplace.scoring.rules import endpoints as rules
from marketplace.scoring.rules.endpoints import Failure, Fault, Kept, Limits, Outcome
from marketplace.scoring.rules.evidence import RETRIED

IN_A_THREAD_BYTES: Final = 16 * 1024
"""A longer answer is read beside the event loop, which serves others meanwhile."""
PAUSE_SECONDS: Final = 0.2
"""Before a further try: what refuses a connection now will refuse it at once again."""
SECRET_LENGTH_MIN: Final = 8
"""Shorter pieces of a header are in many answers by chance."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What came of one request: what is kept of it, and the predictions by the ids of the rows."""

    kept: Kept
    predictions: Mapping[str, str]


def _unreadable(kept: Kept, fault: Fault) -> Heard:
    told = replace(kept.outcome, reason=Failure.ANSWER_UNREADABLE, problem=fault.problem)
    return Heard(replace(kept, outcome=told), {})


class Pace:
    """Lets one request go after the other, so many a second."""

    def __init__(self, requests_per_second: int) -> None:
        self._gap = 1 / requests_per_second
        self._next_at = 0.0

    async def turn(self) -> None:
        """Wait for the next place in line."""
        now = asyncio.get_running_loop().time()
        at = max(now, self._next_at)
        self._next_at = at + self._gap
        await asyncio.sleep(at - now)


class Asking:
    """One request at a time: its tries, and what came of them."""

    def __init__(
        self,
        outbound: Outbound,
        url: str,
        headers: Mapping[str, str],
        limits: Limits,
        column: str,
    ) -> None:
        self._outbound, self._url, self._headers = outbound, url, headers
        self.limits, self._column = limits, column
        self._pace = Pace(limits.requests_per_second)
        self._reading = asyncio.Lock()
        self._secrets = [
            piece.encode("ascii")
            for name, value in headers.items()
            if name != "content-type"
            for piece in value.split()
            if len(piece) >= SECRET_LENGTH_MIN
        ]

    async def ask(self, number: int, body: bytes, asked: Mapping[str, str]) -> Heard:
        """Ask until something is answered or the tries are used up."""
        loop = asyncio.get_running_loop()
        await self._pace.turn()
        begun = loop.time()
        tries = 0
        while True:
            tries += 1
            said = await self._outbound.post(
                self._url,
                headers=self._headers,
                body=body,
                timeout=self.limits.seconds_per_request,
            )
            again = isinstance(said, Unanswered) and Failure(said.reason.value) in RETRIED
            if not again or tries > self.limits.retries_max:
                break
            await asyncio.sleep(PAUSE_SECONDS)
            await self._pace.turn()
        # The first try tells the endpoint what is asked: what it computes until the last is its
        # time too.
        duration_ms = round((loop.time() - begun) * 1000)
        answer = said.body if isinstance(said, Answer) else b""
        reason = _failure_of(said, self.limits)
        if any(secret in answer for secret in self._secrets):
            answer, reason = b"", Failure.HEADER_ECHOED
        outcome = Outcome(
            number=number,
            request_sha256=sha256_hex(body),
            status=said.status if isinstance(said, Answer) else None,
            reason=reason,
            problem=None,
            duration_ms=duration_ms,
            tries=tries,
            bytes=len(answer),
            answer_sha256=sha256_hex(answer),
        )
        kept = Kept(outcome=outcome, answer=answer)
        if reason is not None:
            return Heard(kept, {})
        found = await self.read(answer, asked)
        return _unreadable(kept, found) if isinstance(found, Fault) else Heard(kept, found)

    async def read(self, answer: bytes, asked: Mapping[str, str]) -> dict[str, str] | Fault:
        """Read the predictions of an answer, under the ids of their rows."""
        if len(answer) <= IN_A_THREAD_BYTES:
            return self._read(answer, asked)
        # One at a time: what is read takes many times the memory of its bytes.
        async with self._reading:
            return await asyncio.to_thread(self._read, answer, asked)

    def _read(self, answer: bytes, asked: Mapping[str, str]) -> dict[str, str] | Fault:
        found = rules.read_answer(
            answer, asked, column=self._column, bytes_max=self.limits.answer_bytes_max
        )
        if isinstance(found, Fault):
            return found
        return {asked[alias]: value for alias, value in found.items()}


def _failure_of(said: Answer | Unanswered, limits: Limits) -> Failure | None:
    if isinstance(said, Unanswered):
        return Failure(said.reason.value)
    if 300 <= said.status < 400:
        return Failure.REDIRECTED
    if said.status != rules.STATUS_OK:
        return Failure.HTTP_STATUS
    if len(said.body) > limits.answer_bytes_max:
        return Failure.ANSWER_TOO_LARGE
    if said.truncated:
        full = len(said.body) >= limits.answer_bytes_max
        return Failure.ANSWER_TOO_LARGE if full else Failure.ANSWER_INCOMPLETE
    return None
