"""What the funding room can do."""

import datetime as dt

from marketplace.funding import queries
from marketplace.funding.errors import PolicyHasOtherContent
from marketplace.funding.rules.policies import Policy
from marketplace.funding.tables import FundingPolicy
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor, Permission
from marketplace.kit.database import WriteSession
from marketplace.kit.digests import canonical_json, sha256_hex


async def load_policy(
    session: WriteSession, actor: Actor, policy: Policy, *, now: dt.datetime
) -> FundingPolicy:
    """Load one version of a policy; loading the same version again changes nothing.

    Refuses  PolicyHasOtherContent if this version is loaded with other content.
    """
    access.require(actor, Permission.PROFILES_LOAD)
    document = canonical_json(dict(policy.document))
    sha256 = sha256_hex(document)
    loaded = await queries.policy(session, policy.code, policy.version)
    if loaded is not None:
        if loaded.document_sha256 != sha256:
            raise PolicyHasOtherContent(policy=policy.code, version=policy.version)
        return loaded
    row = FundingPolicy(
        code=policy.code,
        number=policy.version,
        name_zh=policy.name_zh,
        name_en=policy.name_en,
        status=policy.status,
        document=document,
        document_sha256=sha256,
        loaded_at=now,
    )
    session.add(row)
    await session.flush()
    return row
