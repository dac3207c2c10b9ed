"""The only place with status numbers: kinds of refusal become RFC 9457 problem documents."""

import datetime as dt
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import msgspec
from litestar import Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.types import ExceptionHandlersMap

from marketplace.kit import errors
from marketplace.kit.errors import MarketplaceError, Words
from marketplace.wire.answers import AnyRequest, prefers_english
from marketplace.wire.translations import field_message

PROBLEM_JSON = "application/problem+json"
TYPE_BASE = "urn:jiebang:problem:"
ERRORS_SHOWN_MAX = 50
PASSED_ON = ("allow", "connection", "ratelimit", "retry-after")
"""The headers of the framework's own errors that a caller is told, by how they begin."""

STATUS_OF_KIND: dict[type[MarketplaceError], int] = {
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Stale: 412,
    errors.Conflict: 409,
    errors.TooLarge: 413,
    errors.OutOfRange: 416,
    errors.Malformed: 400,
    errors.Unacceptable: 422,
    errors.PreconditionMissing: 428,
    errors.LimitReached: 429,
    errors.Unavailable: 503,
}
"""More special kinds stand before the general ones."""

TITLES_OF_STATUS: dict[int, tuple[str, str, str]] = {
    400: ("request.malformed", "请求格式不正确。", "The request is not well formed."),
    401: ("identity.unauthenticated", "请先登录。", "Sign in first."),
    404: (
        "marketplace.not_found",
        "不存在,或您无权查看。",
        "No such thing, or none that you may see.",
    ),
    405: (
        "request.method_not_allowed",
        "此地址不支持该方法。",
        "This address does not take this method.",
    ),
    408: (
        "request.timeout",
        "请求内容未在规定时间内送达。",
        "The request did not arrive in time.",
    ),
    413: (
        "marketplace.too_large",
        "内容超过允许的大小。",
        "This is larger than what is accepted here.",
    ),
    415: ("request.media_type", "不支持的内容类型。", "This media type is not accepted here."),
    422: (
        "marketplace.unacceptable",
        "格式正确,但不符合规则。",
        "Well formed, but against a rule.",
    ),
    429: ("marketplace.limit_reached", "请求过于频繁。", "Too many requests."),
    500: (
        "marketplace.internal",
        "平台内部错误,已记录。",
        "Something broke on our side; it was logged.",
    ),
    503: (
        "marketplace.unavailable",
        "服务暂不可用,请稍后再试。",
        "Not available now; try again later.",
    ),
}


def status_of(error: MarketplaceError) -> int:
    """Find the status of a refusal from its kind."""
    return next((status for kind, status in STATUS_OF_KIND.items() if isinstance(error, kind)), 500)


def exception_handlers() -> ExceptionHandlersMap:
    """Offer the handlers for our refusals, the framework's errors and bugs."""
    return {
        MarketplaceError: _refusal,
        ValidationException: _malformed,
        HTTPException: _framework,
        RecursionError: _too_deep,
        Exception: _bug,
    }


def _refusal(request: AnyRequest, error: MarketplaceError) -> Response[bytes]:
    status = status_of(error)
    english = prefers_english(request)
    title = error.title_en if english else error.title_zh
    facts = {
        name: (value.en if english else value.zh) if isinstance(value, Words) else plain(value)
        for name, value in error.facts.items()
    }
    headers = {}
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="jiebang"'
    if "retry_after_seconds" in facts:
        headers["Retry-After"] = str(facts["retry_after_seconds"])
    if "content_range" in facts:
        headers["Content-Range"] = str(facts["content_range"])
    return _problem(request, status, error.code, title, facts, headers)


def _malformed(request: AnyRequest, error: ValidationException) -> Response[bytes]:
    """Say every field error at once, each with a JSON pointer."""
    english = prefers_english(request)
    names = _names_outside(request)
    found = [
        _field_error(item, names, english) for item in error.extra or [] if isinstance(item, dict)
    ]
    code, zh, en = TITLES_OF_STATUS[400]
    title = en if english else zh
    facts: dict[str, Any] = (
        {"errors": found[:ERRORS_SHOWN_MAX]} if found else {"detail": str(error.detail)}
    )
    if len(found) > ERRORS_SHOWN_MAX:
        facts["errors_total"] = len(found)
    return _problem(request, 400, code, title, facts, {})


def _names_outside(request: AnyRequest) -> dict[str, str]:
    """Find what callers call a parameter, where our code calls it something else."""
    signature = getattr(request.scope.get("route_handler"), "parsed_fn_signature", None)
    named = {} if signature is None else signature.parameters
    outside = {inside: getattr(one.kwarg_definition, "name", None) for inside, one in named.items()}
    return {inside: name for inside, name in outside.items() if name}


def _field_error(item: dict[str, Any], names: dict[str, str], english: bool) -> dict[str, str]:
    key = str(item.get("key", "")).replace("~", "~0").replace("/", "~1").replace(".", "/")
    source = str(getattr(item.get("source"), "value", item.get("source") or "body"))
    key = key if source == "body" else names.get(key, key)
    return {
        "in": source,
        "pointer": f"/{key}" if key else "",
        "detail": field_message(str(item.get("message", "")), english=english),
    }


def _framework(request: AnyRequest, error: HTTPException) -> Response[bytes]:
    status = error.status_code
    if status >= 500:
        return _bug(request, error)
    code, zh, en = TITLES_OF_STATUS.get(status, TITLES_OF_STATUS[400 if status < 500 else 500])
    facts: dict[str, Any] = {}
    if status in {400, 413, 415} and error.detail:
        facts["detail"] = str(error.detail)
    headers = {
        name: value
        for name, value in (error.headers or {}).items()
        if name.lower().startswith(PASSED_ON)
    }
    if "Retry-After" in headers:
        facts["retry_after_seconds"] = int(headers["Retry-After"])
    return _problem(request, status, code, en if prefers_english(request) else zh, facts, headers)


def _too_deep(request: AnyRequest, error: RecursionError) -> Response[bytes]:
    """A body of brackets within brackets exhausts the JSON reader's stack before any limit of
    ours.
    """
    code, zh, en = TITLES_OF_STATUS[400]
    title = en if prefers_english(request) else zh
    return _problem(request, 400, code, title, {"detail": "nested too deeply"}, {})


def _bug(request: AnyRequest, error: Exception) -> Response[bytes]:
    """Tell the caller nothing about the inside; the log line of the request has the traceback."""
    request.scope.setdefault("state", {})["bug"] = error
    code, zh, en = TITLES_OF_STATUS[500]
    return _problem(request, 500, code, en if prefers_english(request) else zh, {}, {})


def _problem(
    request: AnyRequest,
    status: int,
    code: str,
    title: str,
    facts: dict[str, Any],
    headers: dict[str, str],
) -> Response[bytes]:
    reserved = {"type", "title", "status", "instance", "code"}
    body = {
        "type": TYPE_BASE + code,
        "title": title,
        "status": status,
        "code": code,
        "instance": request.url.path,
        **{name: value for name, value in facts.items() if name not in reserved},
        **{f"fact_{name}": value for name, value in facts.items() if name in reserved},
    }
    request.scope.setdefault("state", {})["problem_code"] = code
    return Response(
        msgspec.json.encode(body),
        status_code=status,
        media_type=PROBLEM_JSON,
        headers=headers | {"Cache-Control": "no-store"},
    )


def plain(value: object) -> Any:
    """Write a fact as JSON can carry it."""
    if value is None or isinstance(value, str | bool | int):
        return value.value if isinstance(value, Enum) else value
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, Decimal | UUID | dt.date | float):
        return str(value)
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    return str(value)
