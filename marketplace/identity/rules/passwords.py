"""What a password and a login may be.

Length is what counts; nothing is demanded about kinds of characters, and nothing expires.  What
everybody tries first is refused.
Source   NIST SP 800-63B, section on passwords: length, a list of common values, words of the
         context, normalisation, no rules of composition.
"""

import re
import unicodedata
from typing import Final

from marketplace.identity.errors.sign_in import LoginUnusable, PasswordWeak

LENGTH_MIN: Final = 10
LENGTH_MAX: Final = 200
LOGIN_LENGTH_MIN: Final = 3
LOGIN_LENGTH_MAX: Final = 254
CONTAINED_LENGTH_MIN: Final = 5
"""A shorter login inside a password is chance."""

_WORDS: Final = """
    password passw0rd p@ssword p@ssw0rd pass admin administrator root user guest welcome letmein
    login master dragon monkey football baseball superman batman iloveyou sunshine princess shadow
    trustno michael jordan qwerty qwertyuiop qwert asdfgh asdfghjkl zxcvbn zxcvbnm qazwsx qazwsxedc
    abc abcd abcdef abcdefg abcdefgh test demo changeme default secret computer internet samsung
    google china zhongguo shenzhen nanshan guangdong beijing shanghai woaini wodemima mima aini
    jiebang jiebangguashuai marketplace summer winter spring autumn company server
    a qq aa aaa aaaa zxc asd qwe qweasd qweasdzxc q1w2e3r4t5 1q2w3e4r5t 1qaz2wsx3edc
    1q2w3e4r5t6y zaq12wsx xsw2zaq1
"""
COMMON_WORDS: Final = frozenset(_WORDS.split())
"""Words that most stolen passwords are made of, here and in China."""

_ROWS: Final = ("01234567890123456789", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm")
_DECORATION: Final = re.compile(r"[\W_\d]+")
_LOGIN: Final = re.compile(r"[^\s\x00-\x1f\x7f]+")


def folded(login: str) -> str:
    """Write a login in the one way in which it is unique.

    >>> folded(" Zhang.San@Example.CN ")
    'zhang.san@example.cn'
    """
    text = unicodedata.normalize("NFKC", login).casefold()
    return unicodedata.normalize("NFKC", text).casefold().strip()


def check_login(login: str) -> str:
    """Fold a login, or refuse what is too short, too long or has spaces in it."""
    found = folded(login)
    if not LOGIN_LENGTH_MIN <= len(found) <= LOGIN_LENGTH_MAX or not _LOGIN.fullmatch(found):
        raise LoginUnusable(shortest=LOGIN_LENGTH_MIN, longest=LOGIN_LENGTH_MAX)
    return found


def check_password(password: str, *, login: str) -> None:
    """Refuse what somebody who guesses would try first."""
    text = unicodedata.normalize("NFKC", password)
    if not LENGTH_MIN <= len(text) <= LENGTH_MAX:
        raise PasswordWeak(reason="length", shortest=LENGTH_MIN, longest=LENGTH_MAX)
    plain = text.casefold()
    if is_common(plain):
        raise PasswordWeak(reason="common")
    name = folded(login).partition("@")[0]
    if len(name) >= CONTAINED_LENGTH_MIN and name in plain:
        raise PasswordWeak(reason="contains_login")


def is_common(text: str) -> bool:
    """Tell a common word with decoration, a repetition or a row of keys from a password.

    >>> [is_common(one) for one in ("password2026!", "1234567890", "abababababab", "qwertyuiop")]
    [True, True, True, True]
    >>> is_common("correct horse battery staple")
    False
    """
    if text in COMMON_WORDS or len(set(text)) <= 3:
        return True
    if any(text in row or text in row[::-1] for row in _ROWS):
        return True
    core = _DECORATION.sub("", text)
    # Digits and signs around one common word add nothing that a program does not try.
    return core in COMMON_WORDS or (not core and len(set(text)) < 6)
