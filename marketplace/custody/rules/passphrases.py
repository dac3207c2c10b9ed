"""What a passphrase that locks a private key may be.

Whoever has master key and database can try passphrases for as long as they like, so one has to be
longer than a password: five words, or sixteen characters that are not a few repeated.
"""

import unicodedata
from typing import Final

from marketplace.custody.errors import PassphraseWeak
from marketplace.identity.errors.sign_in import PasswordWeak
from marketplace.identity.rules.passwords import check_password

LENGTH_MIN: Final = 16
LENGTH_MAX: Final = 200
DIFFERENT_MIN: Final = 8


def check_passphrase(passphrase: str) -> None:
    """Refuse what somebody who has time would guess.

    >>> check_passphrase("seven lanterns under a quiet harbour")
    """
    text = unicodedata.normalize("NFKC", passphrase)
    if not LENGTH_MIN <= len(text) <= LENGTH_MAX:
        raise PassphraseWeak(reason="length", shortest=LENGTH_MIN, longest=LENGTH_MAX)
    if len(set(text.casefold())) < DIFFERENT_MIN:
        raise PassphraseWeak(reason="repetition", different=DIFFERENT_MIN)
    try:
        check_password(passphrase, login="")
    except PasswordWeak as weak:
        raise PassphraseWeak(reason=weak.facts["reason"]) from weak
