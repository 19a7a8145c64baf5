"""Whatever the API description lets a client ask, and whatever it does not: the answer is one that it tells of.

Schemathesis draws requests from our own description. Fixed seeds, so that a failure comes again.
"""

import re
from typing import Any, Final

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from starlette.testclient import TestClient

# Of each layer the same: one of each kind is enough.
LAYERS: Final = ("buildings", "pipe_segments", "addresses")
EXAMPLES: Final = 250
calm = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    # Shrinking a request of dozens of parameters takes minutes; the whole one tells enough.
    phases=(Phase.generate,),
    suppress_health_check=[*HealthCheck],
)


@pytest.fixture(scope="module")
def operations(web: TestClient) -> list[Any]:
    """Give every operation of the description, one layer of each kind, each with its schema."""
    schema = schemathesis.openapi.from_dict(web.get("/api").json())
    read = [*schema.get_all_operations()]
    found = [one.ok() for one in read if isinstance(one, Ok)]
    assert len(found) == len(read)
    kept = [one for one in found if _is_kept(one.path)]
    assert {one.method for one in kept} == {"get", "post"}
    return kept


def _is_kept(path: str) -> bool:
    layer = re.match(r"/collections/([^/{]+)", path)
    return layer is None or layer[1] in LAYERS


def ask(web: TestClient, data: st.DataObject, operations: list[Any], mode: GenerationMode) -> tuple[Any, Any]:
    """Draw a request and send it; return it with its answer."""
    operation = data.draw(st.sampled_from(operations), label="operation")
    case = data.draw(operation.as_strategy(generation_mode=mode), label="case")
    told = case.as_transport_kwargs(base_url="http://testserver")
    told = {
        name: value for name, value in told.items() if name in {"method", "url", "params", "json", "data", "headers"}
    }
    if "data" in told:
        told["content"] = told.pop("data")
    return case, web.request(**{name: value for name, value in told.items() if value is not None})


def check(case: Any, answer: Any) -> None:
    """Expect an answer that the description tells of, and of a refusal that it names the parameter."""
    asked = f"{case.method} {answer.request.url}"[:600]
    assert answer.status_code < 500, (asked, answer.text)
    responses = case.operation.definition.raw["responses"]
    if answer.status_code == 404 and "{" not in case.operation.path:
        # A path parameter drawn as an empty text or a slash leads elsewhere; without any it must be described.
        assert "404" in responses, asked
    if answer.status_code not in {404, 405}:
        assert str(answer.status_code) in responses, (asked, answer.status_code, answer.text[:300])
    media_type = answer.headers.get("content-type", "").split(";")[0]
    if answer.status_code >= 400:
        assert media_type == "application/problem+json", asked
        problem = answer.json()
        assert problem["status"] == answer.status_code
        assert problem["detail"]
        if answer.status_code == 400:
            known = {*(answer.request.url.params), *_members(case.body), "body", "Host"}
            assert problem.get("field") in known, (asked, problem)
    elif answer.status_code == 200:
        offered = {one.split(";")[0] for one in _content(case, responses["200"])}
        assert media_type in offered, (asked, media_type, offered)


def _members(body: Any) -> set[str]:
    return {*body} if isinstance(body, dict) else set()


def _content(case: Any, response: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in response:
        found: Any = case.operation.schema.raw_schema
        for name in response["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        response = found
    content: dict[str, Any] = response["content"]
    return content


@calm
@given(data=st.data())
def test_what_the_description_allows_is_answered_as_it_says(
    web: TestClient, operations: list[Any], data: st.DataObject
) -> None:
    check(*ask(web, data, operations, GenerationMode.POSITIVE))


@calm
@given(data=st.data())
def test_what_the_description_forbids_is_refused_as_it_says(
    web: TestClient, operations: list[Any], data: st.DataObject
) -> None:
    check(*ask(web, data, operations, GenerationMode.NEGATIVE))


def test_every_operation_is_asked_once_at_least(web: TestClient, operations: list[Any]) -> None:
    """No path is left to chance: of each operation some requests, allowed and forbidden ones."""
    for operation in operations:
        for mode in GenerationMode:
            _ask_some(web, operation, mode)


def _ask_some(web: TestClient, operation: Any, mode: GenerationMode) -> None:
    @settings(calm, max_examples=4)
    @given(data=st.data())
    def some(data: st.DataObject) -> None:
        check(*ask(web, data, [operation], mode))

    some()
