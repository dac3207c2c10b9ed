"""How the identity room says no: signing in, and what follows from it."""

from marketplace.kit.errors import (
    Conflict,
    Forbidden,
    LimitReached,
    NotFound,
    Unacceptable,
    Unauthenticated,
)


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
