"""The short questions from whose answers a legal track follows, worded for people.

Each question has a closed list of answers, so that a page can show it and a table can decide.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from marketplace.profiles.errors import AnswersContradict


@dataclass(frozen=True, slots=True)
class Words:
    """A sentence in both languages."""

    zh: str
    en: str


class Poster(StrEnum):
    """Who poses the problem."""

    COMPETENT_DEPARTMENT = "competent_department"
    SCIENCE_DEPARTMENT = "science_department"
    BUDGET_UNIT = "budget_unit"
    COMPANY = "company"


class Level(StrEnum):
    """At which level of government the poster stands."""

    CENTRAL = "central"
    PROVINCIAL = "provincial"
    SEPARATELY_PLANNED = "separately_planned"
    PREFECTURE = "prefecture"
    DISTRICT = "district"
    NONE = "none"


class Money(StrEnum):
    """Who pays."""

    FISCAL = "fiscal"
    OWN = "own"
    MIXED_SEPARABLE = "mixed_separable"
    MIXED_INSEPARABLE = "mixed_inseparable"


class Gain(StrEnum):
    """What the winner gets: three are no purchase or begin as none, one is."""

    GRANT_AFTER_USE = "grant_after_use"
    PROJECT_FUNDING = "project_funding"
    PAID_CONTRACT = "paid_contract"
    RESEARCH_THEN_PURCHASE = "research_then_purchase"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """One set of answers; `amount_fen` is None while nobody knows it.

    Refuses  AnswersContradict for a company at a level of government, and for a public body at
             none.
    """

    poster: Poster
    level: Level
    money: Money
    gain: Gain
    uncertain: bool
    provincial_approval: bool = False
    already_public: bool = False
    amount_fen: int | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be true together."""
        if (self.poster is Poster.COMPANY) != (self.level is Level.NONE):
            raise AnswersContradict(poster=self.poster.value, level=self.level.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question and its possible answers; `required` ones have no default.

    Shape    `kind` is `choice`, `yes_no` or `amount_fen`; only a choice lists its answers.
    """

    name: str
    kind: str
    text: Words
    answers: Mapping[str, Words]
    required: bool = True


def _choice(name: str, text: Words, answers: dict[StrEnum, Words]) -> Question:
    words = {answer.value: said for answer, said in answers.items()}
    return Question(name=name, kind="choice", text=text, answers=MappingProxyType(words))


def _yes_no(name: str, text: Words, *, required: bool = False) -> Question:
    return Question(
        name=name, kind="yes_no", text=text, answers=MappingProxyType({}), required=required
    )


QUESTIONS: Final = (
    _choice(
        "poster",
        Words("谁出题?", "Who poses the problem?"),
        {
            Poster.COMPETENT_DEPARTMENT: Words(
                "主管奖补政策的部门", "A department in charge of a grant programme"
            ),
            Poster.SCIENCE_DEPARTMENT: Words("科技主管部门", "A science and technology department"),
            Poster.BUDGET_UNIT: Words(
                "其他机关、事业单位、团体", "Another unit that lives on the public budget"
            ),
            Poster.COMPANY: Words("企业", "A company"),
        },
    ),
    _choice(
        "level",
        Words("出题单位属于哪一级?", "At which level of government?"),
        {
            Level.CENTRAL: Words("中央", "Central"),
            Level.PROVINCIAL: Words("省级", "Provincial"),
            Level.SEPARATELY_PLANNED: Words("计划单列市级", "City with separate planning status"),
            Level.PREFECTURE: Words("地市级", "Prefecture-level city"),
            Level.DISTRICT: Words("区县级", "District or county"),
            Level.NONE: Words("不适用(企业)", "None: a company"),
        },
    ),
    _choice(
        "money",
        Words("谁出钱?", "Who pays?"),
        {
            Money.FISCAL: Words("财政性资金", "Public money"),
            Money.OWN: Words("出题方自有的非财政性资金", "The poster’s own, not public, money"),
            Money.MIXED_SEPARABLE: Words(
                "两者都有,可以分开核算", "Both, and the parts can be told apart"
            ),
            Money.MIXED_INSEPARABLE: Words(
                "两者都有,无法分割", "Both, and the parts cannot be told apart"
            ),
        },
    ),
    _choice(
        "gain",
        Words("优胜者得到什么?", "What does the winner get?"),
        {
            Gain.GRANT_AFTER_USE: Words(
                "使用见效后的奖励或补助,不购买", "A grant once use is proven; nothing is bought"
            ),
            Gain.PROJECT_FUNDING: Words(
                "分期拨付的立项资助,不购买", "Project funding in instalments; nothing is bought"
            ),
            Gain.PAID_CONTRACT: Words(
                "付款合同:购买货物或服务", "A paid contract for goods or services"
            ),
            Gain.RESEARCH_THEN_PURCHASE: Words(
                "先补偿研发成本,成功后首购", "R&D cost first, then the first purchase"
            ),
        },
    ),
    _yes_no(
        "uncertain",
        Words(
            "市场上没有现成产品,须研发且结果不确定?",
            "Is there no product on the market, so that R&D with an uncertain outcome is needed?",
        ),
        required=True,
    ),
    _yes_no(
        "provincial_approval",
        Words("是否已获省级批准采用合作创新采购?", "Has the province approved this method?"),
    ),
    _yes_no(
        "already_public",
        Words(
            "同一内容是否已由政府投资建设或购买服务?",
            "Is the same content already built or bought with public money?",
        ),
    ),
    Question(
        name="amount_fen",
        kind="amount_fen",
        text=Words(
            "同一单位、同一品目全年预算合计多少?(分)",
            "What is this unit’s yearly budget for this kind of purchase, in fen?",
        ),
        answers=MappingProxyType({}),
        required=False,
    ),
)
