"""Values as text for COPY, and the type that all rows of a column prove.

Everything is staged as text and cast once at the end, when no row can surprise any more: a code with a leading
zero or with more digits than a double keeps stays text, and so does a column that turns out mixed.
"""

import base64
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from spatial.catalogue.types import FieldType
from spatial.ingest.types import TextKind

# At most 15 digits: what a double, and so every JSON reader, keeps.
INTEGER: Final = r"^-?(0|[1-9][0-9]{0,14})$"
# An exponent needs a decimal point before it: 12E5 is a house number.
NUMBER: Final = r"^-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,17}([eE][-+]?[0-9]{1,2})?)?$"
BOOLEAN: Final = r"^(?i:true|false)$"
_DAY: Final = r"[12][0-9]{3}(-(0?[1-9]|1[0-2])-(0?[1-9]|[12][0-9]|3[01])|/(0?[1-9]|1[0-2])/(0?[1-9]|[12][0-9]|3[01]))"
DATE: Final = rf"^{_DAY}$"
MOMENT: Final = (
    rf"^{_DAY}[ T]([01]?[0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{{1,9}})?)?"
    r"( ?(Z|[-+](0[0-9]|1[0-4])(:?[0-5][0-9])?))?$"
)
ZONED: Final = r"(Z|[-+][0-9]{2}(:?[0-9]{2})?)$"

PATTERNS: Final = {
    FieldType.BOOLEAN: BOOLEAN,
    FieldType.INTEGER: INTEGER,
    FieldType.NUMBER: NUMBER,
    FieldType.DATE: DATE,
    FieldType.DATETIME: MOMENT,
}
READABLE: Final = {
    TextKind.TYPED: frozenset[FieldType](),
    TextKind.JSON: frozenset({FieldType.DATE, FieldType.DATETIME}),
    TextKind.UNTYPED: frozenset(PATTERNS),
}
"""Types that may be read out of texts, by how much the format says itself."""

NUMERIC: Final = frozenset({FieldType.INTEGER, FieldType.NUMBER})
SQL_TYPES: Final = {
    FieldType.STRING: "text",
    FieldType.INTEGER: "bigint",
    FieldType.NUMBER: "double precision",
    FieldType.BOOLEAN: "boolean",
    FieldType.DATE: "date",
    FieldType.DATETIME: "timestamptz",
}


@dataclass(slots=True)
class Proof:
    """What all rows seen so far allow a column to be.

    Attributes
    ----------
    possible
        Types that no value has ruled out; text is always possible.
    is_typed
        Whether the format itself gave a type, so that even a column without values has one.
    naive
        Whether a moment without a time zone was seen.
    """

    possible: frozenset[FieldType] = frozenset(FieldType)
    has_values: bool = False
    is_typed: bool = False
    naive: bool = False
    nonfinite: int = 0
    nul_cleaned: int = 0
    beyond_int64: bool = False

    @property
    def type(self) -> FieldType:
        """The narrowest type that every row fits."""
        if not (self.has_values or self.is_typed):
            return FieldType.STRING
        return next(one for one in (*PATTERNS, FieldType.STRING) if one in self.possible or one is FieldType.STRING)

    def allow(self, *types: FieldType) -> None:
        """Rule out all types but these and text."""
        self.possible &= frozenset(types)


@dataclass(slots=True)
class Columns:
    """The columns of one file and what is proven of each, in order of first sight."""

    text: TextKind
    proofs: dict[str, Proof] = field(default_factory=dict)

    def as_text(self, name: str, values: pa.Array) -> pa.Array:
        """Return values as texts that PostgreSQL casts back, and remember what they prove."""
        proof = self.proofs.setdefault(name, Proof())
        if pa.types.is_dictionary(values.type):
            values = values.dictionary_decode()
        kind = values.type
        if pa.types.is_null(kind):
            return values.cast(pa.string())
        if pa.types.is_string(kind):
            texts = self._read_text(values, proof)
        else:
            proof.is_typed = True
            texts = _typed(values, proof)
        proof.has_values = proof.has_values or texts.null_count < len(texts)
        return texts

    def _read_text(self, values: pa.Array, proof: Proof) -> pa.Array:
        values = _without_nul(values, proof)
        readable = READABLE[self.text]
        if not readable:
            proof.is_typed = True
            proof.allow()
            return values
        if self.text is TextKind.UNTYPED:
            # An empty cell says nothing, of whatever type its column is.
            values = pc.utf8_trim_whitespace(values)
            values = pc.if_else(pc.equal(values, ""), pa.scalar(None, pa.string()), values)
        known = values.drop_null()
        if len(known):
            for one in proof.possible & frozenset(PATTERNS):
                if one not in readable or not _all_read_as(known, one):
                    proof.possible -= {one}
            _note_zones(known, proof)
        return values


def _note_zones(known: pa.Array, proof: Proof) -> None:
    if FieldType.DATETIME in proof.possible and not proof.naive:
        proof.naive = not pc.all(pc.match_substring_regex(known, ZONED)).as_py()


def _all_read_as(known: pa.Array, kind: FieldType) -> bool:
    if not pc.all(pc.match_substring_regex(known, PATTERNS[kind])).as_py():
        return False
    return kind not in {FieldType.DATE, FieldType.DATETIME} or _are_days(known)


def _are_days(known: pa.Array) -> bool:
    """Tell whether every text begins with a day of the calendar; 30 February only looks like one."""
    days = pc.extract_regex(known, r"^(?P<day>[0-9]+[-/][0-9]+[-/][0-9]+)").field(0)
    padded = pc.replace_substring(days, "/", "-")
    for _ in ("month", "day"):
        padded = pc.replace_substring_regex(padded, r"-([0-9])(-|$)", r"-0\1\2")
    try:
        padded.cast(pa.date32())
    except pa.ArrowInvalid:
        return False
    return True


def _without_nul(values: pa.Array, proof: Proof) -> pa.Array:
    """PostgreSQL holds no NUL character; it is taken out and counted."""
    dirty = pc.sum(pc.match_substring(values, "\x00")).as_py() or 0
    if not dirty:
        return values
    proof.nul_cleaned += dirty
    return pc.replace_substring(values, "\x00", "")


def _typed(values: pa.Array, proof: Proof) -> pa.Array:  # noqa: PLR0911 - one line for each family of types
    kind = values.type
    if pa.types.is_boolean(kind):
        proof.allow(FieldType.BOOLEAN)
        return values.cast(pa.string())
    if pa.types.is_integer(kind):
        too_large = pa.types.is_uint64(kind) and (pc.max(values).as_py() or 0) > 2**63 - 1
        proof.allow(*(() if too_large else NUMERIC))
        return values.cast(pa.string())
    if pa.types.is_floating(kind):
        return _floating(values, proof)
    if pa.types.is_decimal(kind):
        whole = kind.scale <= 0 and kind.precision <= 18
        proof.allow(*(NUMERIC if whole else (FieldType.NUMBER,)))
        return values.cast(pa.string())
    if pa.types.is_date(kind):
        proof.allow(FieldType.DATE)
        return values.cast(pa.date32()).cast(pa.string())
    if pa.types.is_timestamp(kind):
        return _moments(values, proof)
    proof.allow()
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return _without_nul(values.cast(pa.string()), proof)
    if pa.types.is_time(kind):
        return values.cast(pa.string())
    return pa.array([_json(one) for one in values.to_pylist()], pa.string())


def _floating(values: pa.Array, proof: Proof) -> pa.Array:
    """Return numbers as text; NaN and infinity, which JSON cannot say, become empty and are counted."""
    proof.allow(FieldType.NUMBER)
    finite = pc.is_finite(values.cast(pa.float64()))
    proof.nonfinite += pc.sum(pc.invert(finite)).as_py() or 0
    largest = pc.max(pc.if_else(finite, pc.abs(values), pa.scalar(None, values.type))).as_py() or 0
    proof.beyond_int64 = proof.beyond_int64 or largest >= 2**63
    return pc.if_else(finite, values, pa.scalar(None, values.type)).cast(pa.string())


def _moments(values: pa.Array, proof: Proof) -> pa.Array:
    proof.allow(FieldType.DATETIME)
    text = values.cast(pa.timestamp("us"), safe=False).cast(pa.string())
    if values.type.tz is None:
        proof.naive = True
        return text
    # Arrow keeps zoned moments in UTC, whatever zone it shows.
    return pc.binary_join_element_wise(text, "+00", "")


def _json(value: Any) -> str | None:
    return None if value is None else orjson.dumps(value, default=_readable).decode()


def _readable(value: Any) -> str:
    return base64.b64encode(value).decode("ascii") if isinstance(value, bytes) else str(value)
