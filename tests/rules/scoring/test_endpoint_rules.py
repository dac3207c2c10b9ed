"""What an endpoint is asked, how its time is counted, what becomes of rows without an answer."""

import json
import re
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.kit.digests import sha256_hex
from marketplace.kit.exchange import Reason
from marketplace.scoring.errors import endpoints as errors
from marketplace.scoring.rules import endpoints as rules
from marketplace.scoring.rules.endpoints import (
    BOUNDS,
    Evidence,
    Failure,
    Input,
    Kept,
    Limits,
    Outcome,
    Row,
)
from marketplace.scoring.rules.evidence import TEXTS, read_evidence
from marketplace.scoring.rules.metrics import registry as metrics
from marketplace.scoring.rules.metrics.definitions import Reads
from marketplace.scoring.rules.predictions import Limits as FileLimits
from tests.rules.scoring.test_measuring import work

SEED = bytes(range(16))
IDS = st.lists(st.text("ab01-榜é", min_size=1, max_size=5), min_size=1, max_size=30, unique=True)


def outcome(number: int = 0, **changes: object) -> Outcome:
    """A request that went well."""
    made = Outcome(
        number=number,
        request_sha256="0" * 64,
        status=200,
        reason=None,
        problem=None,
        duration_ms=12,
        tries=1,
        bytes=2,
        answer_sha256=sha256_hex(b"{}"),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", BOUNDS)
def test_a_limit_lies_within_its_bounds(name: str) -> None:
    """Both ends are allowed, what lies beyond is refused, and so is what is no whole number."""
    bounds = BOUNDS[name]

    for value in (bounds.least, bounds.most):
        assert getattr(Limits(**{name: value}), name) == value
    for wrong in (bounds.least - 1, bounds.most + 1, True, 1.0, "1", None):
        with pytest.raises(errors.EndpointLimitInvalid) as refused:
            Limits(**{name: wrong})  # type: ignore[arg-type]
        assert refused.value.facts == {
            "limit": name,
            "minimum": bounds.least,
            "maximum": bounds.most,
        }


def test_a_body_is_one_text_and_keeps_decimals() -> None:
    """Members by code point, no blanks, every kind of value; the same rows give the same bytes."""
    fields: dict[str, Input] = {
        "雨": "大\n",
        "b": Decimal("1.50"),
        "a": [1, {"z": None, "y": True}],
        "c": 10**30,
    }

    body = rules.request_body([Row(id="k", fields=fields), Row(id="l", fields={})])

    assert body.decode() == (
        '{"inputs":[{"a":[1,{"y":true,"z":null}],"b":1.50,"c":1' + "0" * 30 + ',"id":"k",'
        '"雨":"大\\n"},{"id":"l"}]}'
    )
    assert json.loads(body)["inputs"][0]["雨"] == "大\n"


@pytest.mark.parametrize(
    "value", [1.5, Decimal("NaN"), Decimal("-Infinity"), b"bytes", {1: "a"}, "\ud800", object()]
)
def test_what_has_no_single_form_is_not_sent(value: object) -> None:
    """Floats, numbers that are none, bytes, half of a pair."""
    with pytest.raises(errors.EndpointInputsUnfit):
        rules.request_body([Row(id="k", fields={"a": value})])  # type: ignore[dict-item]


def test_a_body_has_an_end_and_a_member_named_id_is_refused() -> None:
    """One would never be sent, the other would hide which row is asked."""
    with pytest.raises(errors.EndpointInputsUnfit):
        rules.request_body([Row(id="k", fields={"a": "x" * rules.REQUEST_BYTES_MAX})])
    with pytest.raises(errors.EndpointInputsUnfit):
        rules.request_body([Row(id="k", fields={"id": "r1"})])


@settings(max_examples=60, deadline=None)
@given(IDS, st.binary(min_size=16, max_size=64), st.binary(min_size=16, max_size=64))
def test_every_row_is_asked_once_under_a_name_of_this_run(
    ids: list[str], seed: bytes, other: bytes
) -> None:
    """The order is of all places; names are all different, and tell nothing across runs."""
    aliases = [rules.alias_of(one, seed) for one in ids]

    assert sorted(rules.order_of(ids, seed)) == list(range(len(ids)))
    assert rules.order_of(ids, seed) == rules.order_of(ids, seed)
    assert len(set(aliases)) == len(ids)
    assert all(re.fullmatch("[0-9a-f]{24}", alias) for alias in aliases)
    if seed != other:
        assert not set(aliases) & {rules.alias_of(one, other) for one in ids}


def test_the_order_depends_on_the_seed_and_not_on_the_order_of_the_ids() -> None:
    """Two runs ask differently; the same rows in another file are asked alike."""
    ids = [f"r{number}" for number in range(50)]
    asked = [ids[place] for place in rules.order_of(ids, SEED)]

    assert asked != ids
    assert asked == [ids[::-1][place] for place in rules.order_of(ids[::-1], SEED)]
    assert rules.order_of(ids, SEED) != rules.order_of(ids, b"k" * 16)
    with pytest.raises(errors.EndpointInputsUnfit):
        rules.order_of(["a", "a"], SEED)
    with pytest.raises(errors.EndpointInputsUnfit):
        rules.order_of([], SEED)
    with pytest.raises(ValueError, match="seed"):
        rules.order_of(ids, b"short")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Host", "a"),
        ("content-length", "1"),
        ("Transfer-Encoding", "chunked"),
        ("Cookie", "a=b"),
        ("x y", "a"),
        ("", "a"),
        ("x-key\r\nhost", "a"),
        ("x-key", ""),
        ("x-key", "a\r\nhost: b"),
        ("x-key", " a"),
        ("x-key", "密钥"),
        ("x-key", "a" * 2049),
    ],
)
def test_a_header_that_is_none_or_is_ours_is_refused(name: str, value: str) -> None:
    """And its value is not repeated, for it may be a secret."""
    with pytest.raises(errors.EndpointHeaderInvalid) as refused:
        rules.check_header(name, value)

    assert refused.value.facts == {"header": name}
    rules.check_header("Authorization", "Bearer " + "a" * 2041)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 100_000), min_size=1, max_size=50), st.integers(0, 100))
def test_a_percentile_is_the_one_of_the_metric(durations: list[int], hundredths: int) -> None:
    """The kernel and `latency_percentile` never tell two figures."""
    ids = [str(number) for number in range(len(durations))]
    measured = metrics.measure(
        f"latency_percentile:{Decimal(hundredths) / 100}",
        truth=dict.fromkeys(ids, "0"),
        predicted={one: str(took) for one, took in zip(ids, durations, strict=True)},
    )

    found = rules.percentile(durations, Fraction(hundredths, 100))

    assert Decimal(found) == measured
    assert found in durations
    assert sum(took <= found for took in durations) * 100 >= hundredths * len(durations)


def test_a_percentile_by_hand() -> None:
    """Of twenty times p50 is the tenth, p95 the nineteenth, p99 the last; of one, that one."""
    times = [number * 10 for number in range(1, 21)]

    assert rules.latency(times[::-1]) == rules.Latency(p50_ms=100, p95_ms=190, p99_ms=200)
    assert rules.latency([7]) == rules.Latency(p50_ms=7, p95_ms=7, p99_ms=7)
    with pytest.raises(ValueError, match="nothing"):
        rules.latency([])


def test_dropping_what_is_slow_makes_nobody_quicker() -> None:
    """A failed request counts the whole time it might have taken, or more where it took more."""
    limits = Limits(seconds_per_request=3)

    assert rules.charged_ms(outcome(duration_ms=5), limits) == 5
    assert rules.charged_ms(outcome(reason=Failure.HTTP_STATUS, duration_ms=5), limits) == 3_000
    assert rules.charged_ms(outcome(reason=Failure.TIMEOUT, duration_ms=6_010), limits) == 6_010


@given(st.integers(0, 200), st.integers(1, 200))
def test_an_error_share_is_never_told_too_low(failed: int, rows: int) -> None:
    """Rounded up to a basis point, and at most one of them."""
    failed = min(failed, rows)
    share = rules.error_share_bps(failed, rows)

    assert 0 <= Fraction(share, 10_000) - Fraction(failed, rows) < Fraction(1, 10_000)


def test_the_allowed_share_is_exact() -> None:
    """The last row that may fail may, the next one may not."""
    one_percent = Limits(failures_share_max_bps=100)

    assert one_percent.allows(3, 300) and not one_percent.allows(4, 399)
    assert Limits(failures_share_max_bps=0).allows(0, 1)
    assert not Limits(failures_share_max_bps=0).allows(1, 100_000)


def test_every_failure_of_the_dialler_is_one_of_ours_and_has_words() -> None:
    """What cannot be reached is told by the same word as for webhooks, in both languages."""
    assert {reason.value for reason in Reason} <= {failure.value for failure in Failure}
    assert set(TEXTS) == set(Failure)
    assert all(re.search("[一-鿿]", zh) and en.isascii() for zh, en in TEXTS.values())


@given(st.lists(st.tuples(st.integers(0, 9_999), st.binary(max_size=30)), max_size=6))
def test_evidence_is_read_as_it_was_written(said: list[tuple[int, bytes]]) -> None:
    """Any bytes an endpoint may answer, line by line, and a run goes on where it stopped."""
    evidence, lines = Evidence(), b""
    kept = [
        Kept(
            outcome=outcome(
                number,
                duration_ms=took,
                bytes=len(answer),
                answer_sha256=sha256_hex(answer),
                reason=Failure.HTTP_STATUS if took % 2 else None,
                status=500 if took % 2 else 200,
            ),
            answer=answer,
        )
        for number, (took, answer) in enumerate(said)
    ]
    for one in kept:
        evidence, line = evidence.add(one)
        lines += line

    assert read_evidence(lines) == (evidence, {one.outcome.number: one for one in kept})


def test_evidence_that_was_touched_is_refused_with_its_line() -> None:
    """Changed, lost, moved, doubled, cut: what follows does not fit any more."""
    evidence, lines = Evidence(), []
    for number in range(4):
        evidence, line = evidence.add(Kept(outcome=outcome(number), answer=b"{}"))
        lines.append(line)
    changed = lines[1].replace(b'"duration_ms":12', b'"duration_ms":11')
    touched = {
        3: [lines[0], changed, lines[2]],
        2: [lines[0], lines[2], lines[3]],
        1: [lines[1], lines[0]],
        5: [*lines, lines[3]],
        4: [*lines[:3], lines[3][:-9]],
    }

    for place, written in touched.items():
        with pytest.raises(errors.EvidenceBroken) as refused:
            read_evidence(b"".join(written))
        assert refused.value.facts == {"line": place}
    # The last line may be exchanged without breaking the chain: the digest is not the one noted.
    assert read_evidence(lines[0] + changed)[0].digest != sha256_hex(lines[1][:-1])
    for noise in (b"\n", b"[]\n", b"[" * 100_000, b"{}\n", b'{"previous_sha256":1}\n'):
        with pytest.raises(errors.EvidenceBroken):
            read_evidence(noise)


WHOLE = {"r1": "a", "r2": "b", "r3": "c", "r4": "d"}


def measured(folder: Path, spec: str, truth: dict[str, str], sent: bytes) -> str:
    """The value that a worker finds, or the code of its refusal."""
    lines = "".join(f"{one},{label}\n" for one, label in truth.items())
    answer, _ = work(
        folder,
        "id,label\n" + lines,
        sent.decode(),
        metric=spec,
        public_share_bps=0,
        slices=[],
        outcomes=False,
    )
    return str(answer["sides"]["private"]["value"] if "sides" in answer else answer["refused"])


def test_all_rows_answered_give_what_a_file_gives(tmp_path: Path) -> None:
    """Texts with quotes, breaks and signs of formulas arrive as they were answered."""
    odd = {"r1": '=1+1,"x"', "r2": "a\nb", "r3": "内涝", "r4": "-"}
    sent = rules.assemble(list(odd), odd, metric=metrics.find("accuracy").metric, seed=SEED)
    table = "id,label\n" + "".join(
        f'{one},"{v.replace(chr(34), chr(34) * 2)}"\n' for one, v in odd.items()
    )
    answer, _ = work(
        tmp_path, table, sent.decode(), metric="accuracy", public_share_bps=0, slices=[]
    )

    assert answer["sides"]["private"]["value"] == "1"
    assert len(sent) < FileLimits().bytes_max


@pytest.mark.parametrize(
    ("spec", "truth", "value"),
    [
        ("accuracy", WHOLE, "0.75"),
        ("micro_f1", WHOLE, "0.75"),
        ("top_k_accuracy:3", WHOLE, "0.75"),
        ("mrr", WHOLE, "0.75"),
        ("cer", WHOLE, "0.25"),
        ("wer", WHOLE, "0.25"),
        ("lead_time_median:100", {"r1": "10", "r2": "20", "r3": "30", "r4": "40"}, "10"),
    ],
)
def test_a_row_without_a_prediction_counts_as_wrong(
    tmp_path: Path, spec: str, truth: dict[str, str], value: str
) -> None:
    """Three rows right and one unanswered is worse than three of three.

    Warnings at second 5 lead by 5, 15, 25 and, for the missing one, by nothing: 10 in the middle.
    """
    said = truth if not spec.startswith("lead") else dict.fromkeys(truth, "5")
    given = {one: said[one] for one in list(truth)[:3]}
    metric = metrics.find(spec).metric

    sent = rules.assemble(list(truth), given, metric=metric, seed=SEED)

    assert measured(tmp_path, spec, truth, sent) == value


@pytest.mark.parametrize("spec", ["rmse", "roc_auc", "brier", "f1", "spearman"])
def test_where_nothing_is_surely_wrong_the_run_has_no_value(spec: str) -> None:
    """Numbers, scores and 0 or 1: a stand-in might be right, so there is none."""
    metric = metrics.find(spec).metric

    with pytest.raises(errors.EndpointRowsUnanswered) as refused:
        rules.assemble(["r1", "r2", "r3"], {"r2": "1"}, metric=metric, seed=SEED)

    assert refused.value.facts == {"metric": metric.name, "rows": 2}
    whole = rules.assemble(["r1"], {"r1": "0.5"}, metric=metric, seed=SEED)
    assert json.loads(whole) == {"id": "r1", metric.column: "0.5"}


def test_every_metric_of_files_counts_a_stand_in_or_refuses() -> None:
    """None leaves a row out; a mark comes from the seed, so nobody can have put it into a truth."""
    for metric in metrics.known().values():
        if metric.reads is not Reads.FILE:
            continue
        instead = rules.stand_in(metric, SEED)
        try:
            lines = rules.assemble(["r1", "r2"], {"r1": "1"}, metric=metric, seed=SEED).splitlines()
        except errors.EndpointRowsUnanswered:
            assert instead is None
        else:
            assert [json.loads(line)[metric.column] for line in lines] == ["1", instead]
    label = metrics.find("accuracy").metric
    assert rules.stand_in(label, SEED) != rules.stand_in(label, b"k" * 16)
