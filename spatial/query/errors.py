"""What can be wrong with a question to a layer."""

from spatial.errors import NotFound
from spatial.query.types import Key


class UnknownFeature(NotFound):
    """The layer has no feature of this id."""

    def __init__(self, layer_id: str, key: Key) -> None:
        super().__init__(f"Layer {layer_id!r} has no feature {str(key)!r}.")
        self.layer_id = layer_id
        self.key = key
