"""What a shapefile cannot hold is mapped, and said."""

import csv
import io

import pyogrio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatial.catalogue.types import FieldType, GeometryType
from spatial.errors import Conflict
from spatial.export.dbf import NAME_BYTES, cut_at_character, short_names
from spatial.export.types import Encoding, ExportReport
from tests.spatial.export.conftest import AWKWARD, SHAPES, by_gdal, unzipped


@pytest.mark.parametrize("encoding", ["utf-8", "gbk"])
def test_chinese_names_and_texts_are_read_back(make_layer, export, tmp_path, encoding):
    rows = [("逍遥津街道", 12), ("长江中路“一号”", None)]
    layer = make_layer(rows, fields={"名称": FieldType.STRING, "层数": FieldType.INTEGER})
    content = export(layer, "shp", encoding=Encoding(encoding))
    frame = by_gdal(content, "shp", tmp_path)
    assert list(frame.columns) == ["id", "名称", "层数", "geometry"]
    assert frame["名称"].tolist() == ["逍遥津街道", "长江中路“一号”"]
    with unzipped(content, tmp_path / "unzipped") as folder:
        assert (folder / "things.cpg").read_text() == encoding.upper()
        assert "逍遥津街道".encode(encoding) in (folder / "things.dbf").read_bytes()


def test_every_type_has_its_form(make_layer, export, tmp_path):
    frame = by_gdal(export(make_layer(), "shp"), "shp", tmp_path)
    assert frame["名称"].fillna("").tolist() == [row[0] or "" for row in AWKWARD]
    assert frame["ratio"].tolist()[:5] == [1.5, -0.1, 1e300, 1 / 3, 0.0]
    assert frame["is_open"].tolist()[:2] == [True, False]
    assert frame["seen"].tolist()[:2] == ["2024-01-02T03:04:05.678Z", "1969-07-20T00:00:00Z"]
    info = pyogrio.read_info(f"/vsizip/{tmp_path}/things.shp.zip")
    assert dict(zip(info["fields"], info["ogr_types"], strict=True))["built"] == "OFTDate"
    assert [str(one)[:10] for one in frame["built"]][:2] == ["2001-02-03", "1899-12-31"]


def test_characters_that_gbk_lacks_are_counted(make_layer, export, tmp_path):
    layer = make_layer([("𠮷é🏠",), ("甲",)], fields={"a": FieldType.STRING})
    report = ExportReport()
    content = export(layer, "shp", report=report, encoding=Encoding.GBK)
    assert by_gdal(content, "shp", tmp_path)["a"].tolist() == ["?é?", "甲"]
    assert report.notes == ["a: 1 texts have characters that GBK lacks, replaced by ?."]
    with unzipped(content, tmp_path / "unzipped") as folder:
        assert report.notes[0] in (folder / "report.txt").read_text("utf-8-sig")


def test_long_texts_are_cut_at_a_character_and_counted(make_layer, export, tmp_path):
    layer = make_layer([("合" * 100,), ("a" + "合" * 100,), ("短",)], fields={"a": FieldType.STRING})
    report = ExportReport()
    frame = by_gdal(export(layer, "shp", report=report), "shp", tmp_path)
    assert frame["a"].tolist() == ["合" * 84, "a" + "合" * 84, "短"]
    assert report.notes == ["a: 2 texts were cut to 254 bytes."]


def test_names_are_ten_bytes_and_their_meaning_is_beside(make_layer, export, tmp_path):
    fields = dict.fromkeys(
        ["built_year", "built_year_source", "Built_Year_2", "建筑物名称", "建筑物编号"], FieldType.STRING
    )
    content = export(make_layer([("1", "2", "3", "4", "5")], fields=fields), "shp")
    frame = by_gdal(content, "shp", tmp_path)
    assert frame.iloc[0, 1:6].tolist() == ["1", "2", "3", "4", "5"]
    with unzipped(content, tmp_path / "unzipped") as folder:
        rows = list(csv.DictReader(io.StringIO((folder / "fields.txt").read_text("utf-8-sig")), dialect="excel-tab"))
    assert [row["short_name"] for row in rows] == list(frame.columns[:-1])
    assert [row["name"] for row in rows] == ["id", *fields]
    assert rows[4]["title_zh"] == "建筑物名称字段"


def test_a_mixed_layer_becomes_one_shapefile_for_each_kind(make_layer, export, tmp_path):
    shapes = [SHAPES[kind][0] for kind in SHAPES]
    rows = [(str(number),) for number in range(12)]
    layer = make_layer(rows, fields={"a": FieldType.STRING}, geometry=GeometryType.GEOMETRY, shapes=shapes)
    with unzipped(export(layer, "shp"), tmp_path) as folder:
        found = {path.stem: pyogrio.read_dataframe(path)["a"].tolist() for path in folder.glob("*.shp")}
    assert found == {
        "things_point": ["0", "6"],
        "things_line": ["1", "4", "7", "10"],
        "things_polygon": ["2", "5", "8", "11"],
        "things_multipoint": ["3", "9"],
    }


def test_too_many_fields_are_refused_in_a_sentence(make_layer, export):
    fields = {f"f{number}": FieldType.INTEGER for number in range(256)}
    with pytest.raises(Conflict, match="at most 255 fields"):
        export(make_layer([], fields=fields), "shp")


def test_a_file_beyond_two_gigabytes_is_refused_in_a_sentence(make_layer, export, monkeypatch, tmp_path):
    monkeypatch.setattr("spatial.export.shapefile.FILE_BYTES", 100)
    with pytest.raises(Conflict, match="2 GB"):
        export(make_layer(), "shp", folder=tmp_path)
    assert list(tmp_path.iterdir()) == []


@given(st.lists(st.text(max_size=14), min_size=1, max_size=40), st.sampled_from(Encoding))
def test_short_names_are_short_whole_and_unique(names, encoding):
    found = short_names([name.encode("utf-8", "replace").decode() for name in names], encoding)
    assert len({one.upper() for one in found}) == len(names)
    assert all(0 < len(one) <= NAME_BYTES and b"\0" not in one for one in found)
    assert all(one.decode(encoding) for one in found)


@given(st.text(alphabet=st.characters(codec="gb18030"), max_size=20), st.integers(0, 30))
def test_a_cut_never_halves_a_character(text, most):
    encoded = text.encode("gbk", "replace")
    assert encoded.decode("gbk").startswith(cut_at_character(encoded, most, "gbk").decode("gbk"))
