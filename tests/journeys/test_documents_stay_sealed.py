"""Until the opening nothing that a bidder hands in can be read anywhere, in any form."""

from typing import Final

import httpx
import pytest

from marketplace.client.listen import serve_receiver
from marketplace.house import House
from marketplace.kit.clock import FixedClock
from marketplace.kit.outbound import Outbound
from marketplace.webhooks import jobs as webhooks
from marketplace.webhooks.actions import fanout
from tests.doors.bids.asking import seal
from tests.given import bids as given
from tests.given import documents as papers
from tests.given import sweeping
from tests.given import webhooks as hooks
from tests.given.bids import Begun
from tests.given.documents import act, begun, put
from tests.given.scenarios import Called, a_published_call

pytestmark = pytest.mark.postgres

CONTENT: Final = "一句只写在方案正文里的话:灯塔在雾里数自己的影子"
LATER: Final = "第二片里的另一句:鲸鱼把信寄给了北方的岸"
NAME: Final = "只有投标人知道的文件名称"
SUMMARY: Final = "一句只写在报价摘要里的话:深海记得每一盏灯"
ABANDONED: Final = "一份半途而废的文件里的话:河流忘了自己的名字"
REFUSED: Final = "一片被拒收的内容里的话:风从不在原地等人"
QUOTE_FEN: Final = 48_372_619_053_7
MARKERS: Final = {
    "content": CONTENT,
    "content of a later part": LATER,
    "name": NAME,
    "summary": SUMMARY,
    "abandoned": ABANDONED,
    "refused": REFUSED,
    "quote": str(QUOTE_FEN),
}


async def everybody_listens(
    house: House, bid: Begun, call: Called, recorder: hooks.Recorder
) -> None:
    """The bidder, the bureau and the poster hear by webhook whatever each of them may hear."""
    async with serve_receiver(recorder) as url, Outbound(hooks.LOCAL) as outbound:
        for listener in (bid.solver, call.cast.officer, call.cast.poster):
            await hooks.an_endpoint(house, listener, url=url)
        courier = hooks.a_courier(house, outbound)
        async with house.database.writing() as session:
            await fanout.fan_out(session, now=house.clock.now())
        await webhooks.deliver(courier)


async def test_no_marker_is_found_before_the_opening(
    client: httpx.AsyncClient,
    house: House,
    clock: FixedClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The whole database, every stored file, the log and what webhooks tell; afterwards the same
    sweep finds what the opening made readable, so it does look in the right places.
    """
    call = await a_published_call(house.database, clock)
    bid = await given.a_draft_bid(house.database, clock, call)
    recorder = hooks.Recorder(204)
    first, second = f"{CONTENT}\n".encode() * 20, f"{LATER}\n".encode() * 20
    with sweeping.logged(caplog) as log:
        made = await begun(client, bid, first + second, name=f"{NAME}.txt")
        document = made.headers["location"]
        await put(client, bid, document, 0, first)
        refused = [
            await put(client, bid, document, 7, REFUSED.encode()),
            await client.put(
                f"{document}/parts/{len(first)}",
                content=REFUSED.encode() * 3,
                headers=bid.solver.headers
                | {"Content-Digest": papers.content_digest(REFUSED.encode())},
            ),
            await begun(client, bid, REFUSED.encode(), name="../拒收"),
            await begun(client, bid, REFUSED.encode(), size_bytes=10**12),
        ]
        await put(client, bid, document, len(first), second)
        await act(client, bid, document, "complete")
        abandoned = await papers.a_document(
            client, bid, ABANDONED.encode(), name="半途而废.txt", type="other"
        )
        await act(client, bid, abandoned, "remove")
        sealed = await seal(client, bid, quote_fen=QUOTE_FEN, summary=SUMMARY)
        await everybody_listens(house, bid, call, recorder)
    assert [one.status_code for one in refused] == [409, 422, 400, 413]
    assert sealed.status_code == 200, sealed.text
    bodies = b"\n".join(one.body for one in recorder.heard)
    told = [("the log", log.getvalue().encode()), ("webhooks", bodies)]

    before = await sweeping.everything(house, told=told)
    await given.the_deadline_passed(house.database, clock, call)
    await given.the_opening(house.database, clock, call, keeper=house.keeper)
    await papers.an_inspector(house).work()
    after = await sweeping.everything(house)

    assert len(before["the log"]) > 1_000
    assert len(before["webhooks"]) > 100
    assert [name for name in before if name.startswith("file storage/bid-documents/")]
    assert sweeping.find(MARKERS, before) == []
    opened = sweeping.find({"name": NAME, "summary": SUMMARY}, after)
    assert "name, as it is: table opened_document" in opened
    assert "summary, as it is: table bid" in opened
    # The content stays encrypted in the storage; only its kept key is readable, sealed.
    assert sweeping.find({"content": CONTENT, "later": LATER}, after) == []
