"""How the bids room says no to what an offer says."""

from marketplace.kit.errors import Unacceptable


class AmountUnreadable(Unacceptable):
    """This is no amount in words that can be read in exactly one way."""

    code = "bids.amount_unreadable"
    title_zh = "大写金额不规范,无法作唯一认定。"


class PriceSheetMissing(Unacceptable):
    """This call asks for a price sheet with at least one line."""

    code = "bids.price_sheet_missing"
    title_zh = "该榜单要求提交分项报价表,至少一行。"


class PriceSheetUnfit(Unacceptable):
    """A price sheet needs a quote, exact quantities above zero, and amounts within bounds."""

    code = "bids.price_sheet_unfit"
    title_zh = "分项报价表须与报价一并填写,数量须为正的精确数,金额须在允许范围内。"


class PriceSheetContradicts(Unacceptable):
    """The price sheet contradicts itself: after the opening it would be corrected in this order."""

    code = "bids.price_sheet_contradicts"
    title_zh = "分项报价表前后不一致:开标后将按下列顺序修正。"


class ConsortiumNotAllowed(Unacceptable):
    """This call is not open to consortia, or not to one of so many."""

    code = "bids.consortium_not_allowed"
    title_zh = "该榜单不接受联合体,或联合体成员数超过上限。"


class ConsortiumUnfit(Unacceptable):
    """Shares of a consortium add up to 10,000, nobody is in it twice, and all are liable."""

    code = "bids.consortium_unfit"
    title_zh = "联合体各方份额合计须为 10000 基点,成员不得重复,各方承担连带责任。"


class MemberNotAgreed(Unacceptable):
    """A member of the consortium has not agreed to take part with this share."""

    code = "bids.member_not_agreed"
    title_zh = "联合体成员尚未确认按此份额参加。"


class MemberUnfit(Unacceptable):
    """An organisation that you name cannot be a member of this consortium."""

    code = "bids.member_unfit"
    title_zh = "所列单位不能作为该联合体成员。"


class SubcontractUnfit(Unacceptable):
    """Subcontracting is above what this call allows, or a part of it has no share."""

    code = "bids.subcontract_unfit"
    title_zh = "分包超过榜单允许的比例,或分包份额未填写。"


class BondMissing(Unacceptable):
    """This call asks for a bid bond: give a guarantee, an insurance or a guarantee company's."""

    code = "bids.bond_missing"
    title_zh = "该榜单要求投标担保:请提供银行保函、保险保单或担保机构保函。"


class BondNotAsked(Unacceptable):
    """This call asks for no bid bond, so none may be given."""

    code = "bids.bond_not_asked"
    title_zh = "该榜单未要求投标担保,不得收取。"


class BondUnfit(Unacceptable):
    """The bond is for another amount than the call asks for, or ends before the bids are opened."""

    code = "bids.bond_unfit"
    title_zh = "担保金额与榜单要求不符,或在开标前到期。"


class StatementUnfit(Unacceptable):
    """A statement is of an unknown version, stands twice, or disagrees with what you declared."""

    code = "bids.statement_unfit"
    title_zh = "声明版本未知、重复,或与已申报的信息不一致。"


class DocumentMissing(Unacceptable):
    """Documents that the call asks for are missing."""

    code = "bids.document_missing"
    title_zh = "缺少榜单要求的文件。"
