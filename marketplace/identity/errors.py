"""How the identity room says no."""

from marketplace.kit.errors import (
    Conflict,
    Forbidden,
    Malformed,
    NotFound,
    Unacceptable,
    Unauthenticated,
)


class CredentialRefused(Unauthenticated):
    """This key is unknown, expired or revoked."""

    code = "identity.credential_refused"
    title_zh = "密钥不存在、已过期或已吊销。"


class NotPermitted(Forbidden):
    """Your role, or the scope of your key, does not allow this."""

    code = "identity.not_permitted"
    title_zh = "您的角色或密钥范围不允许此操作。"


class SameHands(Forbidden):
    """Whoever prepared this may not also decide it: another person must."""

    code = "identity.same_hands"
    title_zh = "同一事项的不相容职责须由不同人员承担。"


class OrganizationUnknown(NotFound):
    """No such organisation."""

    code = "identity.organization_unknown"
    title_zh = "找不到该组织。"


class PersonUnknown(NotFound):
    """No such person in this organisation."""

    code = "identity.person_unknown"
    title_zh = "该组织中找不到此人。"


class KeyUnknown(NotFound):
    """No such API key."""

    code = "identity.key_unknown"
    title_zh = "找不到该密钥。"


class CreditCodeInvalid(Unacceptable):
    """A unified social credit code has 18 characters, the last of which checks the others."""

    code = "identity.credit_code_invalid"
    title_zh = "统一社会信用代码无效:应为 18 位且校验位正确。"


class AlreadyRegistered(Conflict):
    """An organisation with this unified social credit code is already registered."""

    code = "identity.already_registered"
    title_zh = "该统一社会信用代码已登记。"


class AlreadyMember(Conflict):
    """This person is already a member of this organisation."""

    code = "identity.already_member"
    title_zh = "此人已是该组织成员。"


class OrganizationNotVerified(Conflict):
    """This organisation has not been verified yet."""

    code = "identity.organization_not_verified"
    title_zh = "该组织尚未通过核验。"


class RoleNotYours(Forbidden):
    """You may not give this role in this organisation."""

    code = "identity.role_not_yours"
    title_zh = "您无权在该组织中授予此角色。"


class ScopeTooWide(Unacceptable):
    """A key cannot do more than the person it speaks for."""

    code = "identity.scope_too_wide"
    title_zh = "密钥的权限不能超出其所代表人员的权限。"


class RolesIncompatible(Conflict):
    """One person may not hold these roles together, whatever the organisation."""

    code = "identity.roles_incompatible"
    title_zh = "同一人员不得兼任这些角色。"


class OwnMembership(Forbidden):
    """Nobody puts himself into an organisation: it invites, and you accept."""

    code = "identity.own_membership"
    title_zh = "任何人不得自行加入其他组织:须由该组织邀请并由本人接受。"


class LastAdministrator(Conflict):
    """The last administrator stays until somebody else has the role, while others are there."""

    code = "identity.last_administrator"
    title_zh = "组织尚有其他成员:最后一名管理员须先指定继任者。"


class TooManyInvitations(Conflict):
    """This organisation has as many open invitations as it may: revoke one, or wait."""

    code = "identity.too_many_invitations"
    title_zh = "该组织未使用的邀请已达上限:请先撤销或等待过期。"


class InvitationUnknown(NotFound):
    """No such invitation."""

    code = "identity.invitation_unknown"
    title_zh = "找不到该邀请。"


class InvitationUsed(Conflict):
    """This invitation has been accepted already; it is for one use."""

    code = "identity.invitation_used"
    title_zh = "该邀请已被使用:每个邀请只能使用一次。"


class InvitationRevoked(Conflict):
    """This invitation was revoked: ask the organisation for a new one."""

    code = "identity.invitation_revoked"
    title_zh = "该邀请已被撤销:请向该组织索取新的邀请。"


class InvitationExpired(Conflict):
    """This invitation has expired: ask the organisation for a new one."""

    code = "identity.invitation_expired"
    title_zh = "该邀请已过期:请向该组织索取新的邀请。"


class NameMissing(Malformed):
    """Give the name of the person who joins, or sign in first to join as yourself."""

    code = "identity.name_missing"
    title_zh = "请填写加入者姓名;已有账号者请先登录再接受邀请。"


class NameNotWanted(Unacceptable):
    """You are signed in and join as yourself: leave the name out, or do not sign in."""

    code = "identity.name_not_wanted"
    title_zh = "您已登录并以本人身份加入:请勿填写姓名。"


class NotInGoodStanding(Conflict):
    """This organisation may not take part on this day: see what was found."""

    code = "identity.not_in_good_standing"
    title_zh = "该组织当日不具备参与资格:详见核查结果。"


class DeclaredAhead(Unacceptable):
    """Only what holds today or held before can be stated."""

    code = "identity.declared_ahead"
    title_zh = "只能申报或登记今天及以前的状态。"


class KindNotYours(Forbidden):
    """Whether an organisation is a government body is not its own to change."""

    code = "identity.kind_not_yours"
    title_zh = "单位不得自行变更为政府机关或由政府机关变更为其他类型。"


class AccountNumberUnfit(Unacceptable):
    """A bank account number has 8 to 30 digits."""

    code = "identity.account_number_unfit"
    title_zh = "银行账号应为 8–30 位数字。"


class BankAccountUnknown(NotFound):
    """This organisation has entered no bank account."""

    code = "identity.bank_account_unknown"
    title_zh = "该组织尚未填写银行账户。"


class ListingUnknown(NotFound):
    """No such entry on the list of seriously dishonest parties."""

    code = "identity.listing_unknown"
    title_zh = "找不到该严重失信主体名单记录。"


class ListingMisdated(Unacceptable):
    """An entry on the list cannot end before the day it begins."""

    code = "identity.listing_misdated"
    title_zh = "名单记录的终止日不得早于列入日。"


class ListingLifted(Conflict):
    """This entry was lifted already."""

    code = "identity.listing_lifted"
    title_zh = "该名单记录已移出。"
