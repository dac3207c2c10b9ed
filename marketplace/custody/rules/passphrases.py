"""What a passphrase that locks a private key may be.

Whoever has master key and database can try passphrases for as long as they like, so one has to be
longer than a password: five words, or sixteen characters that are not a few repeated.
"""

import re
import unicodedata
from typing import Final

from marketplace.custody.errors import PassphraseWeak
from marketplace.identity.rules.passwords import COMMON_WORDS, is_common

LENGTH_MIN: Final = 16
LENGTH_MAX: Final = 200
DIFFERENT_MIN: Final = 8
_DECORATION: Final = re.compile(r"[\W_\d]+")
_WORDS: Final = sorted((word for word in COMMON_WORDS if len(word) > 2), key=len, reverse=True)
# Possessive: what was eaten is not given back, so that no text takes long to look at.
_COMMON: Final = re.compile("(?:" + "|".join(map(re.escape, _WORDS)) + ")*+")


def check_passphrase(passphrase: str) -> None:
    """Refuse what somebody who has time would guess.

    >>> check_passphrase("seven lanterns under a quiet harbour")
    """
    text = unicodedata.normalize("NFKC", passphrase)
    letters = _DECORATION.sub("", text.casefold())
    if not LENGTH_MIN <= len(text) <= LENGTH_MAX:
        raise PassphraseWeak(reason="length", shortest=LENGTH_MIN, longest=LENGTH_MAX)
    if len(set(text.casefold())) < DIFFERENT_MIN:
        raise PassphraseWeak(reason="repetition", different=DIFFERENT_MIN)
    if _COMMON.fullmatch(letters) or is_common(text.casefold()):
        # Digits and signs alone, or between what everybody tries, are what programs try first.
        raise PassphraseWeak(reason="common")
