"""The API documentation at /schema, with everything it needs served from here.

The usual pages load their scripts from the internet; a bureau's network often has none.
"""

import json
from importlib import resources
from typing import Any, Final

from litestar import Litestar, MediaType, Request, Response, Router, get
from litestar.openapi.plugins import JsonRenderPlugin, SwaggerRenderPlugin, YamlRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme, Tag
from litestar.params import FromPath
from litestar.serialization import encode_json, get_serializer

from marketplace.kit.errors import NotFound
from marketplace.wire.document import DocumentConfig
from marketplace.wire.headers import allow_page

DOCUMENT_PATH: Final = "/schema"
ASSETS_PATH: Final = "/schema-assets"
ASSETS: Final = {
    "swagger-ui.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui-standalone-preset.js": "text/javascript",
}
TAGS: Final = {
    "identity": "组织、人员与密钥 · organisations, people, keys",
    "relations": "股权与控制关系 · who is tied to whom",
    "profiles": "规则、日历与期限 · rule profiles, calendars, deadlines",
    "board": "榜单墙、检索与能力标签 · the board, its search, capabilities",
    "custody": "密钥保管与签名公钥 · custody of keys, signing keys",
    "scenarios": "批次与榜单 · batches and calls",
    "datasets": "数据集、申请与下载 · datasets, access, downloads",
    "matching": "供需对接 · similar calls, matchmaking events",
    "solicitations": "征榜与成熟度排名 · proposals and their readiness",
    "bids": "密封投标与开标 · sealed bids and their opening",
    "signals": "串通迹象,仅供判断 · signs of collusion, for people to judge",
    "scoring": "评审、测评与排名 · panels, benchmarks, rankings",
    "awards": "定榜之后:放弃、收回与认定无效 · awards declined, forfeited, void",
    "webhooks": "事件推送 · webhooks",
    "health": "健康检查 · health",
}


class Page(SwaggerRenderPlugin):
    """The page, with nothing from elsewhere, and a policy that allows what stands in it."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """Write the page, and allow exactly its own script and style."""
        page = super().render(request, openapi_schema)
        allow_page(request.scope, page.decode())
        return page

    def receive_router(self, router: Router) -> None:
        """Add nothing: nobody signs in through another site here."""


@get(f"{ASSETS_PATH}/{{name:str}}", include_in_schema=False, media_type=MediaType.TEXT)
async def asset(name: FromPath[str]) -> Response[bytes]:
    """Serve one file of the documentation page."""
    if name not in ASSETS:
        raise NotFound(name=name[:80])
    content = resources.files("swagger_ui").joinpath("static", name).read_bytes()
    headers = {"Cache-Control": "public, max-age=86400"}
    return Response(content, media_type=ASSETS[name], headers=headers)


def openapi_config(version: str) -> DocumentConfig:
    """Describe the document and the page that shows it."""
    page = Page(
        js_url=f"{ASSETS_PATH}/swagger-ui-bundle.js",
        css_url=f"{ASSETS_PATH}/swagger-ui.css",
        standalone_preset_js_url=f"{ASSETS_PATH}/swagger-ui-standalone-preset.js",
        path="/",
        favicon="<link rel='icon' href='data:,'>",
    )
    return DocumentConfig(
        title="揭榜 Jiebang",
        version=version,
        description="AI 应用场景揭榜挂帅平台 · open calls for AI scenarios",
        path=DOCUMENT_PATH,
        render_plugins=[page, JsonRenderPlugin(), YamlRenderPlugin()],
        use_handler_docstrings=True,
        tags=[Tag(name=name, description=text) for name, text in TAGS.items()],
        components=Components(
            security_schemes={
                "key": SecurityScheme(type="http", scheme="bearer"),
                "session": SecurityScheme(
                    type="apiKey",
                    name="__Host-jiebang",
                    security_scheme_in="cookie",
                    description="With X-CSRF-Token on whatever is not a GET.",
                ),
            }
        ),
        security=[{"key": []}, {"session": []}, {}],
    )


def document_text(app: Litestar) -> str:
    """Write the OpenAPI document as it is served, in one stable order."""
    encoded = encode_json(
        app.openapi_schema.to_schema(), serializer=get_serializer(app.type_encoders)
    )
    document = json.loads(encoded)
    return json.dumps(document, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
