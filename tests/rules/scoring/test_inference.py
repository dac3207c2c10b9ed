"""Hidden inputs in one form, limits as published, and what an attempt is spent on."""

import json
from dataclasses import fields
from decimal import Decimal
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.kit.errors import MarketplaceError
from marketplace.scenarios.rules import endpoint_terms
from marketplace.scenarios.rules.endpoint_terms import EndpointTerms
from marketplace.scoring.rules import endpoints, inference, inputs
from marketplace.scoring.rules.endpoints import Limits, request_body
from marketplace.scoring.rules.evidence import Failure, Outcome
from marketplace.scoring.rules.inputs import Inputs
from marketplace.scoring.rules.metrics import registry
from marketplace.scoring.rules.metrics.definitions import Reads

VALUES: Final = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=6,
)
ROWS: Final = st.dictionaries(
    st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=8),
    st.dictionaries(
        st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=6).filter(
            lambda name: name != "id"
        ),
        VALUES,
        min_size=1,
        max_size=4,
    ),
    min_size=1,
    max_size=6,
)


def an_outcome(reason: Failure | None, *, duration_ms: int = 7) -> Outcome:
    """What came of one request."""
    return Outcome(
        number=0,
        request_sha256="0" * 64,
        status=None,
        reason=reason,
        problem=None,
        duration_ms=duration_ms,
        tries=1,
        bytes=0,
        answer_sha256="0" * 64,
    )


def test_what_may_be_published_is_what_may_be_called() -> None:
    """The room of calls and the caller name the same limits, bounds and defaults."""
    limits = {one.name for one in fields(Limits)}

    assert {name: (one.least, one.most) for name, one in endpoints.BOUNDS.items()} == (
        endpoint_terms.BOUNDS
    )
    assert limits == endpoint_terms.BOUNDS.keys()
    assert inference.limits_of(EndpointTerms()) == Limits()


def test_metrics_of_calls_are_known_to_calls() -> None:
    """What a call may name with `calls_of` is what the registry computes of calls."""
    of_calls = {one.name for one in registry.REGISTRY.values() if one.reads is Reads.ENDPOINT}

    assert of_calls == endpoint_terms.CALL_METRICS


@settings(max_examples=60, deadline=None)
@given(rows=ROWS)
def test_inputs_come_back_as_they_were_sent(rows: dict[str, dict[str, Any]]) -> None:
    """Whatever they hold: each row once, in the order of the hidden set, ready to be sent."""
    storable = json.dumps(rows)
    if "\\u0000" in storable or "\\ud" in storable.lower():
        return
    sent = "".join(
        json.dumps({"id": row_id, **told}, ensure_ascii=False) + "\n"
        for row_id, told in rows.items()
    )
    order = sorted(rows)

    found = Inputs(inputs.canonical(sent.encode(), order))

    assert [row.id for row in found] == order
    assert {row.id: row.fields for row in found} == rows
    assert json.loads(request_body(found)) == {
        "inputs": [{"id": row_id, **rows[row_id]} for row_id in order]
    }


def test_numbers_are_sent_as_they_are_written() -> None:
    """0.50 stays 0.50, and a large whole number keeps every digit."""
    line = b'{"id":"a","x":0.50,"y":12345678901234567890}\n'

    canonical = inputs.canonical(line, ["a"])

    assert canonical == line
    assert Inputs(canonical)[0].fields == {"x": Decimal("0.50"), "y": 12345678901234567890}


@pytest.mark.parametrize(
    "line",
    [
        b'{"id":"a","x":1e999999999}',
        b'{"id":"a","x":' + b"9" * 41 + b"}",
        b'{"id":"a","x":' + b"[" * 5_000 + b"]" * 5_000 + b"}",
        b'{"id":5,"x":1}',
        b'{"id":"","x":1}',
        b'{"id":"a","x":"\\ud800"}',
        b"[1]",
        b'{"id":"a","x":1}\n{"id":"a","x":1}',
        b"",
    ],
)
def test_inputs_that_cannot_be_sent_are_refused(line: bytes) -> None:
    """Without end, too deep, nameless, half a character, twice: a refusal and no crash."""
    with pytest.raises(MarketplaceError) as refused:
        inputs.canonical(line, ["a"])

    assert refused.value.code.startswith("scoring.")


@pytest.mark.parametrize("reason", [None, *Failure])
def test_an_attempt_is_spent_where_inputs_may_have_arrived(reason: Failure | None) -> None:
    """A connection that never stood has carried nothing; everything else may have."""
    unsent = {"target_refused", "name_unknown", "connect_failed", "connect_timeout", "tls_failed"}

    assert inference.reached([an_outcome(reason)]) is (reason not in unsent)
    assert inference.reached([an_outcome(Failure.CONNECT_FAILED), an_outcome(None)])


def test_what_calls_are_worth() -> None:
    """Percentiles of whole milliseconds, a failed one as long as it might have taken; and rows."""
    outcomes = [an_outcome(None, duration_ms=at) for at in (10, 20, 30)]
    outcomes.append(an_outcome(Failure.TIMEOUT))

    def worth(spec: str) -> Decimal:
        return inference.value_of_calls(spec, outcomes, Limits(), rows_failed=1, rows=8)

    shares = ("0.5", "0.75", "1")
    told = [int(worth(f"latency_percentile:{share}")) for share in shares]
    assert told == [20, 30, 10_000]
    assert worth("endpoint_error_share") == Decimal("0.125")
