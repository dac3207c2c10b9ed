"""A wrong parameter of an address is explained in the language of whoever reads the answer."""

import re

import httpx
import pytest

LATIN_WORDS = re.compile(r"[A-Za-z]{4,}")


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("/v1/scenarios?limit=0", "不得小于 1"),
        ("/v1/scenarios?limit=201", "不得大于 200"),
        ("/v1/scenarios?limit=many", "应为整数"),
        (f"/v1/scenarios?cursor={'a' * 600}", "最多 512 个字符"),
        ("/v1/scenarios?state=nowhere", "不是可选的值:nowhere"),
        ("/v1/scenarios?batch_id=one", "应为 UUID"),
    ],
)
async def test_a_wrong_parameter_is_explained_in_both_languages(
    client: httpx.AsyncClient, query: str, said: str
) -> None:
    """400 with what would be right; the English words are those of the validator."""
    answers = [
        (await client.get(query, headers={"Accept-Language": language})).json()
        for language in ("zh", "en")
    ]

    assert [one["status"] for one in answers] == [400, 400]
    chinese, english = (one["errors"][0]["detail"] for one in answers)
    assert chinese == said
    assert LATIN_WORDS.search(english)
    name = query.partition("?")[2].partition("=")[0]
    assert [one["errors"][0]["pointer"] for one in answers] == [f"/{name}"] * 2
