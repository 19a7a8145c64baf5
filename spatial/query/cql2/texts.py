"""Texts: LIKE, and comparison without regard to case and accents."""

import re
import unicodedata
from typing import Final

from spatial.query.cql2.expression import SPOKEN, Expression, Kind, Operand, Span, build, literal
from spatial.query.cql2.words import FOLDS, Node, wrong

FOLD_COST_US: Final = 1.0
LIKE_COST_US: Final = 0.3
_ODD_END: Final = re.compile(r"(?<!\\)(\\\\)*\\\Z")
_STEP: Final = re.compile(r"\\.|.", re.DOTALL)


def text(operand: Operand) -> Expression:
    """Return an operand that is a text."""
    if isinstance(operand, Span) or operand.kind is not Kind.TEXT:
        raise wrong(f"{operand.label} is {SPOKEN[operand.kind]}; a text belongs there.")
    return operand


def fold(name: str, operand: Operand) -> Expression:
    """Compile ``CASEI(operand)`` or ``ACCENTI(operand)``."""
    return build(Kind.TEXT, f"catalogue.{name}({{0}})", text(operand), cost_us=FOLD_COST_US)


def like(operand: Operand, pattern: Node) -> Expression:
    r"""Compile ``operand LIKE pattern``: ``%`` is any text, ``_`` any character, ``\`` takes their meaning away."""
    one, folds = text(operand), []
    while isinstance(pattern, dict) and pattern.get("op") in FOLDS:
        folds.append(pattern["op"])
        pattern = pattern["args"][0]
    if not isinstance(pattern, str):
        raise wrong(
            "the pattern of LIKE is a text in single quotes, such as '长江%', or CASEI('a%').",
            "LIKE 的模式是单引号中的文本，例如 '长江%' 或 CASEI('a%')。",
        )
    if _ODD_END.search(pattern):
        raise wrong("a pattern cannot end with a single backslash; write two to mean one.")
    folded = literal(Kind.TEXT, _shielded(pattern) if "accenti" in folds else pattern)
    for name in reversed(folds):
        folded = build(Kind.TEXT, f"catalogue.{name}({{0}})", folded, cost_us=0)
    return build(Kind.BOOLEAN, "({0} LIKE {1})", one, folded, cost_us=LIKE_COST_US)


def _shielded(pattern: str) -> str:
    r"""Keep characters that lose their width with their accents from becoming wildcards (``％`` becomes ``%``)."""
    return "".join(_shielded_step(step) for step in _STEP.findall(pattern))


def _shielded_step(step: str) -> str:
    plain = unicodedata.normalize("NFKC", step)
    is_wild = plain in {"%", "_", "\\"} or step == "∖"
    return f"\\{step}" if is_wild and not step.isascii() else step
