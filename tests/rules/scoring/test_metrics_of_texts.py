"""Metrics of texts and lists: against their references, and by hand."""

import math
import random
from collections.abc import Sequence
from decimal import Decimal

import pytest
from sklearn import metrics as reference

from marketplace.scoring.errors import rounds as errors
from marketplace.scoring.rules.metrics import registry as metrics
from marketplace.scoring.rules.metrics.texts import distance

TOLERANCE = 1e-9

# Reference values of sacrebleu 2.6.0 (chrF2; BLEU with tokenize="char", smooth_method="none") and
# of jiwer 4.0.0, on lines of which each row is one.
REFERENCE: list[tuple[str, str, dict[str, float]]] = [
    (
        (
            "道电别道城防用占道别电识防占通违别别消|村防村电中违电防别用充电违别|防中充中别识规通|用中通道通违规别消用占占识|防城电别用别城中充识道充"
            "识电|规城违占识识通消充通充识中消别违|消电村电用占中中通|用别占中防用防充中用通识别用消电违用违防|中违电道通违消防村消识村城|规防占中中"
            "规电村别村别城识中别|别识用规道识充用防用电消识消别规违|道违防占占规规充别电通中通违中占违规通"
        ),
        (
            "道电别道城防用占道别电识充占城违别别消|村防占村中违电防别识电违别|中中别识规通|用中通道违违规别消用违占识|道规别用别规识道充识电|规城违"
            "占防识通消充违充识中消违|消电防村占中中通|用占占中防防充中用通识别电消电违用违防|中违电通违消占村占识村城|规别占违中规电城别村电城识中别"
            "|别识用规道识电防用电消识消别规违|违违道占规充别电通中通违中占违规中"
        ),
        {"chrf": 0.45454214087488704, "bleu": 0.5391004838844495, "cer": 0.22033898305084745},
    ),
    (
        (
            "违识电电中防中占|占占规道电消中占城别识道道违电电城充|防充电消违中别通城城城规用|别道规消道充|用消电占占用|通消规消电占防别城|识别用别"
            "规中村规充识防中|通别充充用别道用识别规消防防违别占|用道违识城占消充电道道规村通用别充电规|通中占规用中电村用识道通占充城占城|充识违违违"
            "道规村村用|城电消用别识用消道"
        ),
        (
            "违规城别中防占占|占占规道电消电别城别道违电电城充|防电消违中别城城城电用|别道规消道充|用消电占占电|通消规消电占别别城|识别用识规中村消"
            "充识防电|村别充村用别道用违别规防违别占|用道违识城占消充充道道占村用用别充电规|通中占规消中电村用识道通村充城占城|充识违违违道规消村用|"
            "城电消用识用城道"
        ),
        {"chrf": 0.4318297498611645, "bleu": 0.5282583765969409, "cer": 0.2013888888888889},
    ),
    (
        (
            "识城中中通识村充电规识防防违消违城违规|道规道电充识用通|别占用防别城识城通占别通别道|别别用村用村消消城村通村|用用通用规用村别|电道充用"
            "别别电通电违通通识|村电道充充占规用消占防别占|用识电通规别占别别占通违充别|充占占规消通识充识村别别违防|别占防防电充识用用用用规违违道防"
            "充消|用通别规违别中电识通充城别|消充中城违规城防违消规别别中电用村识防"
        ),
        (
            "识城中中通识村充电规防违消违城电规|中规道电充识用通|占用防别消识城通占别道|别别用村用消消消城村通村|用通道用规村别|电道充用别别电通电违"
            "通识|村电道充充占规用消占村电电|用识电通规别占别别占通违充村|充占占规消通识充识通别别违防|别占防违电充识用中用用规违违防充消|用通别规通"
            "电识通充城别|消充中城违规防违消消别别中占用村识防"
        ),
        {"chrf": 0.5748785417761112, "bleu": 0.6633813787365466, "cer": 0.16363636363636364},
    ),
]


def measure(spec: str, truth: Sequence[str], predicted: Sequence[str]) -> Decimal:
    """One metric over parallel lists."""
    ids = [f"r{at:05d}" for at in range(len(truth))]
    return metrics.measure(
        spec,
        truth=dict(zip(ids, truth, strict=True)),
        predicted=dict(zip(ids, predicted, strict=True)),
    )


@pytest.mark.parametrize(("truth", "predicted", "values"), REFERENCE)
def test_texts_agree_with_their_references(
    truth: str, predicted: str, values: dict[str, float]
) -> None:
    """chrF, BLEU and the error rate of characters, to the ninth place."""
    found = {name: float(measure(name, truth.split("|"), predicted.split("|"))) for name in values}

    assert found == pytest.approx(values, abs=TOLERANCE)


def _by_the_table(left: Sequence[str], right: Sequence[str]) -> int:
    """The distance by the table of Wagner and Fischer."""
    above = list(range(len(right) + 1))
    for row, one in enumerate(left, 1):
        here = [row]
        for column, other in enumerate(right, 1):
            replaced = above[column - 1] + (one != other)
            here.append(min(above[column] + 1, here[-1] + 1, replaced))
        above = here
    return above[-1]


@pytest.mark.parametrize("seed", range(20))
def test_distances_are_those_of_the_table(seed: int) -> None:
    """Whole columns at once give what the table gives cell by cell, empty texts included."""
    chance = random.Random(seed)
    for _ in range(50):
        left, right = (
            [chance.choice("消防通道") for _ in range(chance.randint(0, 90))] for _ in range(2)
        )
        assert distance(left, right) == _by_the_table(left, right)


@pytest.mark.parametrize("seed", range(10))
def test_words_are_counted_by_the_same_distance(seed: int) -> None:
    """The word error rate over all rows."""
    chance = random.Random(seed)
    truth, predicted = (
        [" ".join(chance.choices(["a", "b", "cc"], k=chance.randint(1, 9))) for _ in range(20)]
        for _ in range(2)
    )
    pairs = [(one.split(), two.split()) for one, two in zip(truth, predicted, strict=True)]
    wanted = sum(_by_the_table(*pair) for pair in pairs) / sum(len(one) for one, _ in pairs)

    assert float(measure("wer", truth, predicted)) == pytest.approx(wanted, abs=TOLERANCE)


@pytest.mark.parametrize("seed", range(10))
def test_lists_agree_with_scikit_learn(seed: int) -> None:
    """nDCG@k and top-k accuracy of random rankings without ties."""
    chance = random.Random(seed)
    items, top = list("abcdefg"), chance.randint(1, 6)
    gains = [[chance.randint(0, 4) for _ in items] for _ in range(30)]
    gains = [one if any(one) else [1] * len(items) for one in gains]
    scores = [chance.sample(range(100), len(items)) for _ in gains]
    best = [[at for _, at in sorted(((-one, at) for at, one in enumerate(row)))] for row in scores]
    lists = ["|".join(items[at] for at in order) for order in best]
    truth = [
        "|".join(f"{item}:{gain}" for item, gain in zip(items, row, strict=True) if gain)
        for row in gains
    ]
    labels = [chance.choice(items) for _ in gains]

    ndcg = reference.ndcg_score(gains, scores, k=top)
    right = reference.top_k_accuracy_score(
        [items.index(one) for one in labels], scores, k=top, labels=range(7)
    )
    reciprocal = sum(
        1 / (order.index(items.index(label)) + 1) for order, label in zip(best, labels, strict=True)
    ) / len(labels)

    assert float(measure(f"ndcg:{top}", truth, lists)) == pytest.approx(ndcg, abs=TOLERANCE)
    found = float(measure(f"top_k_accuracy:{top}", labels, lists))
    assert found == pytest.approx(right, abs=TOLERANCE)
    assert float(measure("mrr", labels, lists)) == pytest.approx(reciprocal, abs=TOLERANCE)


@pytest.mark.parametrize(
    ("spec", "truth", "predicted"),
    [("mrr", "a", "b|a|a"), ("top_k_accuracy:2", "a", "a|"), ("event_recall:1", "9;-", "4")],
)
def test_refuses_lists_that_count_twice_or_cannot_be_read(
    spec: str, truth: str, predicted: str
) -> None:
    """An item named twice would be counted twice."""
    with pytest.raises(errors.NumberUnreadable):
        measure(spec, [truth], [predicted])


@pytest.mark.parametrize(
    ("rate", "recall"), [("0", "0.5"), ("1", "0.5"), ("2", "1"), ("1000", "1")]
)
def test_events_are_found_by_one_alarm_each(rate: str, recall: str) -> None:
    """Two days watched, two events; the second is found only at the price of three false alarms."""
    truth = ["86400;100~200", "86400;500~600"]
    predicted = ["150@0.9|160@0.8|7000@0.5", "1@0.5|2@0.5|550@0.4"]

    assert measure(f"event_recall:{rate}", truth, predicted) == Decimal(recall)


def test_lead_times_count_only_warnings_in_time() -> None:
    """None, too late and absurdly early are no lead; the median of an even number is a mean."""
    truth = ["1000", "1000", "1000", "1000"]
    predicted = ["-", "1001", "700", "900.5"]

    assert measure("lead_time_median:500", truth, predicted) == Decimal("49.75")
    assert measure("lead_time_median:200", truth, predicted) == 0


@pytest.mark.parametrize(("share", "value"), [("0.5", 20), ("0.51", 30), ("0.95", 40), ("0", 10)])
def test_latencies_are_times_that_were_measured(share: str, value: int) -> None:
    """The nearest rank is one of the times, never between two."""
    times = ["40", "10", "30", "20"]

    assert measure(f"latency_percentile:{share}", ["-"] * 4, times) == value


def test_logarithms_have_the_same_digits_everywhere() -> None:
    """Pinned digits: another machine, another library or another order would be another value."""
    scores = ["0.9", "0.2", "0.000000000000000000001"]

    assert str(measure("log_loss", ["1", "0", "1"], scores)) == "11.622426820628"
    assert str(measure("ndcg:3", ["a:3|b:2|c:1"], ["c|b|a"])) == "0.789998004246"
    assert math.isclose(11.622426820628, (-math.log(0.9) - math.log(0.8) + 15 * math.log(10)) / 3)
