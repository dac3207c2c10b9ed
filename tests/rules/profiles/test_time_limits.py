"""Every limit of the table of statutory and customary time limits stands in a rule profile.

The table is written here as the rule book has it: a row per limit, a column per body of law.  A
cell names the parameters that carry it.  `?` marks what is quoted from memory or custom.
"""

import datetime as dt
import tomllib
from pathlib import Path

import pytest

from marketplace.profiles.rules.deadlines import deadline
from marketplace.profiles.rules.definitions import DAYS, DEFINITIONS
from marketplace.profiles.rules.parameters import Parameter
from marketplace.profiles.rules.profile import RuleProfile
from tests.rules.profiles.test_deadlines import CALENDAR

FOLDER = Path(__file__).parents[3] / "seeds/rule_profiles"
PROFILES = {
    path.stem: RuleProfile.from_document(tomllib.loads(path.read_text(encoding="utf-8")))
    for path in sorted(FOLDER.glob("*.toml"))
}
UNITS = {"wd": "working_days", "d": "calendar_days", "y": "years", "bps": "bps"}

TABLE: dict[str, dict[str, str]] = {
    "notice period": {"tender": "notice_period 5 wd ?"},
    "file available": {"tender": "file_available 5 wd", "tendering": "file_available 5 d"},
    "application to join": {
        "tender": "application_window 5 wd",
        "cooperative": "application_window 20 wd ?",
        "tendering": "application_window 5 d ?",
        "grant": "application_window 30 d ?",
    },
    "bid window": {
        "tender": "bid_window 20 d",
        "cooperative": "bid_window 10 wd",
        "tendering": "bid_window 20 d",
    },
    "amendment lead": {"tender": "amendment_lead 15 d", "tendering": "amendment_lead 15 d"},
    "objection to the file": {
        "tender": "file_challenge 7 wd; file_challenge_from=file_receipt_or_notice_end",
        "cooperative": "file_challenge 7 wd; file_challenge_from=file_receipt_or_notice_end",
        "tendering": "file_objection_lead 10 d; file_objection_reply 3 d; objection_suspends=yes",
    },
    "report to decision": {
        "tender": "report_to_decision 2 wd; decision 5 wd",
        "tendering": "publicity_start 3 d",
    },
    "publicity of the result": {
        "tender": "result_notice 2 wd; publicity 1 wd ?; sole_source_publicity 5 wd",
        "tendering": "publicity 3 d",
        "grant": "publicity 5 wd ?",
    },
    "challenge": {
        "tender": "challenge 7 wd; challenge_from=publicity_end",
        "cooperative": "challenge 7 wd; challenge_from=publicity_end",
        "tendering": "challenge 3 d; challenge_from=publicity_start",
        "grant": "challenge 5 wd ?; challenge_from=publicity_start",
    },
    "reply": {
        "tender": "reply 7 wd",
        "cooperative": "reply 7 wd",
        "tendering": "reply 3 d",
        "grant": "reply 7 wd ?",
    },
    "complaint": {
        "tender": "complaint 15 wd; complaint_from=reply_period_end",
        "cooperative": "complaint 15 wd; complaint_from=reply_period_end",
        "tendering": "complaint 10 d; complaint_from=knowledge",
        "grant": "complaint 60 d ?; complaint_from=knowledge",
    },
    "authority: check, serve, decide": {
        "tender": "complaint_check 5 wd; complaint_service 8 wd; complaint_decision 30 wd; "
        "complaint_tests_excluded=yes",
        "cooperative": "complaint_check 5 wd; complaint_service 8 wd; complaint_decision 30 wd; "
        "complaint_tests_excluded=yes",
        "tendering": "complaint_check 3 wd; complaint_decision 30 wd",
    },
    "authority may suspend": {
        "tender": "suspension_max 30 d; authority_may_suspend=yes",
        "cooperative": "suspension_max 30 d; authority_may_suspend=yes",
        "tendering": "authority_may_suspend=yes",
    },
    "one challenge per step": {
        "tender": "one_challenge_per_step=yes; complaint_within_challenge=yes",
        "cooperative": "one_challenge_per_step=yes; complaint_within_challenge=yes",
    },
    "sign contract": {
        "tender": "sign_contract 30 d",
        "cooperative": "sign_contract 30 d",
        "tendering": "sign_contract 30 d",
    },
    "publish, file contract": {
        "tender": "contract_notice 2 wd; contract_filing 7 wd",
        "cooperative": "contract_notice 2 wd; contract_filing 7 wd",
        "tendering": "award_report 15 d",
    },
    "bonds returned": {"tender": "bond_return 5 wd", "tendering": "bond_return 5 d"},
    "supplement": {
        "tender": "supplement_max_bps 1000 bps",
        "cooperative": "supplement_max_bps 1000 bps ?",
    },
    "R&D contract term": {"cooperative": "rd_term_max 2 y ?; rd_term_max_major 3 y ?"},
    "advance payment": {"cooperative": "advance_payment_min_bps 3000 bps ?"},
    "payment to a small firm": dict.fromkeys(
        ("tender", "cooperative", "tendering"),
        "sme_payment 30 d; sme_payment_max 60 d; "
        "sme_payment_from=delivery_or_agreed_acceptance; late_inspection_starts_clock=yes; "
        "audit_may_delay_payment=no; undisputed_part_payable=yes; "
        "overdue_interest_daily_bps 5 bps",
    )
    | {"grant": "audit_may_delay_payment=yes"},
    "records": dict.fromkeys(
        ("tender", "cooperative"),
        "records_retention 15 y; pipia_retention 3 y; entrustment_retention 3 y",
    ),
}
COLUMNS = {
    "tender": ("procurement_tender",),
    "cooperative": ("cooperative_innovation",),
    "tendering": ("tendering_law",),
    "grant": ("subsidy", "sci_plan"),
}
CELLS = [
    (row, code, limit.strip())
    for row, cells in TABLE.items()
    for column, cell in cells.items()
    for code in COLUMNS[column]
    for limit in cell.split(";")
]
NOT_FROM_THE_TABLE = {
    # Periods that other tables of the rule book ask for.
    "enquiry_reply",
    "price_correction_reply",
    "panel_draw_lead",
}


def said(parameter: Parameter) -> str:
    """Write a parameter as the table does."""
    value = parameter.value
    if isinstance(value, bool):
        return f"{parameter.name}={'yes' if value else 'no'}"
    if isinstance(value, str):
        return f"{parameter.name}={value}"
    unit = next(short for short, unit in UNITS.items() if unit == parameter.unit.value)
    return f"{parameter.name} {value} {unit}{' ?' if parameter.unverified else ''}"


@pytest.mark.parametrize(("row", "code", "limit"), CELLS)
def test_states_every_limit_of_the_table(row: str, code: str, limit: str) -> None:
    """Value, unit and whether it was read in the text are those of the table; a source is given."""
    name = limit.partition("=")[0].split()[0]
    parameter = PROFILES[code].parameter(name)

    assert said(parameter) == limit, row
    assert parameter.source.strip()


def test_has_no_period_that_the_table_does_not_ask_for() -> None:
    """Read the other way: every length in days that may be stated stands in a row of the table."""
    asked = {limit.partition("=")[0].split()[0] for _, _, limit in CELLS}
    periods = {name for name, one in DEFINITIONS.items() if set(one.units) & set(DAYS)}

    assert periods - asked == NOT_FROM_THE_TABLE


@pytest.mark.parametrize("code", PROFILES)
def test_every_period_of_every_profile_gives_a_date_that_explains_itself(code: str) -> None:
    """Counted over the National Day holiday, each names its rule and accounts for every day."""
    profile = PROFILES[code]
    periods = [one for one in profile.parameters if one.unit in DAYS]
    assert periods

    for parameter in periods:
        period = profile.period(parameter.name)
        found = deadline(dt.date(2026, 9, 18), period, CALENDAR)

        passed = [step for step in found.steps if step.code.endswith(("skipped", "rolled"))]
        assert (found.on < found.anchor_on) == DEFINITIONS[parameter.name].backward
        assert found.period.rule == f"{code}@1/{parameter.name}"
        assert abs((found.on - found.anchor_on).days) == period.count + sum(
            len(step.days) for step in passed
        )
        assert [found.steps[0].code, found.steps[-1].code] == ["anchor_not_counted", "ends"]
        assert all(step.zh and step.en for step in found.steps)


@pytest.mark.parametrize("code", PROFILES)
def test_every_parameter_says_where_it_comes_from(code: str) -> None:
    """A platform's own convention or default says so; a default of ours is never called checked."""
    for parameter in PROFILES[code].parameters:
        assert len(parameter.source) > 3
        if "默认值" in parameter.source:
            assert parameter.unverified, parameter.name


def test_the_weekend_flag_of_a_profile_decides_where_a_period_ends() -> None:
    """Twenty days from 1 March 2026 end on a Saturday; the profile says whether that is the end."""
    document = tomllib.loads((FOLDER / "procurement_tender.toml").read_text(encoding="utf-8"))
    document["parameters"]["weekend_roll"]["value"] = False
    stays, rolls = RuleProfile.from_document(document), PROFILES["procurement_tender"]

    ends = [
        deadline(dt.date(2026, 3, 1), one.period("bid_window"), CALENDAR).on
        for one in (stays, rolls)
    ]

    assert ends == [dt.date(2026, 3, 21), dt.date(2026, 3, 23)]
