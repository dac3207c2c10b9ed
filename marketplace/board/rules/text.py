"""One form for texts that mean the same, and the tokens by which they are found.

The sources mix Traditional and Simplified script, full and half width, and pinyin glosses behind
characters.  The original is stored untouched; this form is only compared, never shown.  Both
databases index the tokens made here and split nothing themselves, so both find the same.
"""

import re
import unicodedata
from functools import cache
from typing import Final

import opencc

from marketplace.board.errors import NothingToSearch, QueryTooLong

QUERY_LENGTH_MAX: Final = 200
QUERY_TOKENS_MAX: Final = 48
TOKEN_LENGTH_MAX: Final = 40
"""Longer words are cut, in texts and in queries alike."""
TITLE_MARK: Final = "t:"
"""Before a token of the title; no token of a text can hold a colon."""

_HAN: Final = (
    "\u2e80-\u2fdf\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
)
_TONED: Final = "āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜ"
_NEUTRAL: Final = "ba|de|ge|guo|le|lou|ma|me|men|ne|shang|tou|ya|zhe|zi"
_GLOSS: Final = re.compile(
    rf"(?<=[{_HAN}])\((?:[a-zü]*[{_TONED}][a-zü]*|{_NEUTRAL})\)", re.IGNORECASE
)
"""A syllable with a tone mark in brackets behind a character, or one of the few without a tone; an
English word or an abbreviation in brackets is none."""
_RUN: Final = re.compile(rf"(?:(?=[{_HAN}])[^\W_])+|(?:(?![{_HAN}])[^\W_])+")


@cache
def _simplifier() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


def normal_form(text: str) -> str:
    """Write a text in the one form in which texts are compared.

    Shape    NFKC, glosses taken out, Traditional to Simplified, case folded, NFKC again.

    >>> normal_form("訓(xùn)練 ＡＩ２０２６ 緊急預警")
    '训练 ai2026 紧急预警'
    >>> normal_form("大模型(LLM)平台")
    '大模型(llm)平台'
    """
    composed = unicodedata.normalize("NFKC", text)
    simple = _simplifier().convert(_GLOSS.sub("", composed))
    return unicodedata.normalize("NFKC", simple.casefold())


def tokens_of(text: str) -> tuple[str, ...]:
    """Cut a text into the tokens it is found by, each once, sorted.

    Shape    of a run of characters every one and every two neighbours; of everything else whole
             words.  One character finds; two find what stands side by side.

    >>> tokens_of("AI 預警")
    ('ai', '警', '预', '预警')
    """
    found: set[str] = set()
    for run in _RUN.findall(normal_form(text)):
        if _is_han(run):
            found.update(run)
            found.update(_pairs(run))
        else:
            found.add(run[:TOKEN_LENGTH_MAX])
    return tuple(sorted(found))


def tokens_of_query(query: str) -> tuple[str, ...]:
    """Cut a query into the tokens that a text must all hold; there are no operators.

    Refuses  QueryTooLong, NothingToSearch.

    >>> tokens_of_query("緊急預警"), tokens_of_query('" OR 警*')
    (('急预', '紧急', '预警'), ('or', '警'))
    """
    if len(query) > QUERY_LENGTH_MAX:
        raise QueryTooLong(length=len(query), length_max=QUERY_LENGTH_MAX)
    wanted: set[str] = set()
    for run in _RUN.findall(normal_form(query)):
        if not _is_han(run):
            wanted.add(run[:TOKEN_LENGTH_MAX])
        elif len(run) == 1:
            wanted.add(run)
        else:
            # The pairs imply the characters: asking for both would only cost time.
            wanted.update(_pairs(run))
    if not wanted:
        raise NothingToSearch(query=query[:40])
    if len(wanted) > QUERY_TOKENS_MAX:
        raise QueryTooLong(tokens=len(wanted), tokens_max=QUERY_TOKENS_MAX)
    return tuple(sorted(wanted))


def indexed(title: str, body: str) -> tuple[str, ...]:
    """All tokens of a text, those of its title also with a mark, sorted.

    >>> indexed("预警", "AI")
    ('ai', 't:警', 't:预', 't:预警', '警', '预', '预警')
    """
    of_title = tokens_of(title)
    everything = {*of_title, *tokens_of(body), *(TITLE_MARK + token for token in of_title)}
    return tuple(sorted(everything))


def _is_han(run: str) -> bool:
    return re.match(f"[{_HAN}]", run) is not None


def _pairs(run: str) -> set[str]:
    return {run[index : index + 2] for index in range(len(run) - 1)}
