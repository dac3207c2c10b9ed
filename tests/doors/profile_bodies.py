"""Well-formed requests for the doors of profiles and standing; names in braces are filled in."""

from typing import Any

OF_PROFILES: dict[str, Any] = {
    "organization_profiles_change": {
        "uscc": "{uscc}",
        "name": {"zh": "某公司(示例)"},
        "kind": "company",
        "region": "440305",
    },
    "size_declarations_declare": {
        "size_class": "small",
        "effective_from": "2026-01-01",
        "basis": "从业人员 40 人(示例)",
    },
    "startup_declarations_declare": {
        "is_startup": True,
        "as_of": "2026-01-01",
        "basis": "成立未满三年(示例)",
    },
    "bank_accounts_set": {
        "bank_name": "某银行(示例)",
        "account_name": "某公司(示例)",
        "number": "6222 0000 0000 1234",
    },
    "registration_statuses_record": {
        "status": "active",
        "effective_from": "2026-01-01",
        "source": "示例登记",
    },
    "blacklist_entries_record": {
        "listed_from": "2020-01-01",
        "listed_until": "2020-06-01",
        "authority": "某局(示例)",
        "reason": "示例",
        "source": "示例决定书",
    },
    "blacklist_entries_lift": {"lifted_on": "2020-05-01", "reason": "示例"},
    "standing_checks_keep": {
        "stage": "payment",
        "subject_type": "claim",
        "subject_id": "{bid_id}",
        "counterpart_id": "{solver_organization_id}",
    },
}
