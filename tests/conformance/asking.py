"""How the tests ask: answers that must be good, refusals that must name a parameter, links and pages to follow."""

from collections.abc import Iterator, Mapping
from typing import Any

from starlette.testclient import TestClient

Params = Mapping[str, Any] | list[tuple[str, Any]]


def items(web: TestClient, layer: str, params: Params | None = None, **headers: str) -> dict[str, Any]:
    """Return a page of a layer's features."""
    answer = web.get(f"/collections/{layer}/items", params=params, headers=headers)
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    return page


def codes(web: TestClient, params: Params | None = None, *, layer: str = "buildings") -> list[str]:
    """Return the codes of the features that are found, in their order."""
    return [one["properties"]["code"] for one in items(web, layer, params)["features"]]


def refused(web: TestClient, path: str, params: Params, field: str) -> None:
    """Expect a 400 whose problem document names the parameter and says what to do."""
    answer = web.get(path, params=params)
    assert answer.status_code == 400, (str(answer.url), answer.status_code, answer.text[:300])
    check_problem(answer, 400)
    assert answer.json()["field"] == field, answer.text


def check_problem(answer: Any, status: int) -> None:
    """Expect a problem document of RFC 9457 that says something."""
    assert answer.status_code == status
    assert answer.headers["content-type"].split(";")[0] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]


def hrefs(document: Mapping[str, Any], rel: str, media_type: str | None = None) -> list[str]:
    """Return where the links of a relation, and of a type, lead."""
    return [one["href"] for one in document["links"] if one["rel"] == rel and media_type in {None, one["type"]}]


def pages(web: TestClient, url: str, rel: str = "next") -> Iterator[dict[str, Any]]:
    """Yield a page and those that its links lead to."""
    for _ in range(200):
        answer = web.get(url)
        assert answer.status_code == 200, answer.text
        page: dict[str, Any] = answer.json()
        yield page
        following = hrefs(page, rel)
        if not following:
            return
        [url] = following
    raise AssertionError(f"the {rel} links never end")


def ids(page: Mapping[str, Any]) -> list[Any]:
    """Return the ids of a page's features in their order."""
    return [one["id"] for one in page["features"]]


def positions(geometry: Mapping[str, Any]) -> list[list[float]]:
    """Return every position of a geometry."""

    def walk(found: Any) -> Iterator[list[float]]:
        if isinstance(found[0], list):
            for one in found:
                yield from walk(one)
        else:
            yield found

    return list(walk(geometry["coordinates"]))
