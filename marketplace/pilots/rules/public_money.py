"""Whose part of a pilot is public money, on which related parties may not draw."""

from collections.abc import Iterable, Mapping

from marketplace.pilots.rules.settlement import GOV, POSTER, PhaseTerms


def public_funders(*, poster_is_government: bool) -> frozenset[str]:
    """Name the parties that pay from a public purse: the district, and a poster that is one."""
    return frozenset({GOV, POSTER} if poster_is_government else {GOV})


def promises(terms: Iterable[PhaseTerms], funders: frozenset[str]) -> bool:
    """Tell whether signed terms give any of `funders` a share, however a phase may end."""
    return any(
        shares[funder] > 0
        for one in terms
        for shares in (one.ok_bps, one.blameless_fail_bps)
        for funder in funders
    )


def draws_on(shares_fen: Mapping[str, int], funders: frozenset[str]) -> bool:
    """Tell whether any of `funders` pays something of a settled claim.

    >>> company = public_funders(poster_is_government=False)
    >>> draws_on({"gov": 0, "poster": 100, "solver": 50}, company)
    False
    """
    return any(shares_fen.get(funder, 0) > 0 for funder in funders)
