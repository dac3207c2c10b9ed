"""The ways the ledger says no."""

from marketplace.kit.errors import Conflict, NotFound, Unacceptable


class EntryUnbalanced(Unacceptable):
    """The legs of this entry do not sum to zero."""

    code = "ledger.entry_unbalanced"
    title_zh = "分录借贷不平衡。"


class EntryMalformed(Unacceptable):
    """This is not an entry: it needs two or more accounts, whole amounts, a cause and a key."""

    code = "ledger.entry_malformed"
    title_zh = "分录不完整:须有两个以上不同账户、整分金额、起因与幂等键。"


class FundsInsufficient(Conflict):
    """The account holds less than this entry takes."""

    code = "funding.insufficient"
    title_zh = "账户余额不足。"


class KeyReused(Conflict):
    """This idempotency key already names an entry with other content."""

    code = "ledger.key_reused"
    title_zh = "该幂等键已用于内容不同的分录。"


class AlreadyReversed(Conflict):
    """This entry has been reversed before."""

    code = "ledger.already_reversed"
    title_zh = "该分录已被冲销。"


class AccountUnknown(NotFound):
    """There is no such account."""

    code = "ledger.account_unknown"
    title_zh = "账户不存在。"


class EntryUnknown(NotFound):
    """There is no such entry."""

    code = "ledger.entry_unknown"
    title_zh = "分录不存在。"
