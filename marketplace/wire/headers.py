"""What every answer tells the browser that shows it: run nothing, frame nothing, guess nothing."""

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator
from typing import Final

from litestar.types import Scope

POLICY_STATE: Final = "content_security_policy"
API_POLICY: Final = (
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
ONE_YEAR: Final = 31_536_000
NOT_NEEDED: Final = ("accelerometer", "camera", "geolocation", "gyroscope", "magnetometer",
                     "microphone", "payment", "usb")  # fmt: skip
_INLINE = re.compile(r"<(script|style)(?:\s+type=['\"][^'\"]*['\"])?>(.*?)</\1>", re.DOTALL)


def security_headers(*, development: bool) -> dict[str, str]:
    """List the headers of every answer; each may be said otherwise by who answers."""
    found = {
        "Content-Security-Policy": API_POLICY,
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": ", ".join(f"{feature}=()" for feature in NOT_NEEDED),
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Cache-Control": "no-cache",
    }
    if not development:
        # Without TLS in front, as on a developer's machine, it would lock the browser out.
        found["Strict-Transport-Security"] = f"max-age={ONE_YEAR}"
    return found


def page_policy(html: str) -> str:
    """Allow a page what it needs: files from here, and of what stands in it exactly these texts.

    >>> page_policy("<style>p{}</style>").split("; ")[1]
    "style-src 'self' 'sha256-gG2yISYereRMiG2lMXrbiUgi0Ubw9p7QCeWcroOvy9Y='"
    """
    texts = _INLINE.findall(html)
    scripts = _sources(text for kind, text in texts if kind == "script")
    styles = _sources(text for kind, text in texts if kind == "style")
    rest = "img-src 'self' data:; font-src 'self'; connect-src 'self'"
    return f"{API_POLICY.replace('; ', f'; style-src {styles}; script-src {scripts}; {rest}; ', 1)}"


def allow_page(scope: Scope, html: str) -> None:
    """Let the answer of this request carry the policy of its page."""
    scope.setdefault("state", {})[POLICY_STATE] = page_policy(html)


def _sources(texts: Iterable[str]) -> str:
    return " ".join(["'self'", *_hashes(texts)])


def _hashes(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        yield f"'sha256-{digest}'"
