"""How the custody room says no."""

from marketplace.kit.errors import Conflict, Forbidden, NotFound, Unacceptable


class CustodiansMissing(Conflict):
    """Sealing needs a custody key of an officer and one of a supervisor, two different persons."""

    code = "custody.custodians_missing"
    title_zh = "密封须先由经办人员与监督人员(两人)各自登记保管密钥。"


class CustodyKeyUnknown(NotFound):
    """No such custody key, or none that you may see."""

    code = "custody.key_unknown"
    title_zh = "找不到该保管密钥,或您无权查看。"


class CustodyKeyRegistered(Conflict):
    """You have a custody key for this organisation: retire it before you register another."""

    code = "custody.key_registered_already"
    title_zh = "您在该单位已有保管密钥:请先停用再登记新的。"


class CustodyKeyTaken(Conflict):
    """This public key was registered before: every custodian needs a pair of their own."""

    code = "custody.key_taken"
    title_zh = "该公钥已被登记:每位保管人须使用自己的密钥对。"


class CustodyKeyRetired(Conflict):
    """This custody key is retired already."""

    code = "custody.key_retired_already"
    title_zh = "该保管密钥已停用。"


class TooManyCustodians(Conflict):
    """This side has as many custodians as a share can be closed to."""

    code = "custody.too_many_custodians"
    title_zh = "该方保管人数已达上限。"


class PassphraseWeak(Unacceptable):
    """This passphrase could be guessed: use five words or more that nobody would put together."""

    code = "custody.passphrase_weak"
    title_zh = "口令短语过弱:请用五个以上互不相关的词。"


class NoLockbox(Conflict):
    """This call has no sealing key yet: its bureau has to register custodians."""

    code = "custody.no_lockbox"
    title_zh = "该榜单尚无密封公钥:主管部门须先登记保管人。"


class NotCustodian(Forbidden):
    """You hold no share of this lockbox."""

    code = "custody.not_custodian"
    title_zh = "您不持有该密封箱的密钥份额。"


class PassphraseUnset(Conflict):
    """Your private key is not kept here: send the share that you opened with it."""

    code = "custody.passphrase_unset"
    title_zh = "您的私钥不在平台保存:请提交您自行解密的份额。"


class ShareWrong(Unacceptable):
    """This is not the share of this side."""

    code = "custody.share_wrong"
    title_zh = "该份额不是此方在发榜时的份额。"


class RecoveryUnset(Conflict):
    """This lockbox has no recovery share."""

    code = "custody.recovery_unset"
    title_zh = "该密封箱没有恢复份额。"


class RecoveryAlone(Conflict):
    """The recovery share opens nothing without a custodian's: one side has to release its own."""

    code = "custody.recovery_alone"
    title_zh = "恢复份额不能单独开启:须有一方保管人的份额。"


class SharesForgotten(Conflict):
    """The shares of this lockbox were forgotten when it was opened."""

    code = "custody.shares_forgotten"
    title_zh = "该密封箱已开启,份额已销毁。"


class LockboxBroken(Conflict):
    """The two shares do not give the key of this lockbox."""

    code = "custody.lockbox_broken"
    title_zh = "两份份额不能合成该密封箱的密钥。"
