"""OGC's own JSON schemas, as they publish them: YAML with relative references, and the schema of CQL2.

The files are shared data for tests, not part of the project; who needs them skips by name where they are absent.
"""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from spatial.settings import PROJECT

FOLDER: Final = PROJECT.parent / "shared" / "clients" / "schemas"
PART_1: Final = "http://schemas.opengis.net/ogcapi/features/part1/1.0/openapi/schemas/"
"""Where the schemas of other parts look for those of Part 1; nothing is fetched."""
FORMATS: Final = FormatChecker(("date-time", "date"))


def check(document: Any, name: str) -> None:
    """Check a document against a schema of OGC's such as ``features/landingPage.yaml``; skip where it is absent."""
    if not (FOLDER / name).is_file():
        pytest.skip(f"../shared/clients/schemas/{name} is absent")
    faults = [f"{one.json_path}: {one.message[:300]}" for one in _validator(name).iter_errors(document)]
    assert not faults, (name, faults[:5])


@lru_cache
def _validator(name: str) -> Draft202012Validator:
    path = FOLDER / name
    registry: Registry[Any] = Registry(retrieve=_resource)  # type: ignore[call-arg]
    return Draft202012Validator({"$ref": path.as_uri()}, registry=registry, format_checker=FORMATS)


def _resource(uri: str) -> Resource[Any]:
    if uri.startswith(PART_1):
        path = FOLDER / "features" / uri.removeprefix(PART_1)
    else:
        path = Path(uri.removeprefix("file://"))
    text = path.read_text(encoding="utf-8")
    document = json.loads(text) if path.suffix == ".json" else _told_in_2020_12(yaml.safe_load(text))
    return Resource.from_contents(document, default_specification=DRAFT202012)


def _told_in_2020_12(schema: Any) -> Any:
    """Turn the nulls of their YAML, ``nullable: true`` and ``type: null``, into those of JSON Schema."""
    if isinstance(schema, list):
        return [_told_in_2020_12(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    told = {name: _told_in_2020_12(value) for name, value in schema.items()}
    if "type" in told:
        told["type"] = _named(told["type"])
    if told.pop("nullable", False):
        return {"anyOf": [{"type": "null"}, told]}
    return told


def _named(kind: Any) -> Any:
    """Return a type, or several, with null by its name: YAML reads the bare word as a value."""
    if isinstance(kind, list):
        return [_named(one) for one in kind]
    return "null" if kind is None else kind
