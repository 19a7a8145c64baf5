"""What can be wrong with a question to a layer."""

from spatial.crs import Crs
from spatial.errors import InvalidInput, NotFound
from spatial.query.types import Key


class UnknownFeature(NotFound):
    """The layer has no feature of this id."""

    def __init__(self, layer_id: str, key: Key) -> None:
        super().__init__(f"Layer {layer_id!r} has no feature {str(key)!r}.")
        self.layer_id = layer_id
        self.key = key


class OutsideCrs(InvalidInput):
    """A feature lies where the asked reference system is not defined."""

    def __init__(self, crs: Crs) -> None:
        super().__init__(
            f"Some of these features lie outside the area of {crs.title}. Ask in CRS84, or for a smaller bbox.",
            field="crs",
        )
