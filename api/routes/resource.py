"""A route that also says what may be done with it."""

from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send


class Resource(Route):
    """A route that answers OPTIONS with the methods it allows, as QGIS asks before it edits."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer OPTIONS here, and leave the rest to the endpoint."""
        if scope["method"] == "OPTIONS":
            allow = ", ".join(sorted({*(self.methods or ()), "OPTIONS"}))
            await Response(status_code=204, headers={"Allow": allow})(scope, receive, send)
            return
        await super().handle(scope, receive, send)
