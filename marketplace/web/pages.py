"""The plain page at `/`: the list of calls, in Chinese and English."""

import datetime as dt
import html

from litestar import MediaType, Request, Response, get
from litestar.datastructures import State
from litestar.di import NamedDependency

from marketplace.identity.rules.access import Actor
from marketplace.kit.clock import Clock
from marketplace.kit.database import ReadSession
from marketplace.kit.days import SHANGHAI
from marketplace.scenarios.queries import calls as scenarios
from marketplace.scenarios.tables import Scenario, ScenarioVersion
from marketplace.wire.headers import allow_page

CALLS_MAX = 200
STATE_NAMES = {
    "published": ("接受投标", "open for bids"),
    "closed": ("已截止", "closed"),
    "evaluating": ("评审中", "being evaluated"),
    "decided": ("已定榜", "decided"),
    "in_publicity": ("公示中", "in publicity"),
    "awarded": ("已授予", "awarded"),
    "in_pilot": ("试点中", "in pilot"),
    "completed": ("已结榜", "completed"),
    "cancelled": ("已撤榜", "cancelled"),
    "failed": ("流榜", "failed"),
}
EMPTY = '<tr><td colspan="4">暂无榜单 no calls yet</td></tr>'
STYLE = """
body{font:16px/1.6 system-ui,sans-serif;margin:0 auto;max-width:64rem;padding:1.5rem;color:#1b1f24}
h1{margin:0 0 .2rem;font-size:1.6rem} p.sub{margin:.1rem 0 1.2rem;color:#57606a}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:.5rem .6rem;vertical-align:top}
th{border-bottom:2px solid #d0d7de;font-size:.85rem;color:#57606a}
td{border-bottom:1px solid #eaeef2}
td.n{white-space:nowrap;font-variant-numeric:tabular-nums} .en{color:#57606a;font-size:.88rem}
.t{font-size:.75rem;border:1px solid #d0d7de;border-radius:1rem;padding:0 .5rem;color:#57606a}
.s{white-space:nowrap} .s b{color:#0a6640} a{color:#0550ae}
"""


@get("/", media_type=MediaType.HTML, include_in_schema=False)
async def home(
    request: Request[Actor, None, State],
    reader: NamedDependency[ReadSession],
    clock: NamedDependency[Clock],
) -> Response[str]:
    """List every published call with its state and deadline."""
    now = clock.now()
    rows = await scenarios.board(reader, limit=CALLS_MAX)
    body = "".join(_line(row, content, scenarios.state_at(row, now).value) for row, content in rows)
    page = f"""<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1"><title>揭榜 Jiebang</title>
<style>{STYLE}</style></head><body><h1>揭榜 Jiebang</h1>
<p class="sub">AI 应用场景揭榜挂帅 · open calls for AI scenarios · {_shown(now)} ·
<a href="/schema">API</a></p>
<table><thead><tr><th>编号 No.</th><th>场景 scenario</th><th>状态 state</th>
<th>投标截止 deadline</th></tr></thead>
<tbody>{body or EMPTY}</tbody></table></body></html>"""
    allow_page(request.scope, page)
    return Response(page)


def _line(row: Scenario, content: ScenarioVersion, state: str) -> str:
    state_zh, state_en = STATE_NAMES.get(state, (state, state))
    shown = "" if row.bid_deadline_at is None else _shown(row.bid_deadline_at)
    tag = ' <span class="t">示例 illustrative</span>' if content.illustrative else ""
    return (
        f'<tr><td class="n">{html.escape(row.number)}</td><td>{html.escape(content.title_zh)}{tag}'
        f'<div class="en">{html.escape(content.title_en or "")}</div></td>'
        f'<td class="s"><b>{state_zh}</b><div class="en">{state_en}</div></td>'
        f'<td class="n">{shown}</td></tr>'
    )


def _shown(moment: dt.datetime) -> str:
    return moment.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M (UTC+8)")
