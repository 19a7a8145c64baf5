"""Entity tags that follow from the version of the data, so that 304 costs no query."""

from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from api.responses import base_url
from spatial.catalogue.catalogue import Catalogue, PublishedLayer

HOUSE: Final = Path(__file__).resolve().parent.parent
ROOMS: Final = ("api", "spatial")


def _release() -> str:
    """Return a digest of the program: another release may write the same data differently."""
    files = sorted(one for room in ROOMS for one in (HOUSE / room).rglob("*") if one.suffix in {".py", ".html"})
    said = " ".join(f"{one.relative_to(HOUSE)} {one.stat().st_size} {one.stat().st_mtime_ns}" for one in files)
    return blake2b(said.encode(), digest_size=8).hexdigest()


RELEASE: Final = _release()


def layer_tag(request: Request, layer: PublishedLayer, *, form: str) -> str:
    """Return the tag of an answer that depends on one layer's content and on the request.

    It is weak: two answers of the same tag may differ in their time stamp.

    Parameters
    ----------
    form
        Format of the answer, with its language where it has one.
    """
    return _tag(request, f"{layer.state} {_declared(layer)}", form)


def catalogue_tag(request: Request, catalogue: Catalogue, *, form: str) -> str:
    """Return the tag of an answer that may depend on every layer."""
    latest = max((one.changed_at.isoformat() for one in catalogue.layers.values()), default="")
    return _tag(request, f"{catalogue.version} {latest}", form)


@lru_cache(maxsize=256)
def _declared(layer: PublishedLayer) -> str:
    """Return a digest of a layer's declaration: another one shows the same content otherwise."""
    return blake2b(layer.definition.model_dump_json().encode(), digest_size=8).hexdigest()


def not_modified(tag: str, vary: str) -> Response:
    """Answer that the client has it already."""
    return Response(status_code=304, headers={"ETag": tag, "Vary": vary, "Cache-Control": "no-cache"})


def _tag(request: Request, state: str, form: str) -> str:
    scope = request.scope
    said = f"{RELEASE} {state} {form} {base_url(request)} {scope['path']}?".encode()
    return f'W/"{blake2b(said + scope["query_string"], digest_size=12).hexdigest()}"'
