"""Why nothing may have matched, and what to ask instead."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from api.forms.trouble import FIELDS
from api.params.features import COMMA
from spatial.catalogue.types import LayerField
from spatial.errors import InvalidInput
from spatial.geometry import BBox
from spatial.query.cql2.words import Node
from spatial.query.cql2.write import to_text

CODES_SHOWN: Final = 8
"""More codes than these are read in the list of queryables."""
DROPPABLE: Final = ("q", "datetime", "bbox", "filter")


@dataclass(frozen=True, slots=True)
class Hint:
    """A reason why nothing matched.

    Attributes
    ----------
    text
        What may be wrong; empty where the link says it.
    link
        What a click does; empty where nothing can be done by a click.
    changes
        Parameters that the link changes; those of None are dropped.
    code
        The code that was probably meant; None where none was.
    """

    text: str
    link: str = ""
    changes: Mapping[str, str | None] | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """A question that nothing answered.

    Attributes
    ----------
    given
        Its parameters.
    filter
        The filter as CQL2 JSON; None where there is none.
    fields
        Properties that conditions may name.
    choices
        Codes with their meanings, by property.
    extent, box
        Where the layer lies and where it was looked for, in degrees; None where unknown.
    say
        Chooses between Chinese and English.
    """

    given: Mapping[str, str]
    filter: Node | None
    fields: tuple[LayerField, ...]
    choices: Mapping[str, list[tuple[str, str]]]
    extent: BBox | None
    box: BBox | None
    language: str
    say: Callable[[str, str], str]

    @property
    def coded(self) -> list[LayerField]:
        """Properties that hold codes."""
        return [field for field in self.fields if self.choices.get(field.name)]


def hints(failed: Failed) -> list[Hint]:
    """Return what may be wrong with a question, the likeliest first."""
    found = [*_plain_codes(failed), *_filter_codes(failed), *_text(failed), *_place(failed)]
    return found or _without(failed)


# Codes


def _plain_codes(failed: Failed) -> Iterator[Hint]:
    for field in failed.coded:
        value = failed.given.get(field.name)
        if value is not None and (hint := _wrong_code(failed, field, value)):
            yield replace(hint, changes={field.name: hint.code} if hint.code else None)


def _filter_codes(failed: Failed) -> Iterator[Hint]:
    compared = dict.fromkeys(_compared(failed.filter))
    for field in failed.coded:
        for value in (value for name, value in compared if name == field.name):
            if hint := _wrong_code(failed, field, value):
                yield (
                    hint if hint.code is None else replace(hint, changes=_mended(failed, field.name, value, hint.code))
                )


def _wrong_code(failed: Failed, field: LayerField, value: str) -> Hint | None:
    """Say that a value is none of a property's codes, and which code was probably meant."""
    codes, title = dict(failed.choices[field.name]), field.title.get(failed.language)
    if value in codes:
        return None
    text = failed.say(f"{title}（{field.name}）没有编码“{value}”。", f"{title} ({field.name}) has no code “{value}”. ")
    meant = _meant(codes, value)
    if meant is None:
        listed = failed.say("、", ", ").join(f"{code}（{meaning}）" for code, meaning in [*codes.items()][:CODES_SHOWN])
        return Hint(text + failed.say(f"编码有 {listed}。", f"There are {listed}."))
    if value == codes[meant]:
        text = failed.say(f"“{value}”是名称，{title}的编码是 {meant}。", f"“{value}” is a title; the code is {meant}. ")
    return Hint(text, failed.say(f"改用 {meant}", f"Use {meant}"), code=meant)


def _meant(codes: Mapping[str, str], value: str) -> str | None:
    wanted = value.strip().casefold()
    return next((code for code, title in codes.items() if wanted in {code.casefold(), title.casefold()}), None)


def _compared(node: Any) -> Iterator[tuple[str, str]]:
    """Return the texts with which a filter compares properties, patterns without the wildcards at their ends."""
    if not isinstance(node, dict) or "op" not in node:
        return
    args = node["args"]
    if node["op"] in {"=", "<>", "in", "like"} and isinstance(args[0], dict) and "property" in args[0]:
        values = args[1] if node["op"] == "in" else args[1:]
        yield from ((args[0]["property"], _plain(node["op"], one)) for one in values if isinstance(one, str))
        return
    for one in args:
        yield from _compared(one)


def _plain(op: str, value: str) -> str:
    return value.strip("%") if op == "like" else value


def _mended(failed: Failed, name: str, value: str, code: str) -> dict[str, str | None] | None:
    """Return the filter with a code in the place of a value."""
    try:
        return {"filter": to_text(_with_code(failed.filter, name, value, code)), "filter-lang": None}
    except InvalidInput:
        return None


def _with_code(node: Any, name: str, value: str, code: str) -> Any:
    if not isinstance(node, dict) or "op" not in node:
        return node
    op, args = node["op"], node["args"]
    if args and isinstance(args[0], dict) and args[0].get("property") == name:
        if op == "like" and args[1:] and _plain(op, args[1]) == value:
            return {"op": "=", "args": [args[0], code]}
        rest = [[code if one == value else one for one in args[1]]] if op == "in" else args[1:]
        return {"op": op, "args": [args[0], *(code if one == value else one for one in rest)]}
    return {"op": op, "args": [_with_code(one, name, value, code) for one in args]}


# Text and place


def _text(failed: Failed) -> Iterator[Hint]:
    terms = [term.strip() for term in COMMA.split(failed.given.get("q", "")) if term.strip()]
    for term in terms:
        for field in failed.coded:
            code = next((code for code, title in failed.choices[field.name] if title == term), None)
            if code is not None:
                title = field.title.get(failed.language)
                yield Hint(
                    failed.say(
                        f"“{term}”是{title}的一种，文字搜索不查编码。", f"“{term}” is a value of {title}, a code. "
                    ),
                    failed.say(f"按{title}筛选", f"Filter by {title}"),
                    {"q": None, field.name: code},
                )
    if len(terms) == 1 and len(parts := terms[0].split()) > 1:
        yield Hint(
            failed.say(
                f"“{terms[0]}”连同空格作为一个词来找。", f"“{terms[0]}” was looked for as one term, with its space. "
            ),
            failed.say("任一词即可", "Any of the words"),
            {"q": ",".join(parts)},
        )


def _place(failed: Failed) -> Iterator[Hint]:
    box, extent = failed.box, failed.extent
    if box is None or extent is None:
        return
    if box.west > extent.east or box.east < extent.west or box.south > extent.north or box.north < extent.south:
        corners = f"{extent.west:.2f},{extent.south:.2f},{extent.east:.2f},{extent.north:.2f}"
        yield Hint(
            failed.say(
                f"范围在本图层之外；图层范围是 {corners}（西,南,东,北）。",
                f"The box lies outside; the layer's is {corners}. ",
            ),
            failed.say("去掉范围", "Drop the box"),
            {"bbox": None, "bbox-crs": None},
        )


def _without(failed: Failed) -> list[Hint]:
    """Offer the question without each of its conditions, where there are several."""
    titles = {name: failed.say(*FIELDS[name][:2]) for name in DROPPABLE}
    titles |= {field.name: field.title.get(failed.language) for field in failed.fields}
    given = [name for name in titles if name in failed.given]
    if len(given) < 2:
        return []
    return [Hint("", failed.say(f"去掉“{titles[name]}”", f"Without “{titles[name]}”"), {name: None}) for name in given]
