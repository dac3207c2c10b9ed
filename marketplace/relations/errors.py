"""How the relations room says no."""

from marketplace.kit.errors import Conflict, Malformed, NotFound, Unacceptable


class EdgeUnknown(NotFound):
    """No such ownership edge."""

    code = "relations.edge_unknown"
    title_zh = "找不到该股权或控制关系记录。"


class PartyUnknown(NotFound):
    """No such party."""

    code = "relations.party_unknown"
    title_zh = "找不到该主体。"


class PartyAmbiguous(Malformed):
    """Name a party by exactly one of `organization_id`, `party_id` and `name`."""

    code = "relations.party_ambiguous"
    title_zh = "主体须且只能以 organization_id、party_id、name 之一指明。"


class ShareMisplaced(Unacceptable):
    """A shareholder has a share above zero; no other tie has one."""

    code = "relations.share_misplaced"
    title_zh = "股东须填写大于零的持股比例,其他关系不得填写。"


class TiedToItself(Unacceptable):
    """A party is not tied to itself, and cannot be checked against itself."""

    code = "relations.tied_to_itself"
    title_zh = "主体不能与自身建立关系,也不能与自身核查关联。"


class EndsBeforeItBegins(Unacceptable):
    """A tie cannot end before the day it begins."""

    code = "relations.ends_before_it_begins"
    title_zh = "关系的终止日不得早于起始日。"


class EdgeEnded(Conflict):
    """This tie has its end already: record a new one instead of changing it."""

    code = "relations.edge_ended"
    title_zh = "该关系已有终止日:请另行登记,不得修改。"


class ChainTooLong(Conflict):
    """Control over one of the two is recorded in a chain too long to follow: check the records."""

    code = "relations.chain_too_long"
    title_zh = "其中一方的控制链过长,无法核查:请先核对登记记录。"


class RelatedParties(Conflict):
    """These two are related parties."""

    code = "relations.related_parties"
    title_zh = "双方为关联方。"
