"""Read the declarations of this folder."""

import tomllib
from pathlib import Path
from typing import Any

from spatial.catalogue.types import CodeList, Group, Layer

HERE = Path(__file__).parent


def read_groups() -> tuple[Group, ...]:
    """Return the branches of the layer tree in their order."""
    return tuple(Group(**one) for one in _toml(HERE / "groups.toml")["group"])


def read_layers() -> tuple[Layer, ...]:
    """Return every built-in layer, lowest rank first."""
    layers = [Layer(**_toml(path)) for path in (HERE / "layers").glob("*.toml")]
    return tuple(sorted(layers, key=lambda layer: layer.rank))


def read_code_lists() -> tuple[CodeList, ...]:
    """Return every code list by id."""
    return tuple(CodeList(id=name, **one) for name, one in sorted(_toml(HERE / "codes.toml").items()))


def _toml(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        return tomllib.load(file)
