"""How the bids room says no to what is sealed."""

from marketplace.kit.errors import Conflict, Unacceptable


class SealBroken(Conflict):
    """What is stored of this bid is not what was sealed and receipted: nothing is opened."""

    code = "bids.seal_broken"
    title_zh = "该投标的密封内容与回执不符:全部投标均不予开启。"


class EnvelopeUnfit(Unacceptable):
    """This is no envelope closed for the key of this call and the reading key of this bid."""

    code = "bids.envelope_unfit"
    title_zh = "密封件格式不符:须恰好以该榜单公钥与该投标读取公钥封存。"


class EnvelopeDigestWrong(Unacceptable):
    """The digest of the envelope is not the one that was stated."""

    code = "bids.envelope_digest_wrong"
    title_zh = "密封件摘要与申报不符。"


class ReadingKeyUnset(Conflict):
    """This bid has no reading key: nobody reads it before the opening."""

    code = "bids.reading_key_unset"
    title_zh = "该投标没有读取密钥:开标前任何人不能读取。"


class SealedUntilOpening(Conflict):
    """After the deadline nobody reads a bid before all are opened, its own bidder neither."""

    code = "bids.sealed_until_opening"
    title_zh = "截止后至开标前,任何人(包括投标人)不得读取投标。"


class OfferUnreadable(Unacceptable):
    """What the bidder sealed is no offer: it does not open, or is not an offer's JSON."""

    code = "bids.offer_unreadable"
    title_zh = "投标人自行密封的内容无法开启或不是规定格式的报价。"


class OfferDigestDiffers(Unacceptable):
    """What the bidder sealed is not what the bidder's digest stated."""

    code = "bids.offer_digest_differs"
    title_zh = "投标人自行密封的内容与其申报的摘要不符。"
