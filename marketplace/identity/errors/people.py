"""How the identity room says no: memberships and invitations."""

from marketplace.kit.errors import Conflict, Forbidden, Malformed, NotFound, Unacceptable


class PersonUnknown(NotFound):
    """No such person in this organisation."""

    code = "identity.person_unknown"
    title_zh = "该组织中找不到此人。"


class AlreadyMember(Conflict):
    """This person is already a member of this organisation."""

    code = "identity.already_member"
    title_zh = "此人已是该组织成员。"


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
