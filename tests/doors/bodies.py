"""A well-formed request for every operation that has a body."""

from typing import Any

from marketplace.kit import envelopes
from tests.doors.profile_bodies import OF_PROFILES
from tests.given import board, custody, inference
from tests.given import datasets as data
from tests.given import documents as papers
from tests.given import scoring as given
from tests.given.sign_ins import PASSWORD

CONTENT = given.a_content(given.EVERYTHING)
OFFER = {"quote_fen": 70_000_000, "declarations": given.DECLARATIONS, "summary": "方案"}
ENVELOPE = {"envelope": "AA", "content_sha256": "0" * 64, "sealed_sha256": "0" * 64}
REASON = {"zh": "理由", "en": "A reason"}

TIE = {
    "kind": "shareholder",
    "share_bps": 1000,
    "valid_from": "2026-01-01",
    "source": "示例登记",
}

HEARING = {
    "ground": "collusion",
    "accusation": REASON,
    "evidence": [{"title": "比对报告(示例)", "sha256": "0" * 64}],
    "term_days": 5,
}

BODIES: dict[str, Any] = {
    "organizations_register": {
        "uscc": "{uscc}",
        "name": {"zh": "某公司(示例)"},
        "kind": "company",
        "region": "440305",
    },
    "members_add": {"name": {"zh": "李四"}, "roles": ["solver"]},
    "members_change_roles": {"roles": ["poster"]},
    "invitations_create": {"roles": ["solver"]},
    "invitations_accept": {"token": "{invitation_token}", "name": {"zh": "王五"}},
    "api_keys_issue": {"name": "door"},
    "personal_data_erase": {"understood": True},
    **OF_PROFILES,
    "api_keys_rotate": {"grace_days": 1},
    "sessions_open": {"login": "door.keeper", "password": PASSWORD},
    "sessions_act_for": {"organization_id": "{organization_id}"},
    "external_identities_start_link": {"return_to": "/"},
    "external_identities_link": {"issuer": "https://id.example.cn", "subject": "{number}"},
    "passwords_change": {"login": "{number}", "new_password": "a horse of some colour"},
    "password_resets_issue": {"login": "{number}"},
    "password_resets_redeem": {"token": "unknown", "new_password": "a horse of some colour"},
    "second_factor_confirm": {"code": "123456"},
    "second_factor_disable": {"password": PASSWORD, "code": "123456"},
    "ownership_edges_record": {
        "holder": {"organization_id": "{organization_id}"},
        "target": {"name": "某外部公司(示例)"},
        **TIE,
    },
    "ownership_edges_end": {"valid_to": "2026-06-01"},
    "related_parties_check": {
        "a": "{organization_id}",
        "b": "{solver_organization_id}",
        "on": "2026-03-02",
    },
    "rule_profiles_advise": {
        "poster": "company",
        "level": "none",
        "money": "own",
        "gain": "paid_contract",
        "uncertain": False,
    },
    "deadlines_preview": {
        "anchor_at": "2026-03-02T09:00:00+08:00",
        "count": 7,
        "unit": "working_days",
    },
    "batches_create": {"number": "{number}", "title": {"zh": "批次"}, "year": 2026},
    "scenarios_draft": {"batch_id": "{batch_id}", "track": "private", "content": CONTENT},
    "scenarios_revise": {"content": CONTENT},
    "scenarios_return": {"reason": "材料不全"},
    "scenarios_approve": {"review": given.REVIEW},
    "scenarios_shelve": {"reason": "缓办", "review_on": "2026-12-01"},
    "scenarios_publish": {"bid_deadline_at": "2026-05-06T17:00:00+08:00"},
    "scenarios_schedule": {
        "publish_at": "2026-12-01T09:00:00+08:00",
        "bid_deadline_at": "2026-12-31T17:00:00+08:00",
    },
    "amendments_propose": {"content": CONTENT, "note": "更正"},
    "suspensions_order": {"cause": "complaint", "reason": "投诉", "blocks": ["signing"]},
    "suspensions_lift": {"reason": "已处理"},
    "batches_plan": {"scenarios": 3, "by_domain": {"health": 1}, "planned_for": "2026-06-01"},
    "batches_publish": {"bid_deadline_at": "2026-05-06T17:00:00+08:00"},
    "enquiries_ask": {"question": "数据何时开放?"},
    "enquiries_draft_answer": {"answer": "自发榜之日起开放。"},
    "enquiries_publish": {"changes_content": False},
    "enquiries_set_aside": {"reason": "与本榜单无关"},
    "scenarios_cancel": {"reason": "task_cancelled"},
    "scenarios_fail": {"reason": "illegal_file"},
    "datasets_create": {"code": "open", "manifest": data.a_manifest("open")},
    "datasets_revise": {"manifest": data.a_manifest()},
    "dataset_versions_publish": {"statement": "已抽检(示例)"},
    "dataset_versions_withdraw": {"reason": "content_wrong"},
    "dataset_uploads_create": {
        "name": "a.csv",
        "format": "csv",
        "size_bytes": 3,
        "sha256": "0" * 64,
    },
    "dataset_uploads_put_part": data.ROWS,
    "dataset_access_requests_create": {"purpose": "训练", "terms_sha256": "0" * 64},
    "dataset_access_requests_refuse": {"reason": "用途不明"},
    "dataset_access_requests_revoke": {"reason": "违反条款"},
    "dataset_deletions_certify": {"statement": "已删除"},
    "organization_capabilities_declare": {"codes": [], "recommendable": False},
    "scenarios_wish_capabilities": {"codes": []},
    "matchmakings_announce": board.MEETING | {"scenario_ids": ["{scenario_id}"]},
    "matchmakings_note_outcomes": {"notes": [{"scenario_id": "{scenario_id}", "note": "已对接"}]},
    "solicitations_announce": board.SOLICITATION,
    "proposals_file": {"scenario_id": "{scenario_id}", "declaration": board.DECLARATION},
    "proposals_correct": board.DECLARATION,
    "bids_submit": OFFER,
    "bids_replace": OFFER,
    "bids_submit_sealed": ENVELOPE,
    "bids_replace_sealed": ENVELOPE,
    "bids_read": {"reading_key": "0" * 64},
    "custody_keys_register": {"public_key": envelopes.to_text(custody.RECOVERY_PUBLIC)},
    "openings_request": {"share": "AA"},
    "openings_witness": {"share": "AA"},
    "bids_check": OFFER,
    "consortium_invitations_create": {"uscc": "{uscc}", "share_bps": 3000, "part": "测试"},
    "bid_documents_create": papers.announced(papers.PLAN),
    "bid_documents_put_part": papers.PLAN,
    "bid_documents_check": {"reading_key": "0" * 64},
    "bid_documents_read": {"reading_key": "0" * 64},
    "collusion_signals_judge": {"judgement": "dismissed", "reason": "同一办公楼(示例)"},
    "bids_check_eligibility": {"items": [{"code": "licence", "passed": True}]},
    "expert_profiles_register": {
        "person_id": "{stranger_id}",
        "employer_id": "{organization_id}",
        "specialities": ["nlp"],
    },
    "expert_profiles_change": {"employer_id": "{organization_id}", "specialities": ["nlp"]},
    "expert_ties_declare": {
        "organization_id": "{organization_id}",
        "kind": "employment",
        "valid_from": "2020-01-01",
    },
    "expert_ties_end": {"valid_to": "2026-01-01"},
    "panel_draws_open": {"review_at": "2026-12-01T09:00:00+08:00"},
    "panel_draws_contribute": {"contribution": "5e" * 32},
    "panel_draws_give_up": {"reason": "重新核对专家库"},
    "recusal_requests_file": {"name": "李四", "reasons": "曾在竞争对手处任职"},
    "recusal_requests_decide": {"accepted": False, "decision": "不属于回避情形"},
    "panel_chair_vote": {"label": "J1"},
    "evaluation_reports_close": {"text": {"zh": "评审报告"}},
    "evaluation_reports_sign": {},
    "evaluation_reports_record_silence": {"label": "J2"},
    "evaluations_stop": {"explanation": "评审标准违反法律强制性规定"},
    "evaluations_resume": {"decision": "经核查不违法"},
    "awards_evaluate_again": {"reason": "评审专家应当回避而未回避"},
    "panels_seat": {"seats": [{"person_id": "{stranger_id}", "chair": True}], "reason": "复杂"},
    "panels_recuse": {"label": "J5", "reason": "利害关系"},
    "panels_replace": {"label": "J5"},
    "hidden_sets_upload": given.TRUTH,
    "hidden_inputs_upload": inference.INPUTS,
    "inference_endpoints_register": {
        "url": "http://127.0.0.1:9/predict",
        "header": {"name": "X-Key", "value": "0123456789abcdef"},
    },
    "submissions_upload": given.labels(9),
    "submissions_disqualify": {"reason": "抄袭公开答案(示例)"},
    "rescorings_request": {"criterion": "benchmark", "reason": "隐藏集泄露(示例)"},
    "rescorings_commit": {"preview_sha256": "0" * 64},
    "score_sheets_record": {
        "marks": [{"bid_id": "{bid_id}", "criterion": "plan", "mark": "80"}],
        "sign": False,
    },
    "objective_marks_decide": {
        "marks": [{"bid_id": "{bid_id}", "criterion": "parameters", "mark": "80"}]
    },
    "responsiveness_vote": {
        "responsive": True,
        "reason_code": "complete",
        "reason": REASON,
    },
    "criteria_weights_derive": {
        "criteria": ["plan", "price"],
        "comparisons": [{"a": "plan", "b": "price", "times": "3"}],
    },
    "price_doubts_vote": {"doubtful": True, "reason": REASON},
    "price_explanations_give": {"explanation": "成本明细见附件(示例)"},
    "price_explanations_vote": {"accepted": True, "reason": REASON},
    "bids_revoke": {"reason": "无力承接"},
    "hearings_offer": HEARING,
    "hearings_answer": {"answer": "情况说明(示例)"},
    "bids_invalidate": {"decision": REASON},
    "bids_drop_accusation": {"decision": REASON},
    "awards_decline": {"reason": "无力承接"},
    "awards_forfeit": {"justified": False, "reason": "逾期未签约"},
    "ranking_rounds_rank": {"reason": "sum_error", "note": "复核"},
    "webhook_endpoints_set_pace": {
        "concurrency_max": 2,
        "rate_per_second": None,
        "ordered": True,
    },
    "webhook_replays_request": {"from_at": "2026-03-02T09:00:00+08:00"},
    "webhook_endpoints_register": {"url": "http://127.0.0.1:9/hook"},
}
"""A well-formed request for every operation that has a body; names in braces are filled in."""

HEADERS = {
    "dataset_uploads_put_part": {"Content-Digest": data.content_digest(data.ROWS)},
    "bid_documents_put_part": {"Content-Digest": papers.content_digest(papers.PLAN)},
}
"""What a request has to carry besides."""
QUERIES: dict[str, dict[str, str]] = {
    "events_stream": {"once": "true"},
    "scenario_board_search": {"q": "预警"},
    "datasets_usage": {"year": "2026"},
    "data_sources_usage": {"year": "2026"},
    "leaderboard_get": {"criterion": "benchmark"},
}
"""What an address has to carry besides."""
