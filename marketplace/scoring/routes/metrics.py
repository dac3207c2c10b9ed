"""The metrics that a benchmark criterion may name."""

from litestar import Request, Response, get
from litestar.datastructures import State

from marketplace.identity.rules.access import Actor
from marketplace.scoring.rules.metrics import registry
from marketplace.scoring.schemas.metrics import MetricOut
from marketplace.wire.answers import answer
from marketplace.wire.shapes import PageOut


@get("/v1/metrics", operation_id="metrics_list", tags=["scoring"])
async def list_metrics(request: Request[Actor, None, State]) -> Response[PageOut[MetricOut]]:
    """List every metric of this installation, with formula, source, direction and range."""
    items = [MetricOut.of(metric) for metric in registry.known().values()]
    return answer(request, PageOut(items=items, next_cursor=None))
