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


class UnusableCursor(InvalidInput):
    """A page's cursor is not one of ours, or belongs to another order."""

    def __init__(self) -> None:
        super().__init__("cursor is not one of our links; start again without it.", field="cursor")


class TooCostly(InvalidInput):
    """A filter would read too much."""

    def __init__(
        self, layer_id: str, *, rows: int, seconds: float, allowed_s: float, hint: str, field: str = "filter"
    ) -> None:
        super().__init__(
            f"This filter would compute a condition for about {rows:,} features of layer {layer_id!r}, some"
            f" {seconds:.0f} s of work; {allowed_s:g} s are allowed. {hint}",
            field=field,
        )
