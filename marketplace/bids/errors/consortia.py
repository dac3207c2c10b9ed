"""How the bids room says no to taking part twice and to bidding together."""

from marketplace.kit.errors import Conflict, NotFound, Unacceptable


class TakesPartAlready(Conflict):
    """Your organisation already takes part in this call as a member of a consortium."""

    code = "bids.takes_part_already"
    title_zh = "贵单位已作为联合体成员参加该榜单。"


class MemberTakesPartAlready(Conflict):
    """A member of your consortium already takes part in this call."""

    code = "bids.member_takes_part_already"
    title_zh = "贵方联合体的成员已参加该榜单。"


class InvitationUnknown(NotFound):
    """No such invitation, or none of yours."""

    code = "bids.invitation_unknown"
    title_zh = "找不到该联合体邀请,或与贵单位无关。"


class InvitedAlready(Conflict):
    """You have invited this organisation already: revoke that invitation to change it."""

    code = "bids.invited_already"
    title_zh = "已邀请该单位:如需更改请先撤销原邀请。"


class CannotBeMember(Unacceptable):
    """This organisation cannot be a member of a consortium on this call."""

    code = "bids.cannot_be_member"
    title_zh = "该单位不能作为本榜单联合体成员。"


class NoConsortia(Unacceptable):
    """This call is not open to consortia."""

    code = "bids.no_consortia"
    title_zh = "该榜单不接受联合体。"
