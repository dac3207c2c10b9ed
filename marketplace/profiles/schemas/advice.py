"""The questionnaire and its answer on the wire."""

from marketplace.profiles.rules.advice import TRACK_TITLES, Advice, Alternative, Proposal
from marketplace.profiles.rules.decisions import Need, Note
from marketplace.profiles.rules.profile import Track
from marketplace.profiles.rules.questionnaire import (
    Answers,
    Gain,
    Level,
    Money,
    Poster,
    Question,
    Words,
)
from marketplace.wire.shapes import BilingualOut, In, Out, Truth, WholeFen


class AdviceIn(In):
    """Answers to the questions; what is not known yet may be left out."""

    poster: Poster
    level: Level
    money: Money
    gain: Gain
    uncertain: Truth
    provincial_approval: Truth = False
    already_public: Truth = False
    amount_fen: WholeFen | None = None

    def answers(self) -> Answers:
        """Read the answers.

        Refuses  AnswersContradict.
        """
        return Answers(**self.model_dump())


class ChoiceOut(Out, frozen=True, kw_only=True):
    """One possible answer."""

    value: str
    text: BilingualOut


class QuestionOut(Out, frozen=True, kw_only=True):
    """One question: a choice, a yes or no, or an amount in fen."""

    name: str
    kind: str
    required: bool
    text: BilingualOut
    answers: list[ChoiceOut]

    @classmethod
    def of(cls, question: Question) -> "QuestionOut":
        """Read one question."""
        return cls(
            name=question.name,
            kind=question.kind,
            required=question.required,
            text=_said(question.text),
            answers=[
                ChoiceOut(value=value, text=_said(words))
                for value, words in question.answers.items()
            ],
        )


class QuestionsOut(Out, frozen=True, kw_only=True):
    """All questions, in the order in which to ask them."""

    items: list[QuestionOut]


class GroundOut(Out, frozen=True, kw_only=True):
    """One reason, condition or warning, and the law behind it."""

    code: str
    text: BilingualOut
    law: str


class ProposalOut(Out, frozen=True, kw_only=True):
    """A track that fits, and why."""

    track: Track
    title: BilingualOut
    reasons: list[GroundOut]


class AlternativeOut(Out, frozen=True, kw_only=True):
    """A track that does not fit, and what would have to be true for it."""

    track: Track
    title: BilingualOut
    would_have_to_be_true: list[GroundOut]


class AdviceOut(Out, frozen=True, kw_only=True):
    """Tracks that fit, best first; the others, nearest first; what to know beside."""

    summary: BilingualOut
    proposed: list[ProposalOut]
    others: list[AlternativeOut]
    warnings: list[GroundOut]
    threshold_fen: int | None
    """The yearly amount from which an open tender is the rule, as the rule profile states it."""

    @classmethod
    def of(cls, advice: Advice, *, threshold_fen: int | None) -> "AdviceOut":
        """Read one piece of advice."""
        return cls(
            summary=_summary(advice),
            proposed=[_proposal(one) for one in advice.proposed],
            others=[_alternative(one) for one in advice.others],
            warnings=[_ground(note, note.text) for note in advice.warnings],
            threshold_fen=threshold_fen,
        )


def _summary(advice: Advice) -> BilingualOut:
    """Say the outcome in one sentence; that nothing fits is said as plainly."""
    if not advice.proposed:
        return BilingualOut(
            zh="按所答没有适用的路径:请看各路径还缺什么。",
            en="With these answers no track fits: see what each of them lacks.",
        )
    titles = [TRACK_TITLES[one.track] for one in advice.proposed]
    return BilingualOut(
        zh=f"建议:{'、'.join(title.zh for title in titles)}。",
        en=f"Proposed: {', then '.join(title.en for title in titles)}.",
    )


def _proposal(proposal: Proposal) -> ProposalOut:
    return ProposalOut(
        track=proposal.track,
        title=_said(TRACK_TITLES[proposal.track]),
        reasons=[_ground(need, need.reason) for need in proposal.reasons],
    )


def _alternative(alternative: Alternative) -> AlternativeOut:
    return AlternativeOut(
        track=alternative.track,
        title=_said(TRACK_TITLES[alternative.track]),
        would_have_to_be_true=[_ground(need, need.missing) for need in alternative.missing],
    )


def _ground(ground: Need | Note, words: Words) -> GroundOut:
    return GroundOut(code=ground.code, text=_said(words), law=ground.law)


def _said(words: Words) -> BilingualOut:
    return BilingualOut(zh=words.zh, en=words.en)
