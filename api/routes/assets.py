"""Files of the web pages: our own from ``api/web``, MapLibre from where npm put it."""

from pathlib import Path, PurePosixPath
from typing import Final

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from spatial.settings import Settings

WEB: Final = Path(__file__).resolve().parent.parent / "web"

MEDIA_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
}
"""The only files that leave the house; browsers refuse a module whose type is wrong, so we do not guess."""


class Assets(StaticFiles):
    """One folder of files, with the media types that browsers insist on.

    Parameters
    ----------
    cache_control
        How long browsers may keep a file before they ask again with its ETag.
    """

    def __init__(self, directory: Path, *, cache_control: str) -> None:
        # The folder may come later: npm runs after the first start of a fresh checkout.
        super().__init__(directory=directory, check_dir=False)
        self._cache_control = cache_control

    async def check_config(self) -> None:
        """Accept a folder that is not there yet; its files are 404 till then."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Answer with a file of a known type, or 404."""
        media_type = MEDIA_TYPES.get(PurePosixPath(path).suffix)
        if media_type is None:
            raise HTTPException(404)
        response = await super().get_response(path, scope)
        if response.status_code == 200:
            response.headers["Content-Type"] = media_type
        response.headers["Cache-Control"] = self._cache_control
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response


def routes(settings: Settings) -> list[BaseRoute]:
    """Return the routes below ``/assets``."""
    maplibre = settings.state_dir / "web/node_modules/maplibre-gl/dist"
    return [
        Mount("/assets/maplibre", Assets(maplibre, cache_control="public, max-age=86400"), name="maplibre"),
        Mount("/assets", Assets(WEB, cache_control="no-cache"), name="assets"),
    ]
