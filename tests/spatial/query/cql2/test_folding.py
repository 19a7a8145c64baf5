"""The SQL functions behind CASEI and ACCENTI, against Python's own tables of Unicode."""

import unicodedata

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.spatial.query.cql2.vectors import uri

LETTERS = st.text(st.characters(categories=["L", "M", "N", "P", "Z"], max_codepoint=0x2FFF), max_size=8)
DOTLESS = str.maketrans("ı", "i")
CALM = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def sql(conn: psycopg.Connection, function: str, *texts: str) -> list[str]:
    (found,) = conn.execute(
        f"SELECT array_agg(catalogue.{function}(t) ORDER BY n) FROM unnest(%s::text[]) WITH ORDINALITY u (t, n)",
        [list(texts)],
    ).fetchone()
    return found


@pytest.mark.conformance(uri("case-insensitive-comparison"))
def test_every_letter_folds_as_unicode_says(conn):
    letters = [chr(code) for code in range(1, 0x1F000) if unicodedata.category(chr(code)) in {"Lu", "Ll", "Lt"}]
    folded = dict(zip(letters, sql(conn, "casei", *letters), strict=True))
    classes: dict[str, set[str]] = {}
    for letter in letters:
        classes.setdefault(letter.translate(DOTLESS).casefold(), set()).add(folded[letter])
    assert {key: found for key, found in classes.items() if len(found) > 1} == {}
    assert len(set(folded.values())) == len(classes)


@pytest.mark.conformance(uri("case-insensitive-comparison"))
@given(text=LETTERS)
@CALM
def test_case_makes_no_difference(conn, text):
    one, upper, lower = sql(conn, "casei", text, text.upper(), text.lower())
    assert one == upper == lower or "ı" in text or "İ" in text


@pytest.mark.conformance(uri("accent-insensitive-comparison"))
@given(text=LETTERS)
@CALM
def test_composed_and_decomposed_are_one(conn, text):
    forms = [unicodedata.normalize(form, text) for form in ("NFC", "NFD")]
    one, composed, decomposed, again = sql(conn, "accenti", text, *forms, *sql(conn, "accenti", text))
    assert one == composed == decomposed == again


@pytest.mark.conformance(uri("accent-insensitive-comparison"))
@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("débárquér", "debarquer"),
        ("Chișinău", "Chisinau"),
        ("København", "Kobenhavn"),
        ("Łódź", "Lodz"),
        ("Đà Nẵng", "Da Nang"),
        ("长江中路１号", None),
        ("서울", "서울"),
        ("が", "が"),
        ("Ελλάδα", "Ελλαδα"),
    ],
)
def test_accents_are_taken_off(conn, text, bare):
    found = sql(conn, "accenti", text)[0]
    assert found == bare or (bare is None and found.startswith("长江中路"))


def test_the_short_way_changes_nothing(conn):
    """Texts of ASCII and Chinese characters skip the rules; the rules would leave them as they are."""
    plain = "".join(map(chr, [*range(0x20, 0x7F), *range(0x4E00, 0xA000)]))
    rules = "SELECT public.unaccent('public.unaccent'::regdictionary, normalize(%s::text, NFC))"
    assert conn.execute(rules, [plain]).fetchone() == (plain,)


@pytest.mark.parametrize(
    ("call", "found"),
    [
        ("modulo(7.5, 2)", 1.5),
        ("modulo(-7.5, 2)", -1.5),
        ("modulo(1, 0)", None),
        ("modulo(1e300, 1e-300)", None),
        ("modulo('infinity', 2)", None),
        ("power(2, 10)", 1024),
        ("power(0, 0)", 1),
        ("power(0, -1)", None),
        ("power(-8, 0.5)", None),
        ("power(-2, 3)", -8),
        ("power(10, 400)", None),
        ("power(10, -400)", 0),
        ("power(1, 1e300)", 1),
    ],
)
def test_what_has_no_result_is_null(conn, call, found):
    assert conn.execute(f"SELECT catalogue.{call}").fetchone() == (found,)
