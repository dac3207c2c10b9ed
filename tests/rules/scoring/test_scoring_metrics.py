"""Metrics: agreement with scikit-learn on random data, exact edges, and what is refused."""

import random
from collections.abc import Sequence
from decimal import Decimal, localcontext

import pytest
from scipy import stats
from sklearn import metrics as reference

from marketplace.scoring.errors import rounds as errors
from marketplace.scoring.rules.metrics import registry as metrics
from marketplace.scoring.rules.metrics.definitions import Aggregate, Reads
from marketplace.scoring.rules.metrics.samples import Sample

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
        of_files = metric.reads is Reads.FILE
        assert (metric.column in {"prediction", "score"}) == of_files
        if metric.maximum is not None and metric.minimum is not None:
            assert metric.minimum < metric.maximum


def test_another_label_on_every_row_costs_no_time() -> None:
    """A hostile file with ten thousand labels is scored like any other."""
    truth = [str(at % 3_000) for at in range(10_000)]
    predicted = [label if at % 2 else f"x{at}" for at, label in enumerate(truth)]

    assert 0 < measure("macro_f1", truth, predicted) < 1


BY_LABEL = {
    "balanced_accuracy": reference.balanced_accuracy_score,
    "micro_f1": lambda truth, said: reference.f1_score(truth, said, average="micro"),
    "weighted_f1": lambda truth, said: reference.f1_score(
        truth, said, average="weighted", zero_division=0
    ),
    "mcc": reference.matthews_corrcoef,
    "mean_iou": lambda truth, said: reference.jaccard_score(
        truth, said, average="macro", zero_division=0
    ),
}


@pytest.mark.parametrize("seed", range(15))
@pytest.mark.parametrize("name", BY_LABEL)
def test_metrics_of_labels_agree_with_scikit_learn(name: str, seed: int) -> None:
    """Random labels, every true one predicted somewhere."""
    chance = random.Random(seed)
    known = LABELS[: chance.randint(2, len(LABELS))]
    truth = known + [chance.choice(known) for _ in range(chance.randint(0, 60))]
    said = [label if chance.random() < 0.5 else chance.choice(known) for label in truth]
    said[: len(known)] = known

    wanted = BY_LABEL[name](truth, said)

    assert float(measure(name, truth, said)) == pytest.approx(wanted, abs=TOLERANCE)


BY_FIGURE = {
    "mape": reference.mean_absolute_percentage_error,
    "r2": reference.r2_score,
    "wape": lambda truth, said: (
        sum(abs(a - b) for a, b in zip(truth, said, strict=True)) / sum(map(abs, truth))
    ),
    "spearman": lambda truth, said: stats.spearmanr(truth, said).statistic,
}


@pytest.mark.parametrize("seed", range(15))
@pytest.mark.parametrize("name", BY_FIGURE)
def test_metrics_of_figures_agree_with_their_references(name: str, seed: int) -> None:
    """scikit-learn, SciPy and the formula itself, with ties."""
    chance = random.Random(seed)
    truth = [chance.randint(1, 30) / 4 for _ in range(chance.randint(5, 80))]
    said = [value + chance.randint(-8, 8) / 8 for value in truth]

    wanted = BY_FIGURE[name](truth, said)
    found = measure(name, [repr(one) for one in truth], [repr(one) for one in said])

    assert float(found) == pytest.approx(wanted, rel=TOLERANCE, abs=TOLERANCE)


BY_SCORE = {
    "roc_auc": reference.roc_auc_score,
    "pr_auc": reference.average_precision_score,
    "log_loss": reference.log_loss,
    "brier": reference.brier_score_loss,
}


@pytest.mark.parametrize("seed", range(15))
@pytest.mark.parametrize("name", BY_SCORE)
def test_metrics_of_scores_agree_with_scikit_learn(name: str, seed: int) -> None:
    """Random probabilities with many ties, both labels there."""
    chance = random.Random(seed)
    truth = [0, 1, *(chance.randint(0, 1) for _ in range(chance.randint(0, 200)))]
    said = [chance.randint(1, 39) / 40 for _ in truth]

    wanted = BY_SCORE[name](truth, said)
    found = measure(name, [str(one) for one in truth], [repr(one) for one in said])

    assert float(found) == pytest.approx(wanted, abs=TOLERANCE)


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("name", ["precision", "recall", "f1"])
def test_metrics_of_one_label_agree_with_scikit_learn(name: str, seed: int) -> None:
    """Of the label 1, which is there on both sides."""
    chance = random.Random(seed)
    truth = ["1", "0", *(chance.choice("01") for _ in range(40))]
    said = ["1", "1", *(chance.choice("01") for _ in range(40))]

    wanted = getattr(reference, f"{name}_score")(truth, said, pos_label="1")

    assert float(measure(name, truth, said)) == pytest.approx(wanted, abs=TOLERANCE)


@pytest.mark.parametrize(
    ("spec", "truth", "predicted"),
    [
        ("mcc", "aa", "ab"),
        ("precision", "10", "00"),
        ("recall", "00", "10"),
        ("roc_auc", "11", "11"),
        ("pr_auc", "00", "11"),
        ("log_loss", "11", "11"),
        ("wape", "00", "11"),
        ("r2", "11", "12"),
        ("spearman", "12", "11"),
    ],
)
def test_what_has_no_value_is_refused(spec: str, truth: str, predicted: str) -> None:
    """One class only, nothing predicted, no spread: a reason, never 0 and never NaN."""
    with pytest.raises(errors.MetricUndefined):
        measure(spec, list(truth), list(predicted))


def test_a_truth_of_zero_has_no_percentage() -> None:
    """The row of the hidden set is named; it is its publisher's to mend."""
    with pytest.raises(errors.TruthUnfit) as caught:
        measure("mape", ["1", "0"], ["1", "1"])

    assert caught.value.facts["id"] == "r00001"


@pytest.mark.parametrize("value", ["1.01", "-0.1"])
@pytest.mark.parametrize("spec", ["brier", "log_loss"])
def test_a_probability_lies_between_0_and_1(spec: str, value: str) -> None:
    """Anything else is refused with its row."""
    with pytest.raises(errors.NumberUnreadable):
        measure(spec, ["0", "1"], ["0.5", value])


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    "spec", ["accuracy", "mae", "rmse", "mape", "log_loss", "brier", "micro_f1"]
)
def test_the_value_follows_from_the_outcomes_of_the_rows(spec: str, seed: int) -> None:
    """Mean, or root of the mean, of what each row contributes: what a bootstrap rests on."""
    chance = random.Random(seed)
    binary = spec in {"log_loss", "brier"}
    truth = ["0", "1", *(chance.choice("01") for _ in range(30))] if binary else list("1234" * 8)
    said = [f"0.{chance.randint(1, 99):02d}" if binary else chance.choice("1234") for _ in truth]
    found = metrics.find(spec)
    assert found.metric.outcomes is not None
    sample = Sample.of([str(at) for at in range(len(truth))], truth, said)

    rows_say = found.metric.outcomes(sample, found.parameter)
    mean = sum(rows_say.units) / len(truth) / 10**rows_say.places
    value = mean**0.5 if found.metric.aggregate is Aggregate.ROOT_MEAN else mean

    assert float(found.of(sample)) == pytest.approx(value, abs=TOLERANCE)
