"""Rows as earlier releases wrote them, for migrations that have to carry them over."""

from typing import Final

AN_ORGANIZATION: Final = """
INSERT INTO organization (id, version, uscc, name_zh, name_en, kind, size_class, is_startup,
    region, registered_at, blacklisted)
VALUES ('01890000000070008000000000000001', 1, '91350100M000100Y43', 'x', 'x', 'company', 'small',
    true, 'x', '2026-03-02 16:30:00+00:00', true)
"""
"""Half past midnight in Beijing, on a day that UTC calls the one before."""


OWED_IN_ORDER: Final = (
    """
INSERT INTO webhook_endpoint (id, version, organization_id, hears_all, url, description,
    event_types, sealed_secret, state, created_at, served_at, failures, concurrency_max, ordered)
VALUES ('01890000000070008000000000000010', 1, '01890000000070008000000000000001', false,
    'https://hooks.example.com', '', '[]', '', 'active', '2026-03-02 16:30:00+00:00',
    '2026-03-02 16:30:00+00:00', 0, 4, true)
""",
    *(
        f"""
INSERT INTO event (id, type, schema_version, subject_type, subject_id, sequence, visibility, actor,
    record, sha256, owner_salt, occurred_at)
VALUES ('0189000000007000800000000000002{number}', 'scenario.closed', 1, 'scenario',
    '01890000000070008000000000000030', {number}, 'public', 'system', '', '{number:064}', '',
    '2026-03-02 16:30:00+00:00')
"""
        for number in (1, 2, 3)
    ),
    *(
        f"""
INSERT INTO webhook_delivery (id, event_id, endpoint_id, event_type, line_id, line_number, state,
    next_at, lease_token, attempts, failures, created_at)
VALUES ('0189000000007000800000000000004{number}', '0189000000007000800000000000002{number}',
    '01890000000070008000000000000010', 'scenario.closed', '01890000000070008000000000000030',
    {number}, 'pending', '2026-03-02 16:30:00+00:00', {token}, 0, 0, '2026-03-02 16:30:00+00:00')
"""
        for number, token in ((1, "NULL"), (2, "'01890000000070008000000000000050'"), (3, "NULL"))
    ),
)
"""Three of one subject, the second of them under way since before order was asked for."""


AN_OLD_BID: Final = (
    """
INSERT INTO organization (id, version, uscc, name_zh, name_en, kind, size_class, is_startup,
    region, registered_at)
VALUES ('01890000000070008000000000000001', 1, '91350100M000100Y43', 'x', 'x', 'company', 'small',
    true, 'x', '2026-03-02 16:30:00+00:00')
""",
    """
INSERT INTO person (id, name_zh, name_en, registered_at)
VALUES ('01890000000070008000000000000005', 'x', 'x', '2026-03-02 16:30:00+00:00')
""",
    """
INSERT INTO batch (id, version, number, title, year, organizer_id, scenarios_numbered, created_at)
VALUES ('01890000000070008000000000000007', 1, 'x', '{}', 2026, '01890000000070008000000000000001',
    1, '2026-03-02 16:30:00+00:00')
""",
    """
INSERT INTO scenario (id, version, number, batch_id, state, track, poster_type, poster_id,
    end_user_id, content_version, created_at, organizer_id)
VALUES ('01890000000070008000000000000003', 1, 'x', '01890000000070008000000000000007', 'published',
    'private', 'company', '01890000000070008000000000000001', '01890000000070008000000000000001', 1,
    '2026-03-02 16:30:00+00:00', '01890000000070008000000000000001')
""",
    """
INSERT INTO bid (id, version, scenario_id, solver_id, author_id, state, content_number, created_at)
VALUES ('01890000000070008000000000000002', 2, '01890000000070008000000000000003',
    '01890000000070008000000000000001', '01890000000070008000000000000005', 'submitted', 1,
    '2026-03-02 16:30:00+00:00')
""",
    """
INSERT INTO bid_version (id, bid_id, number, scenario_content_version, sealed, sealed_sha256,
    content_sha256, received_at)
VALUES ('01890000000070008000000000000006', '01890000000070008000000000000002', 1, 1, 'x', 'x', 'x',
    '2026-03-02 16:30:00+00:00')
""",
)
"""Sealed under a key that only release 0011 knows."""
