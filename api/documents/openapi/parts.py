"""The pieces that every path is made of."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

Say = Callable[[str, str], str]
"""Chooses between a Chinese and an English text."""

PROBLEMS: Final = ("400", "404", "406", "503")
"""What every resource may answer instead of what was asked for."""


def saying(language: str) -> Say:
    """Return what chooses the texts of a language.

    >>> saying("en")("图层", "Layers")
    'Layers'
    """
    return lambda zh, en: en if language == "en" else zh


def ref(kind: str, name: str) -> dict[str, Any]:
    """Return the reference to a shared piece.

    >>> ref("parameters", "limit")
    {'$ref': '#/components/parameters/limit'}
    """
    return {"$ref": f"#/components/{kind}/{name}"}


def shared(*names: str) -> list[dict[str, Any]]:
    """Return references to shared parameters."""
    return [ref("parameters", name) for name in names]


def get(
    operation_id: str,
    tag: str,
    summary: str,
    response: str,
    parameters: Sequence[Mapping[str, Any]] = (),
    *,
    description: str | None = None,
    others: Sequence[str] = (),
) -> dict[str, Any]:
    """Return a path item with one GET.

    Parameters
    ----------
    response
        Name of the shared response that tells of success.
    others
        Names of shared responses besides it, each named by its status.
    """
    found = operation(operation_id, tag, summary, response, parameters, others=others)
    return {"get": found | ({"description": description} if description else {})}


def operation(
    operation_id: str,
    tag: str,
    summary: str,
    response: str,
    parameters: Sequence[Mapping[str, Any]] = (),
    *,
    others: Sequence[str] = (),
) -> dict[str, Any]:
    """Return an operation; its failures are the same everywhere."""
    statuses = {"200": ref("responses", response)}
    statuses |= {status: ref("responses", status) for status in sorted({*PROBLEMS, *others})}
    return {
        "operationId": operation_id,
        "tags": [tag],
        "summary": summary,
        "parameters": list(parameters),
        "responses": statuses,
    }


def path_parameter(name: str, description: str, schema: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return a parameter that stands in the path."""
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": description,
        "schema": dict(schema or {"type": "string"}),
    }


def query_parameter(name: str, description: str, schema: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """Return a parameter of the query string."""
    return {"name": name, "in": "query", "description": description, "schema": dict(schema), **more}


def list_parameter(name: str, description: str, items: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """Return a parameter that is a list with commas between its parts."""
    schema = {"type": "array", "items": dict(items), **more}
    return query_parameter(name, description, schema, style="form", explode=False)
