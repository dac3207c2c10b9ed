"""How the board says no."""

from marketplace.kit.errors import Conflict, NotFound, Unacceptable


class NothingToSearch(Unacceptable):
    """The query holds no letter, digit or character to search for."""

    code = "board.nothing_to_search"
    title_zh = "检索词中没有可检索的文字或数字。"


class QueryTooLong(Unacceptable):
    """The query holds more words and characters than one search looks for."""

    code = "board.query_too_long"
    title_zh = "检索词过长:请减少字词。"


class CapabilityUnknown(Unacceptable):
    """No such capability in the vocabulary."""

    code = "board.capability_unknown"
    title_zh = "能力标签词表中没有该标签。"


class VocabularyConflict(Conflict):
    """This capability is loaded with another meaning: a new meaning needs a new code."""

    code = "board.vocabulary_conflict"
    title_zh = "该能力标签已载入且含义不同:新的含义须使用新的代码。"


class VocabularyMalformed(Unacceptable):
    """A capability needs a code, a known group, and a name in both languages."""

    code = "board.vocabulary_malformed"
    title_zh = "能力标签须有代码、已知类别和中英文名称。"


class ListingUnknown(NotFound):
    """This organisation has declared no capabilities."""

    code = "board.listing_unknown"
    title_zh = "该组织尚未申报能力标签。"


class CardUnknown(NotFound):
    """No such call on the board, or none of yours."""

    code = "board.card_unknown"
    title_zh = "榜上没有该榜单,或不属于贵单位。"
