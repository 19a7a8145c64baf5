"""Loading the small city into PostGIS."""

import json

import psycopg
import pytest

from data.sample.load import load_sample
from data.sample.sizes import SampleSize
from spatial.errors import Conflict
from tests.data.sample_rows import rows


def test_the_small_city_loads_once(empty_city_url, tmp_path):
    truth_path, told = tmp_path / "truth.jsonl", []
    with psycopg.connect(empty_city_url) as conn:
        counts = load_sample(conn, SampleSize.SMALL, truth_path=truth_path, progress=lambda *stage: told.append(stage))
        assert counts["region_legal"] == 1943
        assert counts["address"] == len(rows("addresses"))
        for table, count in counts.items():
            assert conn.execute(f"SELECT count(*) FROM city.{table}").fetchone() == (count,)
            invalid = conn.execute(f"SELECT count(*) FROM city.{table} WHERE NOT ST_IsValid(geom_web)").fetchone()
            assert invalid == (0,), table
        assert all("kind" in json.loads(line) for line in truth_path.read_text(encoding="utf-8").splitlines())
        assert told[-1] == ("统计", 1, 1)
        with pytest.raises(Conflict):
            load_sample(conn, SampleSize.SMALL, truth_path=truth_path, progress=lambda *_: None)
        conn.rollback()
        assert conn.execute("SELECT count(*) FROM city.address").fetchone() == (0,)
