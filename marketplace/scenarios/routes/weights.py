"""The door at which weights are derived from comparisons; nothing is stored behind it."""

from litestar import Request, Response, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import JSONBody

from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor
from marketplace.scenarios.rules import pairwise
from marketplace.scenarios.schemas.weights import WeightsIn, WeightsOut
from marketplace.wire.answers import answer

AnyRequest = Request[Actor, None, State]


@post(
    "/v1/criteria-weights/ahp",
    status_code=200,
    operation_id="criteria_weights_derive",
    tags=["scenarios"],
    sync_to_thread=False,
)
def derive_weights(
    request: AnyRequest, data: JSONBody[WeightsIn], actor: NamedDependency[Actor]
) -> Response[WeightsOut]:
    """Derive weights from pairwise comparisons; contradictions are refused without a reason."""
    access.signed_in(actor)
    return answer(request, WeightsOut.of(pairwise.settle(data.criteria, data.value())))
