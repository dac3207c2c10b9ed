"""The OpenAPI document tells how we refuse: the framework describes its own error body, which no
caller ever sees, and knows nothing of the refusals.
"""

from dataclasses import dataclass
from typing import Any, Final

from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import OpenAPI

from marketplace.wire.problems import PROBLEM_JSON, TYPE_BASE

PROBLEM: Final[dict[str, Any]] = {
    "title": "Problem",
    "description": "A refusal (RFC 9457); the facts of the case are further members.",
    "type": "object",
    "required": ["type", "title", "status", "code", "instance"],
    "properties": {
        "type": {"type": "string", "description": f"`{TYPE_BASE}` and the code."},
        "title": {"type": "string", "description": "Chinese unless English is asked for first."},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "Stable; listed in docs/errors.md."},
        "instance": {"type": "string", "description": "The path of the request."},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "description": "Every fault of a request that is not well formed.",
            "items": {
                "type": "object",
                "required": ["in", "pointer", "detail"],
                "properties": {
                    "in": {"type": "string"},
                    "pointer": {"type": "string", "description": "RFC 6901."},
                    "detail": {"type": "string"},
                },
            },
        },
    },
    "additionalProperties": True,
}

REFUSED: Final[dict[str, Any]] = {
    "description": "Refused; `code` says why. 401, 403, 404, 409, 412, 413, 422, 428 or 429.",
    "content": {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}

MALFORMED: Final[dict[str, Any]] = {
    "description": "Not well formed; every fault is listed with a pointer to its place.",
    "content": {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


class Document(OpenAPI):
    """The framework's document, completed when it is written."""

    def to_schema(self) -> dict[str, Any]:
        """Write the document with our refusals instead of the framework's."""
        document = super().to_schema()
        components = document.setdefault("components", {})
        components.setdefault("schemas", {})["Problem"] = PROBLEM
        components.setdefault("responses", {}).update(Refused=REFUSED, Malformed=MALFORMED)
        for item in document["paths"].values():
            for operation in item.values():
                if isinstance(operation, dict) and "responses" in operation:
                    _tell_refusals(operation["responses"])
        return document


def _tell_refusals(responses: dict[str, Any]) -> None:
    if "400" in responses:
        responses["400"] = {"$ref": "#/components/responses/Malformed"}
    responses["default"] = {"$ref": "#/components/responses/Refused"}


@dataclass
class DocumentConfig(OpenAPIConfig):
    """Makes a `Document` where the framework would make its own."""

    def to_openapi_schema(self) -> OpenAPI:
        """Begin the document that the routes are put into."""
        begun = super().to_openapi_schema()
        return Document(**{name: getattr(begun, name) for name in begun.__dataclass_fields__})
