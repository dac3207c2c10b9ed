"""The table of doors: who asks, and who gets through."""

from marketplace.identity.rules.access import Role

ELSEWHERE = "@elsewhere"
"""Marks somebody who holds the role in an organisation that has nothing to do with the world."""

BUREAU = frozenset({"bureau_officer", "bureau_approver", "auditor"})
ASKERS = (
    "nobody",
    "stranger",
    *(role.value for role in Role),
    *(role.value + ELSEWHERE for role in Role),
)
"""Each role in the right organisation and in a wrong one; `stranger` posts, bids and judges for an
organisation that has nothing to do with anything here.
"""


def anywhere(roles: frozenset[str]) -> frozenset[str]:
    """The same roles in whatever organisation: what they do is not bound to the world's things."""
    return roles | {role + ELSEWHERE for role in roles}


EVERYBODY = frozenset(ASKERS)
SIGNED_IN = EVERYBODY - {"nobody"}
OFFICER = frozenset({"bureau_officer"})
APPROVER = frozenset({"bureau_approver"})
AUDITOR = frozenset({"auditor"})
SUPERVISOR = frozenset({"supervisor"})
REVIEW_BODY = frozenset({"review_body"})
POSTER = frozenset({"poster"})
SOLVER = frozenset({"solver"})
ADMIN = frozenset({"platform_admin"})
OWNER = frozenset({"organization_admin"})
"""Administers the poster's organisation."""
CUSTODIAN = frozenset({"data_custodian"})
"""Keeps the data of the world, for a data-source unit."""
OVERSEERS = AUDITOR | SUPERVISOR
JUDGES = frozenset({"expert", "panel_chair"})
HOUSEHOLD = POSTER | OWNER
"""Everybody in the poster's organisation."""
WATCHERS = anywhere(frozenset({"auditor", "supervisor", "review_body"}))
"""Roles that may read every call, published or not, whoever organises it."""
JOINERS = anywhere(SOLVER | OWNER) | {"stranger"}
HOOKED = anywhere(OFFICER | POSTER | SOLVER | OWNER) | {"stranger"}
RESULT_READERS = BUREAU | anywhere(AUDITOR) | POSTER
REGISTER_READERS = anywhere(BUREAU | ADMIN) | HOUSEHOLD
"""Who reads what the register says of the poster's organisation."""
NOBODY_WITH_A_KEY: frozenset[str] = frozenset()
"""What is done in a session of one's own; `tests/doors/identity/` tries these doors with one."""

ROWS: dict[str, frozenset[str]] = {
    "health_live": EVERYBODY,
    "health_ready": EVERYBODY,
    # identity: the organisation of the world is the poster's
    "me_get": SIGNED_IN,
    "organizations_register": anywhere(OFFICER | ADMIN),
    "organizations_list": SIGNED_IN,
    "organizations_get": REGISTER_READERS,
    "organizations_verify": anywhere(OFFICER),
    "members_list": REGISTER_READERS,
    "members_add": anywhere(ADMIN),
    "members_get": REGISTER_READERS,
    "members_change_roles": OWNER | anywhere(ADMIN),
    "members_leave": POSTER | OWNER | anywhere(ADMIN),
    "me_memberships": SIGNED_IN,
    "invitations_create": OWNER | anywhere(ADMIN),
    "invitations_list": OWNER | anywhere(ADMIN),
    "invitations_revoke": OWNER | anywhere(ADMIN),
    "invitations_accept": EVERYBODY,
    "organization_profiles_get": REGISTER_READERS,
    "organization_profiles_change": OWNER,
    "size_declarations_declare": OWNER,
    "size_declarations_list": REGISTER_READERS,
    "startup_declarations_declare": OWNER,
    "startup_declarations_list": REGISTER_READERS,
    "bank_accounts_set": OWNER,
    "bank_accounts_get": REGISTER_READERS,
    "bank_accounts_reveal": OWNER,
    "standing_get": REGISTER_READERS,
    "registration_statuses_record": anywhere(OFFICER),
    "registration_statuses_list": REGISTER_READERS,
    "blacklist_entries_record": anywhere(OFFICER),
    "blacklist_entries_list": REGISTER_READERS,
    "blacklist_entries_lift": anywhere(OFFICER),
    "api_keys_issue": SIGNED_IN,
    "api_keys_list": SIGNED_IN,
    "api_keys_revoke": POSTER | anywhere(ADMIN),
    "personal_data_export": SIGNED_IN,
    "personal_data_erase": SIGNED_IN,
    "audit_log_list": anywhere(AUDITOR),
    "api_keys_rotate": POSTER,
    # signing in: everybody here comes with a key, which is no session
    "sessions_open": EVERYBODY,
    "sessions_list": SIGNED_IN,
    "sessions_current": NOBODY_WITH_A_KEY,
    "sessions_act_for": NOBODY_WITH_A_KEY,
    "sessions_sign_out": NOBODY_WITH_A_KEY,
    "sessions_end_all": SIGNED_IN,
    "sessions_revoke": POSTER,
    "sign_on_start": EVERYBODY,
    "sign_on_finish": EVERYBODY,
    "external_identities_start_link": NOBODY_WITH_A_KEY,
    "external_identities_list": POSTER | anywhere(ADMIN),
    "external_identities_link": anywhere(ADMIN),
    "external_identities_unlink": anywhere(ADMIN),
    "passwords_change": SIGNED_IN,
    "password_resets_issue": OWNER | anywhere(ADMIN),
    "password_resets_redeem": EVERYBODY,
    "second_factor_get": SIGNED_IN,
    "second_factor_enrol": NOBODY_WITH_A_KEY,
    "second_factor_confirm": NOBODY_WITH_A_KEY,
    "second_factor_disable": NOBODY_WITH_A_KEY,
    # custody: the key of the world is the officer's
    "signing_keys_list": EVERYBODY,
    "custody_keys_register": anywhere(OFFICER | SUPERVISOR),
    "custody_keys_list": SIGNED_IN,
    "custody_keys_retire": OFFICER | APPROVER,
    "custody_get": OFFICER | APPROVER | anywhere(OVERSEERS),
    "sealing_keys_get": SIGNED_IN,
    # relations
    "ownership_edges_record": anywhere(OFFICER),
    "ownership_edges_end": anywhere(OFFICER),
    "ownership_edges_list": anywhere(BUREAU | ADMIN),
    "related_parties_check": anywhere(BUREAU | ADMIN),
    "standing_checks_keep": anywhere(OFFICER),
    "standing_checks_list": anywhere(BUREAU | ADMIN),
    # profiles
    "rule_profiles_list": EVERYBODY,
    "rule_profiles_get": EVERYBODY,
    "rule_profiles_versions": EVERYBODY,
    "rule_profiles_document": EVERYBODY,
    "rule_profiles_questions": EVERYBODY,
    "rule_profiles_advise": EVERYBODY,
    "calendars_list": EVERYBODY,
    "calendars_get": EVERYBODY,
    "deadlines_preview": EVERYBODY,
    # scenarios: the call of the world is published, so everybody may read it
    "batches_list": EVERYBODY,
    "batches_get": EVERYBODY,
    "batches_create": anywhere(OFFICER),
    "scenarios_list": EVERYBODY,
    "scenarios_get": EVERYBODY,
    "scenarios_versions": EVERYBODY,
    "scenarios_lint": BUREAU | WATCHERS | HOUSEHOLD,
    "scenarios_draft": OFFICER | anywhere(POSTER) | {"stranger"},
    "scenarios_revise": POSTER,
    "scenarios_sign_need": POSTER,
    "scenarios_submit": POSTER,
    "scenarios_accept": OFFICER,
    "scenarios_return": OFFICER,
    "scenarios_approve": APPROVER,
    "scenarios_shelve": APPROVER,
    "scenarios_revive": APPROVER,
    "scenarios_publish": APPROVER,
    "scenarios_shelved": anywhere(BUREAU) | WATCHERS,
    "scenarios_schedule": APPROVER,
    "scenarios_unschedule": APPROVER,
    "scenarios_confirm_amendment": APPROVER,
    "scenarios_withdraw_amendment": OFFICER | APPROVER,
    "amendments_propose": OFFICER,
    "amendments_list": EVERYBODY,
    "suspensions_order": APPROVER | anywhere(SUPERVISOR | {"review_body"}),
    "suspensions_list": EVERYBODY,
    "suspensions_get": EVERYBODY,
    "suspensions_lift": anywhere(SUPERVISOR),
    "batches_plan": OFFICER,
    "batches_publish": APPROVER,
    "batches_progress": EVERYBODY,
    "enquiries_ask": anywhere(SOLVER) | {"stranger"},
    "enquiries_list": SIGNED_IN,
    "enquiries_get": SOLVER | POSTER | BUREAU | anywhere(AUDITOR | SUPERVISOR),
    "criteria_weights_derive": SIGNED_IN,
    "enquiries_draft_answer": POSTER | OFFICER,
    "enquiries_publish": OFFICER,
    "enquiries_set_aside": OFFICER,
    "clarifications_list": EVERYBODY,
    "followers_add": SIGNED_IN,
    "followers_remove": SIGNED_IN,
    "scenarios_cancel": APPROVER,
    "scenarios_fail": APPROVER,
    # datasets: the ones of the world belong to the unit of `data_custodian`; one is lent to
    # `solver` on request, one is open to everybody
    "datasets_list": EVERYBODY,
    "datasets_get": EVERYBODY,
    "datasets_create": POSTER,
    "datasets_revise": POSTER | CUSTODIAN,
    "datasets_usage": CUSTODIAN | anywhere(OVERSEERS),
    "data_sources_usage": anywhere(OVERSEERS),
    "dataset_versions_list": EVERYBODY,
    "dataset_versions_get": EVERYBODY,
    "dataset_versions_create": POSTER | CUSTODIAN,
    "dataset_versions_seal": POSTER | CUSTODIAN,
    "dataset_versions_publish": CUSTODIAN,
    "dataset_versions_withdraw": CUSTODIAN | OFFICER | APPROVER,
    "dataset_uploads_create": POSTER | CUSTODIAN,
    "dataset_uploads_get": CUSTODIAN,
    "dataset_uploads_put_part": CUSTODIAN,
    "dataset_uploads_complete": CUSTODIAN,
    "dataset_uploads_abort": CUSTODIAN,
    "dataset_files_remove": POSTER | CUSTODIAN,
    "dataset_files_download": SIGNED_IN,
    "dataset_access_requests_create": anywhere(SOLVER) | {"stranger"},
    "dataset_access_requests_list": SIGNED_IN,
    "dataset_access_requests_get": SOLVER | CUSTODIAN | anywhere(OVERSEERS),
    "dataset_access_requests_approve": CUSTODIAN,
    "dataset_access_requests_refuse": CUSTODIAN,
    "dataset_access_requests_revoke": CUSTODIAN,
    "dataset_access_requests_cancel": SOLVER,
    "dataset_tokens_issue": SOLVER,
    "dataset_downloads_list": SIGNED_IN,
    "dataset_deletions_certify": anywhere(SOLVER) | {"stranger"},
    "dataset_deletions_list": CUSTODIAN | anywhere(OVERSEERS),
    # board, matching, solicitations: the proposal is the poster's, the meeting the bureau's
    "scenario_board_list": EVERYBODY,
    "scenario_board_search": EVERYBODY,
    "capabilities_list": EVERYBODY,
    "organization_capabilities_get": REGISTER_READERS,
    "organization_capabilities_declare": OWNER,
    "organization_recommended_calls": HOUSEHOLD,
    "scenario_recommended_solvers": anywhere(OFFICER) | POSTER,
    "scenarios_similar": BUREAU | WATCHERS | HOUSEHOLD,
    "scenarios_wished_capabilities": EVERYBODY,
    "scenarios_wish_capabilities": POSTER,
    "matchmakings_announce": anywhere(OFFICER | OWNER),
    "matchmakings_list": EVERYBODY,
    "matchmakings_get": EVERYBODY,
    "matchmakings_register": JOINERS,
    "matchmakings_withdraw": JOINERS,
    "matchmakings_hold": OFFICER,
    "matchmakings_call_off": OFFICER,
    "matchmakings_registrations": SIGNED_IN,
    "matchmakings_note_outcomes": OFFICER,
    "matchmakings_outcomes": SIGNED_IN,
    "readiness_schemes_list": EVERYBODY,
    "solicitations_announce": anywhere(OFFICER),
    "solicitations_list": EVERYBODY,
    "solicitations_get": EVERYBODY,
    "proposals_file": POSTER,
    "proposals_list": SIGNED_IN,
    "proposals_get": BUREAU | WATCHERS | HOUSEHOLD,
    "proposals_correct": POSTER,
    "proposals_withdraw": POSTER,
    "readiness_rounds_rank": OFFICER,
    "readiness_rounds_list": BUREAU | WATCHERS,
    "readiness_rounds_document": BUREAU | WATCHERS,
    "readiness_rounds_explanation": BUREAU | WATCHERS,
    # bids
    "bids_create": anywhere(SOLVER) | {"stranger"},
    "bids_list": SIGNED_IN,
    "bids_get": SOLVER | RESULT_READERS,
    "bids_submit": SOLVER,
    "bids_replace": SOLVER,
    "bids_withdraw": SOLVER,
    "bids_reconfirm": SOLVER,
    "bids_receipt": SOLVER,
    "bids_submit_sealed": SOLVER,
    "bids_replace_sealed": SOLVER,
    "bids_get_sealed": SOLVER,
    "bids_read": SOLVER,
    "bids_check_eligibility": OFFICER | POSTER,
    "bids_eligibility_items": SOLVER | RESULT_READERS,
    "bids_versions": SOLVER | RESULT_READERS,
    "bids_revoke": SOLVER,
    "hearings_offer": APPROVER | anywhere(REVIEW_BODY),
    "hearings_list": SOLVER | BUREAU | anywhere(AUDITOR | REVIEW_BODY),
    "hearings_answer": SOLVER,
    "bids_invalidate": APPROVER | anywhere(REVIEW_BODY),
    "bids_drop_accusation": APPROVER | anywhere(REVIEW_BODY),
    "openings_request": OFFICER,
    "openings_witness": anywhere(SUPERVISOR),
    "openings_get": RESULT_READERS | anywhere(SUPERVISOR) | SOLVER,
    # scoring
    "panels_seat": OFFICER,
    "panels_get": BUREAU | anywhere(AUDITOR | SUPERVISOR) | JUDGES,
    "panels_recuse": OFFICER,
    "panels_replace": OFFICER,
    "hidden_sets_upload": POSTER | OFFICER,
    "submissions_upload": SOLVER,
    "submissions_list": SOLVER | RESULT_READERS,
    "submissions_get": SOLVER | RESULT_READERS,
    "submissions_select_final": SOLVER,
    "submissions_disqualify": OFFICER,
    "work_get": SOLVER | RESULT_READERS,
    "work_cancel": SOLVER | OFFICER,
    "attempts_get": SOLVER,
    # a purchase: its bidders see no board before the result
    "places_list": RESULT_READERS,
    "leaderboard_get": RESULT_READERS,
    "rescorings_request": POSTER | OFFICER,
    "rescorings_get": RESULT_READERS,
    "rescorings_commit": APPROVER,
    "rescorings_resume": POSTER | OFFICER,
    "rescorings_cancel": POSTER | OFFICER,
    "metrics_list": EVERYBODY,
    "score_sheets_record": JUDGES,
    "score_sheets_list": JUDGES | APPROVER | anywhere(AUDITOR),
    "objective_marks_decide": OFFICER,
    "responsiveness_vote": JUDGES,
    "responsiveness_get": BUREAU | anywhere(AUDITOR | SUPERVISOR) | JUDGES,
    "price_doubts_vote": JUDGES,
    "price_inquiries_get": SOLVER | RESULT_READERS | JUDGES,
    "price_explanations_give": SOLVER,
    "price_explanations_vote": JUDGES,
    "price_screenings_run": OFFICER | JUDGES,
    "candidates_recommend": frozenset({"panel_chair"}),
    # awards: the award of the world is of another call of the same bureau
    "awards_decline": SOLVER,
    "awards_forfeit": APPROVER,
    "ranking_rounds_rank": APPROVER | {"panel_chair"},
    "ranking_rounds_list": RESULT_READERS | {"panel_chair"},
    "ranking_rounds_get": RESULT_READERS | {"panel_chair"},
    "ranking_rounds_standings": RESULT_READERS | {"panel_chair"},
    "ranking_rounds_explanation": RESULT_READERS | {"panel_chair"},
    "ranking_rounds_sheet": RESULT_READERS | {"panel_chair"},
    "ranking_rounds_document": RESULT_READERS | {"panel_chair"},
    "ranking_rounds_sensitivity": RESULT_READERS | {"panel_chair"},
    "ranking_rounds_panel_statistics": BUREAU | anywhere(AUDITOR) | {"panel_chair"},
    "ranking_rounds_plot": RESULT_READERS | {"panel_chair"},
    "ranking_rounds_export_json": RESULT_READERS | {"panel_chair"},
    "ranking_rounds_export_xlsx": RESULT_READERS | {"panel_chair"},
    # webhooks: the endpoint of the world is the poster's
    "webhook_endpoints_register": HOOKED,
    "webhook_endpoints_list": HOOKED,
    "webhook_endpoints_get": POSTER | OWNER,
    "webhook_endpoints_pause": POSTER | OWNER,
    "webhook_endpoints_resume": POSTER | OWNER,
    "webhook_endpoints_ping": POSTER | OWNER,
    "webhook_endpoints_rotate_secret": POSTER | OWNER,
    "webhook_deliveries_list": POSTER | OWNER,
    "webhook_deliveries_get": POSTER | OWNER,
    "webhook_deliveries_resend": POSTER | OWNER,
}
"""Who gets through each door of a world in which `solver` bid on a call of `poster`.

An officer and an approver act on the calls that their own bureau organises; whoever watches
(auditor, supervisor, review body) does so everywhere.
"""
