"""What QGIS asks of a server before it knows any layer: landing page, API description, conformance classes."""

from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

from api.clients import say
from api.clients.fetch import Failed
from api.clients.session import Session, find_link, links_of
from api.clients.types import Line, Stop

OPENAPI: Final = "application/vnd.oai.openapi+json;version=3.0"
OPENAPI_DRAFT: Final = "application/openapi+json;version=3.0"
PAGE_WITHOUT_LIMIT: Final = 100
PAGE_AIM: Final = 1000
INT_MAX: Final = 2**31 - 1
"""QGIS keeps limits in 32 bits."""
NO_QUERYABLES: Final = frozenset(
    ("crs", "bbox", "bbox-crs", "filter", "filter-lang", "filter-crs", "datetime", "limit")
)


def landing(session: Session) -> Iterator[Line]:
    """Read the landing page: without two of its links QGIS gives up."""
    try:
        answer = session.get(session.landing_url, "application/json")
        links = links_of(answer.document())
    except Failed as error:
        yield say.fault("landing", error, "QGIS 无法连接。", "QGIS cannot connect.")
        raise Stop from error
    api = find_link(links, "service-desc", OPENAPI, OPENAPI_DRAFT) or find_link(links, "service", OPENAPI)
    data = find_link(links, "data", "application/json")
    for rel, href in (("service-desc", api), ("data", data)):
        if not href:
            yield say.fault(
                "landing",
                f"no link with rel={rel}",
                f"QGIS 拒绝加载任何图层。请在首页 JSON 的 links 中加入 rel={rel}。",
                f"QGIS refuses every layer. Add a link with rel={rel} to the landing page.",
            )
            raise Stop
    session.api_url = urljoin(answer.url, api or "")
    session.collections_url = urljoin(answer.url, data or "").partition("?")[0]
    conformance = find_link(links, "conformance")
    session.conformance_url = urljoin(answer.url, conformance) if conformance else None
    yield say.ok("landing", "service-desc, data" + (", conformance" if conformance else ""))
    yield from _addresses(session, answer.url)


def _addresses(session: Session, here: str) -> Iterator[Line]:
    asked = urlsplit(here).netloc.rpartition("@")[2]
    led = urlsplit(session.collections_url).netloc
    if led == asked:
        yield say.ok("address", asked)
    else:
        yield say.loss(
            "address",
            f"{asked} → {led}"[:120],
            "链接指向另一个地址；从外面访问的 QGIS 可能连不上。请设置服务器的公开地址（反向代理）。",
            "Links lead to another address that QGIS may not reach. Set the server's public address (reverse proxy).",
        )


def description(session: Session) -> Iterator[Line]:
    """Read the API description: the page size stands in it."""
    try:
        session.api = session.get(session.api_url, f"{OPENAPI}, {OPENAPI_DRAFT}, application/json").document()
    except Failed as error:
        yield say.fault(
            "api",
            error,
            "QGIS 拒绝加载任何图层。请让 service-desc 给出 OpenAPI 3.0 的 JSON。",
            "QGIS refuses every layer. Let service-desc lead to OpenAPI 3.0 as JSON.",
        )
        raise Stop from error
    yield say.ok("api", f"OpenAPI {session.api.get('openapi', '?')}"[:40])
    yield _page_size(session)


def _page_size(session: Session) -> Line:
    """Tell how many features QGIS asks at a time: min(max(1000, default), maximum) of components.parameters.limit."""
    schema = _inside(session.api, "components", "parameters", "limit", "schema")
    default, maximum = _whole(schema.get("default")), _whole(schema.get("maximum"))
    if default > INT_MAX or maximum > INT_MAX:
        return say.fault(
            "page-size",
            f"default {default}, maximum {maximum}",
            "QGIS 用 32 位整数读取，数值会变成乱数。请给出小于 2147483648 的上限。",
            "QGIS reads 32 bits, so the number turns into another. Name a maximum below 2147483648.",
        )
    if default and maximum:
        session.page_size = min(max(PAGE_AIM, default), maximum)
    else:
        session.page_size = maximum or (max(PAGE_AIM, default) if default else PAGE_WITHOUT_LIMIT)
    found = f"{session.page_size} (default {default or '-'}, maximum {maximum or '-'})"
    if not (default or maximum):
        found += ", no components.parameters.limit"
    if session.page_size >= PAGE_AIM:
        return say.ok("page-size", found)
    return say.loss(
        "page-size",
        found,
        "每页要素少，加载慢。请在 components.parameters.limit 写明 default 与 maximum（至少 1000，最好 10000）。",
        "Small pages load slowly. State default and maximum (1,000 or better 10,000) in components.parameters.limit.",
    )


def simple_queryables(session: Session, collection: str) -> dict[str, str]:
    """Return name and type of the parameters that QGIS 3.30 and later use where there is no CQL2.

    It takes only those with ``style: form`` and ``explode: false``, both written out.
    """
    path = _inside(session.api, "paths", f"/collections/{collection}/items", "get")
    parameters = path.get("parameters")
    found: dict[str, str] = {}
    for written in parameters if isinstance(parameters, list) else []:
        one = _resolved(session.api, written)
        schema = one.get("schema")
        kind = schema.get("type") if isinstance(schema, dict) else None
        is_form = (one.get("in"), one.get("style"), one.get("explode")) == ("query", "form", False)
        name = one.get("name")
        if is_form and isinstance(name, str) and isinstance(kind, str) and name not in NO_QUERYABLES:
            found[name] = kind
    return found


def conformance(session: Session) -> Iterator[Line]:
    """Read the conformance classes, on which everything newer than 3.28 depends."""
    if session.conformance_url is None:
        yield say.loss(
            "conformance",
            "no link with rel=conformance",
            "QGIS 不会使用其他坐标系、服务端过滤和字段结构。请在首页加入 rel=conformance。",
            "QGIS uses no other CRS, no filters, no schema. Add a link with rel=conformance to the landing page.",
        )
        return
    try:
        declared = session.get(session.conformance_url, "application/json").document().get("conformsTo")
        if not isinstance(declared, list):
            raise Failed("没有 conformsTo 数组", "has no array 'conformsTo'")  # noqa: TRY301 - one way to say it
    except Failed as error:
        yield say.fault(
            "conformance",
            error,
            "QGIS 不会使用其他坐标系、服务端过滤和字段结构。请修复 /conformance。",
            "QGIS uses no other CRS, no filters, no schema. Mend the document.",
        )
        return
    session.classes = frozenset(one for one in declared if isinstance(one, str))
    yield say.ok("conformance", f"{len(session.classes)} classes")


def _whole(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def _inside(document: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    """Return the object under a path of names; empty where the path ends before."""
    here: Any = document
    for name in names:
        here = here.get(name) if isinstance(here, dict) else None
    return here if isinstance(here, dict) else {}


def _resolved(api: Mapping[str, Any], written: Any) -> Mapping[str, Any]:
    """Follow one local reference, as QGIS does."""
    if not isinstance(written, dict):
        return {}
    reference = written.get("$ref")
    if not isinstance(reference, str):
        return written
    return _inside(api, *reference[2:].split("/")) if reference.startswith("#/") else {}
