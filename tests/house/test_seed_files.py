"""The seed files agree with themselves, with each other and with the rubrics they publish.

What the demo plays with them stands beside this file, in the tests of the stories.
"""

import tomllib
from collections import Counter, defaultdict
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest

SEEDS: Final = Path(__file__).parents[2] / "seeds"
SCENARIO_FILES: Final = sorted((SEEDS / "scenarios").glob("*.toml"))
STORY_FILES: Final = sorted((SEEDS / "stories").glob("*.toml"))
OWN_FILES: Final = [*sorted(SEEDS.glob("*.toml")), *SCENARIO_FILES, *STORY_FILES]
ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
FUNDERS: Final = {"gov", "poster", "solver"}
Seed = dict[str, Any]

ALLOWED: Final[dict[str, set[str]]] = {
    "poster_type": {"government", "company"},
    "track": {
        *("subsidy", "procurement_tender", "procurement_consultation"),
        *("cooperative_innovation", "sci_plan", "private"),
    },
    "category": {"goods", "services"},
    "openness": {"unconditional", "conditional", "not_open"},
    "access": {"download", "api", "sandbox_only", "hidden_test", "enclave_only"},
    "op": {">=", "<=", "=="},
    "method": {"comprehensive", "lowest_price"},
    "aggregation": {"mean", "trimmed_mean", "median"},
    "formula": {"ratio_to_best_low", "ratio_to_best_high", "linear_between"},
    "direction": {"higher", "lower"},
    "metric": {"accuracy", "macro_f1", "rmse", "mae", "recall_at_false_alarm_rate"},
    "kind": {
        *("government", "company", "university", "research_institute"),
        *("test_lab", "data_source_unit"),
    },
    "size_class": {"large", "medium", "small", "micro", "none"},
    "role": {
        *("poster", "solver", "bureau_officer", "bureau_approver", "expert", "panel_chair"),
        *("finance", "auditor", "supervisor", "test_lab", "data_custodian", "funder"),
        "platform_admin",
    },
}
SCENARIO_KEYS: Final = {
    *("code", "illustrative", "title", "problem", "domain", "poster", "poster_type", "end_user"),
    *("track", "category", "constraints", "datasets", "acceptance", "budget", "race"),
    *("cost_share", "scoring", "criteria", "qualifications"),
}
CRITERION_KEYS: Final = {
    "subjective_expert": {"scale_max"},
    "objective_expert": {"scale_max"},
    "objective_auto": {"metric", "floor", "target", "hard_floor"},
    "objective_formula": {"formula"},
    "price_low_first": set(),
}
PRICE_WEIGHTS_BPS: Final = {
    ("procurement_tender", "goods"): (3000, 10000),
    ("procurement_tender", "services"): (1000, 10000),
    ("procurement_consultation", "goods"): (3000, 6000),
    ("procurement_consultation", "services"): (1000, 3000),
}
POLICY_FIGURES_YUAN: Final = {
    "SZ-TRAIN-2024": (5000, 6000, 10_000_000, None, 500_000_000, None),
    "SZ-CORPUS-BUY-2024": (3000, None, 2_000_000, None, 50_000_000, None),
    "SZ-CORPUS-OPEN-2024": (None, None, 1_000_000, None, 50_000_000, None),
    "DG-COMPUTE-2025": (5000, None, None, 1_000_000, None, 50_000_000),
    "DG-MODEL-2025": (None, None, 1_000_000, None, None, 15_000_000),
    "NS-JBGS-2025": (None, None, None, None, None, None),
    "NS-TALENT-2025": (None, None, 600_000, None, None, None),
}


@cache
def load(path: Path) -> Seed:
    """Read one seed file."""
    return tomllib.loads(path.read_text(encoding="utf-8"))


def organisations() -> dict[str, Seed]:
    return {row["code"]: row for row in load(SEEDS / "organisations.toml")["organisations"]}


def scenarios() -> dict[str, Seed]:
    return {load(path)["code"]: load(path) for path in SCENARIO_FILES}


def holders(role: str) -> dict[str, set[str]]:
    """Which people hold a role, by organisation."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for person in load(SEEDS / "people.toml")["people"]:
        for membership in person["memberships"]:
            if role in membership["roles"]:
                found[membership["organisation"]].add(person["code"])
    return dict(found)


def as_pairs(value: object) -> list[Mapping[str, Any]]:
    """Every table anywhere in a file."""
    if isinstance(value, list):
        return [pair for item in value for pair in as_pairs(item)]
    if isinstance(value, dict):
        return [value, *(pair for item in value.values() for pair in as_pairs(item))]
    return []


@pytest.mark.parametrize("path", sorted(SEEDS.rglob("*.toml")), ids=lambda path: path.name)
def test_every_seed_file_parses(path: Path) -> None:
    """A seed file is TOML and says something."""
    assert load(path)


@pytest.mark.parametrize("path", OWN_FILES, ids=lambda path: path.name)
def test_every_file_says_whether_it_is_invented(path: Path) -> None:
    """Invented content says so in its first line and in a key; published figures carry sources."""
    document, first_line = load(path), path.read_text(encoding="utf-8").partition("\n")[0]
    if path.name == "policies.toml":
        assert all(policy["sources"] for policy in document["policies"])
    else:
        assert document["illustrative"] is True
        assert first_line.startswith("#")
        assert "ILLUSTRATIVE" in first_line


@pytest.mark.parametrize("path", OWN_FILES, ids=lambda path: path.name)
def test_what_people_read_is_in_both_languages(path: Path) -> None:
    """Wherever there is a Chinese text there is an English one, and the other way round."""
    for pair in as_pairs(load(path)):
        if "zh" in pair or "en" in pair:
            assert pair["zh"], pair
            assert pair["en"], pair
            assert len(pair["zh"]) == len(pair["en"]) or isinstance(pair["zh"], str), pair


def test_the_seeds_stay_small() -> None:
    """All seeds together stay below 1.5 MB."""
    files = [path for path in SEEDS.rglob("*") if path.suffix in {".toml", ".csv", ".md", ".py"}]
    assert sum(path.stat().st_size for path in files) < 1_500_000


@pytest.mark.parametrize("path", SCENARIO_FILES, ids=lambda path: path.name)
def test_a_scenario_is_complete_and_adds_up(path: Path) -> None:
    """Weights make 10000, every phase's shares make 10000, the phases make the budget."""
    call = load(path)
    assert SCENARIO_KEYS <= set(call) <= SCENARIO_KEYS | {"name_source"}
    assert {call["poster"], call["end_user"]} <= set(organisations())
    assert sum(criterion["weight_bps"] for criterion in call["criteria"]) == 10_000
    phases, budget = call["cost_share"], call["budget"]
    assert sum(phase["ceiling_fen"] for phase in phases) == budget["ceiling_fen"]
    assert 0 < budget["max_price_fen"] <= budget["ceiling_fen"]
    for phase in phases:
        for shares in (phase["ok_bps"], phase["blameless_fail_bps"]):
            assert set(shares) == FUNDERS
            assert min(shares.values()) >= 0
            assert sum(shares.values()) == 10_000
    race = call["race"]
    assert race["stage1_solvers"] >= race["final_solvers"] >= 1
    assert race.get("eliminate_at", phases[0]["code"]) in {phase["code"] for phase in phases}
    poster_kind = organisations()[call["poster"]]["kind"]
    assert poster_kind == call["poster_type"]


@pytest.mark.parametrize("path", SCENARIO_FILES, ids=lambda path: path.name)
def test_a_scenario_uses_only_known_words(path: Path) -> None:
    """Every coded value comes from its closed set, every figure is a plain decimal text."""
    call = load(path)
    for name in ("poster_type", "track", "category"):
        assert call[name] in ALLOWED[name]
    for dataset in call["datasets"]:
        assert dataset["openness"] in ALLOWED["openness"]
        assert dataset["access"] in ALLOWED["access"]
        assert type(dataset["personal_data"]) is bool
        assert dataset["legal_basis"]
        assert dataset["licence"]
    for item in call["acceptance"]:
        assert item["op"] in ALLOWED["op"]
        assert Decimal(item["value"]) >= 0
    scoring = call["scoring"]
    assert scoring["method"] in ALLOWED["method"]
    assert scoring["aggregation"] in ALLOWED["aggregation"]
    assert scoring["rounding"] == {"scale": 2, "mode": "HALF_UP", "stage": "PER_CRITERION"}
    codes = {criterion["code"] for criterion in call["criteria"]}
    known = {"lower_evaluated_price", "witnessed_draw", *(f"higher_points_of:{c}" for c in codes)}
    assert set(scoring["tie_breaks"]) <= known


@pytest.mark.parametrize("path", SCENARIO_FILES, ids=lambda path: path.name)
def test_criteria_are_quantified_and_lawful(path: Path) -> None:
    """Each kind has its figures and a rule with numbers; price weighs enough; no gate scores."""
    call = load(path)
    common = {"code", "title", "kind", "weight_bps", "direction", "rule"}
    bounds = {"floor", "target", "hard_floor"}
    for item in call["criteria"]:
        linear = item.get("formula") == "linear_between"
        wanted = common | CRITERION_KEYS[item["kind"]] | (bounds if linear else set())
        assert set(item) == wanted, item["code"]
        assert item["direction"] in ALLOWED["direction"]
        assert item.get("formula", "linear_between") in ALLOWED["formula"]
        assert item.get("metric", "mae").partition(":")[0] in ALLOWED["metric"]
        if "floor" in item:
            assert (Decimal(item["floor"]) > Decimal(item["target"])) == (
                item["direction"] == "lower"
            )
        for text in (item["rule"]["zh"], item["rule"]["en"]):
            assert "weight" in text or "权重" in text or any(sign.isdigit() for sign in text)
    codes = [item["code"] for item in call["criteria"]]
    gates = [item["code"] for item in call["qualifications"]]
    assert len(set(codes + gates)) == len(codes + gates)
    price_bps = sum(i["weight_bps"] for i in call["criteria"] if i["kind"] == "price_low_first")
    low, high = PRICE_WEIGHTS_BPS.get((call["track"], call["category"]), (0, 10_000))
    assert low <= price_bps <= high
    if call["track"] == "cooperative_innovation":
        assert next(i["weight_bps"] for i in call["criteria"] if i["code"] == "rd_plan") >= 5000


def test_the_batch_lists_every_scenario_once() -> None:
    """Eleven scenarios, each with its own file, in the order of their codes."""
    batch = load(SEEDS / "batch.toml")
    assert batch["organiser"] in organisations()
    assert [SEEDS / row["file"] for row in batch["scenarios"]] == SCENARIO_FILES
    assert [row["code"] for row in batch["scenarios"]] == [f"ILL-{n:02d}" for n in range(1, 12)]
    assert all(load(SEEDS / row["file"])["code"] == row["code"] for row in batch["scenarios"])


def test_organisations_have_valid_codes_of_no_real_place() -> None:
    """Each credit code passes both check characters, and its region digits belong to nobody."""
    rows = load(SEEDS / "organisations.toml")["organisations"]
    assert len({row["code"] for row in rows}) == len(rows) >= 24
    assert len({row["uscc"] for row in rows}) == len(rows)
    for row in rows:
        digits = [ALPHABET.index(sign) for sign in row["uscc"]]
        assert len(digits) == 18
        assert row["uscc"][2:8] == "999999"
        assert (sum(d * 3**i for i, d in enumerate(digits[:17])) + digits[17]) % 31 == 0
        body = [*map(int, row["uscc"][8:16]), 10 if row["uscc"][16] == "X" else digits[16]]
        assert sum(d * w for d, w in zip(body, (3, 7, 9, 10, 5, 8, 4, 2, 1), strict=True)) % 11 == 0
        assert row["kind"] in ALLOWED["kind"]
        assert row["size_class"] in ALLOWED["size_class"]
        assert (row["size_class"] == "none") == (row["kind"] != "company")
        assert "(示例)" in row["name"]["zh"]
    solvers = [row for row in rows if row["code"].startswith("SLV-")]
    assert len(solvers) >= 10
    assert {row["size_class"] for row in solvers} == ALLOWED["size_class"] - {"none"}
    assert {row["is_startup"] for row in solvers} == {True, False}


def test_people_keep_their_duties_apart() -> None:
    """Officer, approver and supervisor differ; posters have an author, solvers one signer."""
    people = load(SEEDS / "people.toml")["people"]
    assert len({person["code"] for person in people}) == len(people)
    for person in people:
        assert "(示例)" in person["name"]["zh"]
        for membership in person["memberships"]:
            assert membership["organisation"] in organisations()
            assert set(membership["roles"]) <= ALLOWED["role"]
    apart = ("bureau_officer", "bureau_approver", "supervisor", "finance", "auditor")
    held = Counter(p for role in apart for people in holders(role).values() for p in people)
    assert set(held.values()) == {1}
    assert all(holders(role) for role in ALLOWED["role"])
    assert {call["poster"] for call in scenarios().values()} <= set(holders("poster"))
    solvers = {code for code in organisations() if code.startswith("SLV-")}
    assert set(holders("solver")) == solvers
    assert all(len(signers) == 1 for signers in holders("solver").values())


def test_experts_work_for_nobody_who_bids() -> None:
    """At least twelve experts, employed where they are members, with specialities."""
    experts = load(SEEDS / "experts.toml")["experts"]
    assert len(experts) >= 12
    for expert in experts:
        employer = organisations()[expert["employer"]]
        assert employer["kind"] in {"university", "research_institute"}
        assert expert["code"] in holders("expert")[expert["employer"]]
        assert expert["specialities"]
    assert {"legal", "economics"} <= {expert["kind"] for expert in experts}


def test_policies_state_what_was_published_and_nothing_else() -> None:
    """The seven ship inactive, in whole fen and basis points, and list what nobody stated."""
    document = load(SEEDS / "policies.toml")
    policies = {policy["code"]: policy for policy in document["policies"]}
    assert set(policies) == set(POLICY_FIGURES_YUAN)
    for code, policy in policies.items():
        caps = ("case_cap_fen", "applicant_year_cap_fen", "annual_pool_fen", "total_pool_fen")
        rates = (policy.get("rate_bps_max"), policy.get("startup_rate_bps_max"))
        yuan = (policy[cap] // 100 if cap in policy else None for cap in caps)
        assert (*rates, *yuan) == POLICY_FIGURES_YUAN[code]
        assert policy["status"] == "inactive"
        assert policy["unstated"]
        assert set(policy["unstated"]) <= set(document["unstated_names"])
