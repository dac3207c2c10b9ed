"""How the identity room says no."""

from marketplace.kit.errors import (
    Conflict,
    Forbidden,
    LimitReached,
    Malformed,
    NotFound,
    Unacceptable,
    Unauthenticated,
)


class CredentialRefused(Unauthenticated):
    """This key is unknown, expired or revoked."""

    code = "identity.credential_refused"
    title_zh = "密钥不存在、已过期或已吊销。"


class SignInRefused(Unauthenticated):
    """Login or password is not right."""

    code = "identity.sign_in_refused"
    title_zh = "登录名或密码不正确。"


class SecondFactorRequired(Unauthenticated):
    """The password is right; send the code of your authenticator, or a recovery code, as well."""

    code = "identity.second_factor_required"
    title_zh = "密码正确,还需提供身份验证器的动态码或恢复码。"


class CodeRefused(Unauthenticated):
    """This code is wrong, too old, or was used before."""

    code = "identity.code_refused"
    title_zh = "验证码错误、已过期或已使用过。"


class TriesUsedUp(LimitReached):
    """Too many wrong tries in a row for this login: wait, then try again."""

    code = "identity.tries_used_up"
    title_zh = "该登录名连续失败次数过多:请稍后再试。"


class SessionEnded(Unauthenticated):
    """This session has ended: sign in again."""

    code = "identity.session_ended"
    title_zh = "会话已结束:请重新登录。"


class SessionUnknown(NotFound):
    """No such session of yours."""

    code = "identity.session_unknown"
    title_zh = "找不到您的该会话。"


class SessionNeeded(Forbidden):
    """This is done in a session of a person who signed in, not with an API key."""

    code = "identity.session_needed"
    title_zh = "此操作须由本人登录后进行,不能使用 API 密钥。"


class CrossSiteRefused(Forbidden):
    """A request in a session must come from our own page and carry its X-CSRF-Token."""

    code = "identity.cross_site_refused"
    title_zh = "会话中的请求须来自本站页面并携带 X-CSRF-Token。"


class SecondFactorMissing(Forbidden):
    """Your role needs a second factor: set one up first, this session is for nothing else."""

    code = "identity.second_factor_missing"
    title_zh = "您的角色须启用双因素认证:请先完成绑定,此会话仅可用于绑定。"


class SecondFactorPresent(Conflict):
    """A second factor is set up already: disable it before setting up another one."""

    code = "identity.second_factor_present"
    title_zh = "已启用双因素认证:更换前请先停用。"


class SecondFactorAbsent(Conflict):
    """No second factor is being set up, or in use."""

    code = "identity.second_factor_absent"
    title_zh = "尚未启用或尚未开始绑定双因素认证。"


class PasswordAbsent(Conflict):
    """You have no password yet: set one first."""

    code = "identity.password_absent"
    title_zh = "您尚未设置密码:请先设置。"


class PasswordWeak(Unacceptable):
    """This password is too short, too long, or among the first that would be guessed."""

    code = "identity.password_weak"
    title_zh = "密码过短、过长或过于常见。"


class LoginUnusable(Unacceptable):
    """A login has 3 to 254 characters without spaces; it is needed with the first password."""

    code = "identity.login_unusable"
    title_zh = "登录名应为 3–254 个字符且不含空格;首次设置密码时必填。"


class LoginTaken(Conflict):
    """Somebody else has this login: choose another one."""

    code = "identity.login_taken"
    title_zh = "该登录名已被使用:请换一个。"


class ProofTooOld(Conflict):
    """Your first password needs a session or an unlimited key that is fresh."""

    code = "identity.proof_too_old"
    title_zh = "首次设置密码须使用刚登录的会话或新签发且未限制范围的密钥。"


class ResetRefused(Unacceptable):
    """This one-time token is unknown, used or expired."""

    code = "identity.reset_refused"
    title_zh = "一次性令牌不存在、已使用或已过期。"


class NoMembership(Forbidden):
    """You are not a member of this organisation, or of any."""

    code = "identity.no_membership"
    title_zh = "您不是该组织(或任何组织)的成员。"


class KeyNotLive(Conflict):
    """This key was revoked, has expired, or was rotated already."""

    code = "identity.key_not_live"
    title_zh = "该密钥已吊销、已过期或已轮换。"


class ProviderMissing(Conflict):
    """This installation has no single sign-on, or does not say where browsers find it."""

    code = "identity.provider_missing"
    title_zh = "本平台未配置单点登录。"


class IdentityUnlinked(Forbidden):
    """Nobody here is linked to this account: ask an administrator to link it."""

    code = "identity.identity_unlinked"
    title_zh = "该统一身份账号尚未与本平台人员绑定:请联系管理员。"


class IdentityLinked(Conflict):
    """This account is linked to a person already."""

    code = "identity.identity_linked"
    title_zh = "该统一身份账号已与人员绑定。"


class IdentityUnknown(NotFound):
    """No such account is linked to this person."""

    code = "identity.identity_unknown"
    title_zh = "此人没有绑定该统一身份账号。"


class FlowRefused(Unauthenticated):
    """This answer belongs to no sign-on that began in this browser, or to one too long ago."""

    code = "identity.flow_refused"
    title_zh = "该登录应答与本浏览器发起的登录不符或已过期:请重新开始。"


class AddressNotLocal(Unacceptable):
    """A return address is a path of this site, beginning with one slash."""

    code = "identity.address_not_local"
    title_zh = "返回地址须为本站路径,以单个斜杠开头。"


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


class PersonHasKeys(Conflict):
    """This person has had a key here: only they make more, or are invited again."""

    code = "identity.person_has_keys"
    title_zh = "此人在该组织已有过密钥:新的密钥只能由其本人签发。"


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
