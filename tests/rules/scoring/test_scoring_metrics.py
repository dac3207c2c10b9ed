"""Metrics: agreement with scikit-learn on random data, exact edges, and what is refused."""

import random
from collections.abc import Sequence
from decimal import Decimal, localcontext

import pytest
from sklearn import metrics as reference

from marketplace.scoring.errors import rounds as errors
from marketplace.scoring.rules.metrics import registry as metrics

TOLERANCE = 1e-9
LABELS = ["内涝", "边坡", "聚集", "e\u0301", "\u00e9", "", " x", "a,b", "0", "无"]


def rows(values: Sequence[str]) -> dict[str, str]:
    """Texts by row id."""
    return {f"r{at:05d}": value for at, value in enumerate(values)}


def measure(spec: str, truth: Sequence[str], predicted: Sequence[str]) -> Decimal:
    """One metric over parallel lists."""
    return metrics.measure(spec, truth=rows(truth), predicted=rows(predicted))


@pytest.mark.parametrize("seed", range(40))
def test_labels_agree_with_scikit_learn(seed: int) -> None:
    """Accuracy and macro F1 on random labels: unicode, one class, labels never predicted."""
    chance = random.Random(seed)
    known = chance.sample(LABELS, chance.randint(1, len(LABELS)))
    guessed = chance.sample(LABELS, chance.randint(1, len(LABELS)))
    truth = [chance.choice(known) for _ in range(chance.randint(1, 60))]
    predicted = [label if chance.random() < 0.6 else chance.choice(guessed) for label in truth]

    accuracy = reference.accuracy_score(truth, predicted)
    macro_f1 = reference.f1_score(truth, predicted, average="macro", zero_division=0)

    assert abs(float(measure("accuracy", truth, predicted)) - accuracy) < TOLERANCE
    assert abs(float(measure("macro_f1", truth, predicted)) - macro_f1) < TOLERANCE


@pytest.mark.parametrize("seed", range(40))
def test_errors_of_figures_agree_with_scikit_learn(seed: int) -> None:
    """RMSE and MAE on random figures of very different sizes."""
    chance = random.Random(seed)
    size = 10 ** chance.randint(-4, 6)
    truth = [chance.uniform(-size, size) for _ in range(chance.randint(1, 80))]
    predicted = [value + chance.gauss(0, size / 5) for value in truth]
    texts = [repr(value) for value in truth], [repr(value) for value in predicted]

    rmse = reference.root_mean_squared_error(truth, predicted)
    mae = reference.mean_absolute_error(truth, predicted)

    assert float(measure("rmse", *texts)) == pytest.approx(rmse, rel=TOLERANCE, abs=TOLERANCE)
    assert float(measure("mae", *texts)) == pytest.approx(mae, rel=TOLERANCE, abs=TOLERANCE)


@pytest.mark.parametrize("seed", range(40))
def test_recall_at_a_false_alarm_rate_agrees_with_scikit_learn(seed: int) -> None:
    """Against the whole curve, with many tied scores; the rate lies between two possible rates."""
    chance = random.Random(seed)
    truth = ["0", "1", *(chance.choice("01") for _ in range(chance.randint(0, 60)))]
    scores = [str(chance.choice([0, 0.1, 0.25, 0.5, 0.5, 0.9, 1])) for _ in truth]
    negatives = truth.count("0")
    rate = (chance.randint(0, negatives) + 0.5) / (negatives + 1)
    spec = f"recall_at_false_alarm_rate:{rate:.6f}"

    alarms, caught, _ = reference.roc_curve(
        [int(label) for label in truth], [float(score) for score in scores], drop_intermediate=False
    )
    best = max(hit for hit, alarm in zip(caught, alarms, strict=True) if alarm <= rate)

    assert abs(float(measure(spec, truth, scores)) - best) < TOLERANCE


@pytest.mark.parametrize(
    ("rate", "recall"),
    [("0", "0.25"), ("0.24", "0.25"), ("0.25", "0.75"), ("0.5", "0.75"), ("0.75", "1"), ("1", "1")],
)
def test_tied_scores_stand_on_one_side_of_any_threshold(rate: str, recall: str) -> None:
    """Two hits and one false alarm share a score: they come together, or not at all."""
    truth = ["1", "1", "1", "0", "0", "1", "0", "0"]
    scores = ["0.9", "0.8", "0.8", "0.8", "0.7", "0.6", "0.6", "0.1"]
    spec = f"recall_at_false_alarm_rate:{rate}"

    assert measure(spec, truth, scores) == Decimal(recall)


def test_a_tie_at_the_top_beyond_the_rate_gives_no_recall() -> None:
    """Where the very first threshold raises too many false alarms, nothing may be called."""
    found = measure("recall_at_false_alarm_rate:0.1", ["1", "0", "0"], ["5", "5", "1"])

    assert found == 0


def test_scores_are_compared_exactly() -> None:
    """Two scores that one binary float cannot tell apart still differ."""
    scores = ["0.10000000000000000001", "0.1", "0"]

    assert measure("recall_at_false_alarm_rate:0", ["1", "0", "0"], scores) == 1


@pytest.mark.parametrize(
    ("spec", "truth", "predicted", "digits"),
    [
        ("accuracy", "abc", "abd", "0.666666666667"),
        ("macro_f1", "aab", "aaa", "0.400000000000"),
        ("macro_f1", "aaa", "aaa", "1.000000000000"),
        ("macro_f1", "aaa", "bbb", "0.000000000000"),
        ("rmse", "00", "11", "1.000000000000"),
        ("rmse", "000", "011", "0.816496580928"),
        ("mae", "000", "010", "0.333333333333"),
    ],
)
def test_digits_are_the_same_on_every_machine(
    spec: str, truth: str, predicted: str, digits: str
) -> None:
    """Twelve places, rounded once, whatever the context of the thread."""
    with localcontext() as context:
        context.prec = 3
        found = measure(spec, list(truth), list(predicted))

    assert f"{found:f}" == digits


@pytest.mark.parametrize(
    "value", ["NaN", "nan", "inf", "-Infinity", "", "abc", "1e16", "1e999999999", "0,5", "１"]
)
@pytest.mark.parametrize("spec", ["rmse", "mae"])
def test_refuses_what_is_no_figure_with_its_row(spec: str, value: str) -> None:
    """A figure that cannot be read is refused with the id of its row, never counted as zero."""
    with pytest.raises(errors.NumberUnreadable) as caught:
        measure(spec, ["1", "2", "3"], ["1", value, "3"])

    assert caught.value.facts == {"id": "r00001", "value": value}


@pytest.mark.parametrize("value", ["NaN", "inf", "high"])
def test_refuses_scores_that_cannot_be_ordered(value: str) -> None:
    """A score that is no number has no side of a threshold."""
    with pytest.raises(errors.NumberUnreadable):
        measure("recall_at_false_alarm_rate:0.1", ["1", "0"], ["0.5", value])


@pytest.mark.parametrize(
    ("spec", "truth", "predicted"),
    [("rmse", "secret", "1"), ("recall_at_false_alarm_rate:0.1", "secret", "0.5")],
)
def test_a_broken_hidden_set_does_not_tell_what_it_hides(
    spec: str, truth: str, predicted: str
) -> None:
    """The refusal names the row and not the hidden value: its reader may be a solver."""
    with pytest.raises(errors.TruthUnfit) as caught:
        measure(spec, [truth], [predicted])

    assert "secret" not in str(caught.value)
    assert caught.value.facts["id"] == "r00000"


@pytest.mark.parametrize("label", ["0", "1"])
def test_refuses_a_recall_without_both_labels(label: str) -> None:
    """Without positives there is no recall, without negatives no false alarm rate."""
    with pytest.raises(errors.MetricUndefined):
        measure("recall_at_false_alarm_rate:0.1", [label, label], ["0.5", "0.6"])


def test_refuses_an_empty_hidden_set() -> None:
    """Nothing of nothing is no accuracy."""
    with pytest.raises(errors.MetricUndefined):
        metrics.measure("accuracy", truth={}, predicted={})


def test_refuses_predictions_that_lack_a_row() -> None:
    """A missing row is named, never taken as wrong or as right."""
    with pytest.raises(errors.PredictionIdsDiffer) as caught:
        metrics.measure("accuracy", truth=rows(["a", "b"]), predicted=rows(["a"]))

    assert caught.value.facts == {"missing_count": 1, "missing": ["r00001"]}


@pytest.mark.parametrize(
    "spec",
    [
        *("", "f2", "Accuracy", "accuracy:0.5", "recall_at_false_alarm_rate"),
        *(f"recall_at_false_alarm_rate:{text}" for text in ("", "1.5", "nan", "1e-2", "-0.1")),
    ],
)
def test_refuses_unknown_metrics_and_lists_the_known(spec: str) -> None:
    """A metric that is not registered, or whose parameter does not fit, is found at publication."""
    with pytest.raises(errors.MetricUnknown) as caught:
        metrics.find(spec)

    assert caught.value.facts["known"] == sorted(metrics.REGISTRY)


def test_every_metric_says_what_it_is() -> None:
    """Formula, source, direction, range and the column it reads stand in the registry."""
    for name, metric in metrics.REGISTRY.items():
        assert metric.name == name
        assert metric.formula
        assert metric.source
        assert metric.column in {"prediction", "score"}
        if metric.maximum is not None and metric.minimum is not None:
            assert metric.minimum < metric.maximum


def test_another_label_on_every_row_costs_no_time() -> None:
    """A hostile file with ten thousand labels is scored like any other."""
    truth = [str(at % 3_000) for at in range(10_000)]
    predicted = [label if at % 2 else f"x{at}" for at, label in enumerate(truth)]

    assert 0 < measure("macro_f1", truth, predicted) < 1
