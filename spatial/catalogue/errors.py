"""What can be wrong with a layer's name."""

from spatial.errors import Conflict, NotFound


class UnknownLayer(NotFound):
    """No layer has this id."""

    def __init__(self, layer_id: str) -> None:
        super().__init__(f"There is no layer {layer_id!r}. /collections lists all of them.")
        self.layer_id = layer_id


class LayerExists(Conflict):
    """A layer of this id stands already and was not asked to be replaced."""

    def __init__(self, layer_id: str) -> None:
        super().__init__(f"A layer {layer_id!r} exists already. Choose another id, or add --replace.")
        self.layer_id = layer_id


class BuiltInLayer(Conflict):
    """The layer belongs to the platform and cannot be replaced by a file."""

    def __init__(self, layer_id: str) -> None:
        super().__init__(
            f"{layer_id!r} is a layer of the platform; a file can neither replace it nor drop it. Choose another id."
        )
        self.layer_id = layer_id
