import pyogrio


def test_q(recorder):
    for lay, w in [
        ("pipe_segments", "built_on >= '2015-01-01'"),
        ("pipe_segments", "built_on = '2015-01-01'"),
        ("pipe_segments", "built_on < '2015/06/01' AND kind='water'"),
        ("roads", "valid_from >= '2030-01-01T00:00:00Z'"),
        ("roads", "width_m = 40.5"),
        ("roads", "name LIKE '长%'"),
        ("roads", "name IN ('长江中路','芜湖路')"),
        ("buildings", "id=5"),
    ]:
        try:
            df = pyogrio.read_dataframe(f"OAPIF:{recorder.base_url}", layer=lay, where=w)
            print(
                w,
                len(df),
                (df.built_on.min(), df.built_on.max())
                if "built_on" in df
                else (df.valid_from.min() if len(df) else ""),
            )
        except Exception as e:
            print(w, repr(e))
        print("   ", dict(recorder.items(lay)[-1].query), recorder.items(lay)[-1].status)
    i = pyogrio.read_info(f"OAPIF:{recorder.base_url}", layer="pipe_segments")
    print(dict(zip(i["fields"], i["ogr_types"])))
