"""The features as QGIS fetches them: the first ten, their number, the pages after, other formats."""

from collections import Counter
from collections.abc import Iterator
from typing import Final
from urllib.parse import urljoin

from api.clients import say
from api.clients.fetch import Failed
from api.clients.session import Page, Session, links_of
from api.clients.types import NEXT, Line, Stop

FIRST: Final = 10
PAGE: Final = 5
PAGES_MAX: Final = 4
GZIP_FROM_BYTES: Final = 4096
GEOJSON: Final = "application/geo+json"
FLATGEOBUF: Final = "application/flatgeobuf"
FLATGEOBUF_MAGIC: Final = b"fgb\x03fgb"
FASTER: Final = (FLATGEOBUF, "application/fg+json", "application/gml+xml")


def first_page(session: Session) -> Iterator[Line]:
    """Fetch ten features, from which QGIS learns the fields and the kind of geometry."""
    try:
        page = session.page({"limit": str(FIRST)})
    except Failed as error:
        yield say.fault(
            "items",
            error,
            "QGIS 无法加载该图层。请让 items?limit=10 给出 GeoJSON。",
            "QGIS cannot load the layer. Let items?limit=10 give GeoJSON.",
        )
        raise Stop from error
    session.sample, session.matched = page.features, page.matched
    yield _items(page)
    yield from _ids(page)
    yield _text(page)
    yield _gzip(page)


def _items(page: Page) -> Line:
    if len(page.features) > FIRST:
        return say.fault(
            "items",
            f"limit=10 gave {len(page.features)}",
            "服务器不理会 limit，QGIS 每次都会下载全部数据。请按 limit 截取。",
            "The server ignores limit, so QGIS downloads everything each time. Obey limit.",
        )
    if page.answer.media_type != GEOJSON:
        return say.loss(
            "items",
            f"{page.answer.media_type or 'no media type'}",
            "QGIS 能读，但标准要求 application/geo+json，其他软件会拒绝。请改正 Content-Type。",
            "QGIS reads it, but other programs refuse what is not application/geo+json. Correct Content-Type.",
        )
    return say.ok("items", f"{len(page.features)}, {page.answer.media_type}")


def _ids(page: Page) -> Iterator[Line]:
    if not page.features:
        yield say.untested("ids", "no features")
        return
    counted = Counter(str(one.id) for one in page.features if one.id is not None)
    twice = [key for key, number in counted.items() if number > 1]
    if twice:
        yield say.fault(
            "ids",
            f"twice: {', '.join(twice)}"[:120],
            "QGIS 会把编号相同的要素当作一个，只显示其中之一。请让编号唯一。",
            "QGIS takes features of one id for one and shows only one. Make ids unique.",
        )
    elif any(one.id is None for one in page.features):
        yield say.loss(
            "ids",
            "features without id",
            "QGIS 用内容计算编号，内容相同的要素会丢失，也不能编辑。请给每个要素顶层的 id。",
            "QGIS makes ids of the content, so equal features merge and none can be edited. Give each an id.",
        )
    elif any(isinstance(one.id, int) and "id" not in one.properties for one in page.features):
        yield say.loss(
            "ids",
            "not among the properties",
            "属性表里看不到编号，也不能按它过滤。请在 properties 中重复 id。",
            "The id is neither shown nor filtered by. Repeat it among the properties.",
        )
    else:
        yield say.ok("ids", str(page.features[0].id)[:60])


def _text(page: Page) -> Line:
    texts = [value for one in page.features for value in one.properties.values() if isinstance(value, str)]
    broken = next((text for text in texts if "\ufffd" in text or "???" in text), None)
    if broken is not None:
        return say.loss(
            "text",
            broken[:60],
            "文字在服务器端已损坏，QGIS 只能显示乱码。请检查数据入库时的编码（GBK/UTF-8）。",
            "The text was broken before it was sent. Check the encoding at import (GBK, UTF-8).",
        )
    chinese = next((text for text in texts if any("\u4e00" <= one <= "\u9fff" for one in text)), None)
    return say.ok("text", chinese[:60]) if chinese else say.untested("text", "no Chinese text in the first features")


def _gzip(page: Page) -> Line:
    if len(page.answer.body) < GZIP_FROM_BYTES:
        return say.untested("gzip", f"{len(page.answer.body)} bytes are too few")
    if page.answer.was_packed:
        return say.ok("gzip", page.answer.headers.get("content-encoding", ""))
    return say.loss(
        "gzip",
        f"{len(page.answer.body)} bytes as they are",
        "数据不压缩，下载量约为五倍。请开启 gzip。",
        "Answers come unpacked, about five times as much to load. Switch gzip on.",
    )


def count(session: Session) -> Iterator[Line]:
    """Ask for one feature, as QGIS does to learn their number."""
    try:
        page = session.page({"limit": "1"})
    except Failed as error:
        yield say.fault("count", error, "QGIS 不知道要素总数。请修复。", "QGIS cannot tell the number. Mend it.")
        return
    if page.matched is None:
        yield say.loss(
            "count",
            "no numberMatched",
            "QGIS 只数到 1000，进度条没有终点。请给出 numberMatched。",
            "QGIS counts to 1,000 only and shows no progress. Give numberMatched.",
        )
    elif page.matched != session.matched:
        yield say.fault(
            "count",
            f"{session.matched} with limit=10, {page.matched} with limit=1",
            "总数随 limit 变化，QGIS 显示错误的数目。numberMatched 应为全部匹配的要素数。",
            "The number depends on limit, so QGIS shows a wrong one. numberMatched counts all that match.",
        )
    else:
        yield say.ok("count", f"{page.matched:,}")


def paging(session: Session) -> Iterator[Line]:
    """Follow ``next`` over a few small pages."""
    try:
        yield _walk(session)
    except Failed as error:
        yield say.fault(
            "paging",
            error,
            "QGIS 翻页时中断，只显示一部分要素。请修复 next 链接。",
            "QGIS stops within and shows only a part. Mend the 'next' links.",
        )


def _walk(session: Session) -> Line:
    page = session.page({"limit": str(PAGE), **session.in_crs()})
    seen = [str(one.id) for one in page.features]
    urls = {page.answer.url}
    if page.next_url is None and page.features and (page.matched or len(session.sample)) > len(page.features):
        return say.fault(
            "paging",
            f"{len(page.features)} of {page.matched or 'more'}, no link with rel=next",
            "QGIS 只显示第一页。请在 links 中给出 rel=next。",
            "QGIS shows the first page and no more. Give a link with rel=next.",
        )
    pages = 1
    while page.next_url and page.features and pages < PAGES_MAX:
        url = urljoin(page.answer.url, page.next_url)
        if url in urls:
            return say.fault(
                "paging",
                "the next link leads back",
                "QGIS 会无休止地下载同一页。next 链接必须前进，最后一页不应有 next。",
                "QGIS downloads one page for ever. A next link must lead on; the last page has none.",
            )
        urls.add(url)
        page = session.follow(url)
        seen += [str(one.id) for one in page.features]
        pages += 1
    twice = [key for key, number in Counter(seen).items() if number > 1 and key != "None"]
    if twice:
        return say.fault(
            "paging",
            f"twice: {', '.join(twice)}"[:120],
            "同一要素出现在两页，另一些会漏掉。翻页必须有固定的顺序。",
            "Features come twice, so others are left out. Pages need a fixed order.",
        )
    if page.next_url is None and page.matched is not None and page.matched != len(seen):
        return say.fault(
            "paging",
            f"{len(seen)} on all pages, numberMatched {page.matched}",
            "各页合计与总数不符，要素有遗漏。请检查翻页。",
            "The pages together are not the number announced; features are missing. Check paging.",
        )
    return say.ok("paging", f"{len(seen)} in {pages} pages")


def formats(session: Session) -> Iterator[Line]:
    """Look for the formats that QGIS 4 prefers, and try the fastest."""
    offered = {one.type for one in links_of(session.layer) if one.rel == "items"}
    known = [one for one in FASTER if any(kind.startswith(one) for kind in offered)]
    if not known:
        yield say.loss(
            "formats",
            "no link rel=items of type application/flatgeobuf or application/fg+json",
            "QGIS 4 只能用 GeoJSON，加载较慢。可在图层的 links 中提供 application/flatgeobuf。",
            "QGIS 4 reads GeoJSON only, which is slower. Offer application/flatgeobuf among the layer's links.",
            (NEXT,),
        )
    elif FLATGEOBUF not in known:
        yield say.ok("formats", ", ".join(known), (NEXT,))
    else:
        try:
            yield _flatgeobuf(session)
        except Failed as error:
            yield _broken_flatgeobuf(str(error))


def _flatgeobuf(session: Session) -> Line:
    answer = session.get(session.items_url, FLATGEOBUF, {"limit": str(PAGE)})
    if answer.status != 200 or not answer.body.startswith(FLATGEOBUF_MAGIC):
        return _broken_flatgeobuf(f"answered {answer.status}, {answer.media_type}")
    # QGIS 4 pages through these by headers; the body has no room for links.
    header = answer.headers.get("link", "")
    has_more = session.matched is not None and session.matched > PAGE
    if has_more and 'rel="next"' not in header.replace("rel=next", 'rel="next"'):
        return say.fault(
            "formats",
            'FlatGeobuf without the header Link: <...>; rel="next"',
            "QGIS 4 用此格式只得到第一页。请在响应头给出 rel=next 的 Link 与 OGC-NumberMatched。",
            "QGIS 4 gets the first page and no more. Send Link rel=next and OGC-NumberMatched as headers.",
            (NEXT,),
        )
    if "ogc-numbermatched" not in answer.headers:
        return say.loss(
            "formats",
            "FlatGeobuf without the header OGC-NumberMatched",
            "QGIS 4 用此格式时不知道总数。请在响应头给出 OGC-NumberMatched。",
            "QGIS 4 cannot tell the number of features. Send OGC-NumberMatched.",
            (NEXT,),
        )
    return say.ok("formats", FLATGEOBUF, (NEXT,))


def _broken_flatgeobuf(found: str) -> Line:
    return say.fault(
        "formats",
        f"FlatGeobuf: {found}",
        "图层声明了此格式却给不出，QGIS 4 加载失败。请修复或去掉该链接。",
        "The layer links to this format but does not give it; QGIS 4 fails. Mend it or drop the link.",
        (NEXT,),
    )
