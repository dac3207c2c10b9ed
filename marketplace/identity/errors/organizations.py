"""How the identity room says no: organisations, their profile and standing."""

from marketplace.kit.errors import Conflict, Forbidden, NotFound, Unacceptable


class OrganizationUnknown(NotFound):
    """No such organisation."""

    code = "identity.organization_unknown"
    title_zh = "找不到该组织。"


class CreditCodeInvalid(Unacceptable):
    """A unified social credit code has 18 characters, the last of which checks the others."""

    code = "identity.credit_code_invalid"
    title_zh = "统一社会信用代码无效:应为 18 位且校验位正确。"


class AlreadyRegistered(Conflict):
    """An organisation with this unified social credit code is already registered."""

    code = "identity.already_registered"
    title_zh = "该统一社会信用代码已登记。"


class OrganizationNotVerified(Conflict):
    """This organisation has not been verified yet."""

    code = "identity.organization_not_verified"
    title_zh = "该组织尚未通过核验。"


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
