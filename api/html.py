"""Documents as pages: templates compiled once, everything escaped, nothing fetched from outside."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from jinja2 import ChainableUndefined, Environment, FileSystemLoader
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from api.negotiation import language_of
from api.printed import crs_name, grouped, has_any, local_time, shapes, unit_sign
from api.view import TAGS, View
from spatial.catalogue.catalogue import Catalogue, PublishedLayer

SECURITY_HEADERS: Final[Mapping[str, str]] = {
    # No inline script or style and no other host, so a stored text that slipped through could still do nothing.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
        "worker-src 'self' blob:; connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Vary": "Accept, Accept-Language",
    "Cache-Control": "no-cache",
}


def page(
    request: Request,
    template: str,
    *,
    title: str | None = None,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **context: Any,
) -> Response:
    """Answer with a document as HTML.

    Parameters
    ----------
    template
        File in ``api/templates``.
    title
        What the browser tab says; the document's own title when left out.
    status, headers
        Of the response; ``headers`` come on top of the security headers.
    **context
        ``document`` (the JSON document), and ``language``, ``catalogue`` and ``layer`` where there are such.
    """
    language = context.setdefault("language", language_of(request))
    catalogue: Catalogue | None = context.setdefault("catalogue", getattr(request.app.state, "catalogue", None))
    layer: PublishedLayer | None = context.setdefault("layer", None)
    document = context.get("document")
    view = View(request, language, catalogue, layer)
    named = _named(document, view) if isinstance(document, dict) else None
    content = _TEMPLATES.get_template(template).render(
        context | {"title": title or named or view.place, "view": view, "t": view.text, "layer": layer}
    )
    return HTMLResponse(
        content, status, {**SECURITY_HEADERS, "Content-Language": TAGS[language], **dict(headers or {})}
    )


def _named(document: Mapping[str, Any], view: View) -> str | None:
    """Return a document's own title; that of a problem is English, so it is said in the page's language."""
    if "status" in document and "detail" in document:
        return view.status_title(document)
    title: str | None = document.get("title") or document.get("info", {}).get("title")
    return title


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=ChainableUndefined,
    )
    environment.filters["grouped"] = grouped
    environment.filters["has_any"] = has_any
    environment.filters["unit_sign"] = unit_sign
    environment.filters["shapes"] = shapes
    environment.filters["local_time"] = local_time
    environment.filters["crs_name"] = crs_name
    return environment


_TEMPLATES: Final = _environment()
