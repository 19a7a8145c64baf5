"""Everything that we ask of QGIS, in one process; run by Debian's Python, which has QGIS and GDAL 3.6.

    python3 qgis_session.py PLAN.json

The plan says what to do, the answer is JSON on standard output. Nothing of the project is imported: this is another
Python. One process, because QGIS takes seconds to start.
"""

import json
import os
import sys
import traceback
from collections import Counter
from pathlib import Path
from typing import Any

from osgeo import gdal
from qgis.core import (
    Qgis,
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsFeatureRequest,
    QgsMapRendererParallelJob,
    QgsMapSettings,
    QgsProject,
    QgsRectangle,
    QgsVectorLayer,
    QgsVectorTileLayer,
    QgsWkbTypes,
)
from qgis.PyQt.QtCore import QEventLoop, QSize, QTimer, QVariant
from qgis.PyQt.QtGui import QColor, QImage

RENDER_TIMEOUT_MS = 60_000
BACKGROUND = "#ffffff"


def oapif(base_url: str, layer: str, **options: str) -> QgsVectorLayer:
    """Open a layer as QGIS's browser does."""
    parts = {"url": f"{base_url}/", "typename": layer, **options}
    return QgsVectorLayer(" ".join(f"{name}='{value}'" for name, value in parts.items()), layer, "OAPIF")


def plain(value: Any) -> Any:
    """Turn a value of Qt into one of JSON."""
    if value is None or (isinstance(value, QVariant) and value.isNull()):
        return None
    if hasattr(value, "toPyDateTime"):
        return value.toPyDateTime().isoformat()
    if hasattr(value, "toPyDate"):
        return value.toPyDate().isoformat()
    return value


def read_layer(base_url: str, name: str, page_size: str) -> dict[str, Any]:
    """Read all of a layer."""
    layer = oapif(base_url, name, pageSize=page_size)
    fields = {field.name(): field.typeName() for field in layer.fields()}
    found: dict[str, Any] = {
        "valid": layer.isValid(),
        "error": layer.error().message(),
        "crs": layer.crs().authid(),
        "geometry": QgsWkbTypes.displayString(layer.wkbType()),
        "fields": fields,
        "count": layer.featureCount(),
        "features": {},
    }
    for feature in layer.getFeatures():
        point = next(feature.geometry().vertices())
        found["features"][feature["id"]] = {
            "properties": {one: plain(feature[one]) for one in fields},
            "first_vertex": [point.x(), point.y(), point.z()],
        }
    return found


def read_box(base_url: str, name: str, box: list[float]) -> list[int]:
    """Read the features of a box, of which the server is asked alone."""
    layer = oapif(base_url, name, restrictToRequestBBOX="1")
    request = QgsFeatureRequest().setFilterRect(QgsRectangle(*box))
    return sorted(feature["id"] for feature in layer.getFeatures(request))


def read_where(base_url: str, name: str, expression: str) -> list[int]:
    """Read the features that meet an expression of QGIS."""
    request = QgsFeatureRequest().setFilterExpression(expression)
    return sorted(feature["id"] for feature in oapif(base_url, name).getFeatures(request))


def render(layers: list[Any], box: list[float], path: str) -> dict[str, Any]:
    """Draw layers in a box of degrees on a web mercator map, and count the colours."""
    web = QgsCoordinateReferenceSystem("EPSG:3857")
    degrees = QgsCoordinateReferenceSystem("EPSG:4326")
    settings = QgsMapSettings()
    settings.setLayers(layers)
    settings.setDestinationCrs(web)
    settings.setBackgroundColor(QColor(BACKGROUND))
    settings.setOutputSize(QSize(900, 700))
    settings.setOutputDpi(96)
    settings.setExtent(QgsCoordinateTransform(degrees, web, QgsProject.instance()).transform(QgsRectangle(*box)))
    job = QgsMapRendererParallelJob(settings)
    loop = QEventLoop()
    job.finished.connect(loop.quit)
    QTimer.singleShot(RENDER_TIMEOUT_MS, loop.quit)
    job.start()
    loop.exec_()
    done = not job.isActive()
    image = job.renderedImage().convertToFormat(QImage.Format_RGB32)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    saved = image.save(path)
    bits = image.constBits()
    bits.setsize(image.sizeInBytes())
    raw = bytes(bits)
    colours = Counter(raw[at : at + 3] for at in range(0, len(raw), 4))
    return {
        "finished": done and saved,
        "errors": [error.message for error in job.errors()],
        "scale": settings.scale(),
        "colours": len(colours),
        # Qt keeps blue, green, red.
        "shares": {
            f"#{one[2]:02x}{one[1]:02x}{one[0]:02x}": n / sum(colours.values()) for one, n in colours.most_common(40)
        },
    }


def vector_tiles(base_url: str, style: str, tiles: str, zooms: list[int]) -> tuple[QgsVectorTileLayer, dict[str, Any]]:
    """Open vector tiles with their style, as the connection dialogue does."""
    template = f"{base_url}{tiles}/WebMercatorQuad/{{z}}/{{y}}/{{x}}?f%3Dmvt"
    source = f"type=xyz&url={template}&zmin={zooms[0]}&zmax={zooms[1]}&styleUrl={base_url}/styles/{style}"
    layer = QgsVectorTileLayer(source, style)
    message, is_styled = layer.loadDefaultStyle()
    rules = layer.renderer().styles()
    labels = layer.labeling().styles() if layer.labeling() else []
    return layer, {
        "valid": layer.isValid(),
        "styled": is_styled,
        "message": message,
        "rules": [one.styleName() for one in rules],
        "labels": [one.styleName() for one in labels],
        "drawn_layers": sorted({one.layerName() for one in [*rules, *labels]}),
    }


def read_by_gdal(base_url: str, name: str) -> dict[str, Any]:
    """Read a layer by the GDAL that Debian has."""
    gdal.UseExceptions()
    dataset = gdal.OpenEx(f"OAPIF:{base_url}")
    layer = dataset.GetLayerByName(name)
    codes = [feature.GetField("code") for feature in layer]
    return {
        "layers": [dataset.GetLayer(number).GetName() for number in range(dataset.GetLayerCount())],
        "count": layer.GetFeatureCount(),
        "codes": codes,
        "has_z": bool(layer.GetGeomType() & 0x80000000),
    }


def work(plan: dict[str, Any]) -> dict[str, Any]:
    """Do the plan."""
    base_url, pictures = plan["base_url"], Path(plan["pictures"])
    found: dict[str, Any] = {"version": Qgis.QGIS_VERSION, "gdal": gdal.__version__}
    found["layers"] = {name: read_layer(base_url, name, size) for name, size in plan["layers"].items()}
    found["box"] = read_box(base_url, **plan["box"])
    found["where"] = read_where(base_url, **plan["where"])
    features = [oapif(base_url, name) for name in plan["features_map"]["layers"]]
    found["features_map"] = render(features, plan["features_map"]["box"], str(pictures / "qgis_features.png"))
    found["tiles"] = {}
    for name, one in plan["tiles"].items():
        layer, opened = vector_tiles(base_url, one["style"], one["tiles"], one["zooms"])
        found["tiles"][name] = opened | render([layer], one["box"], str(pictures / f"qgis_tiles_{name}.png"))
    found["gdal_reading"] = read_by_gdal(base_url, plan["gdal_layer"])
    return found


def main() -> None:
    """Answer, and leave without QGIS's own goodbye, which crashes now and then."""
    application = QgsApplication([], False)
    application.initQgis()
    try:
        answer = work(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    except Exception:  # noqa: BLE001 - whatever it was, it is told, and the process must not linger
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
    print(json.dumps(answer, ensure_ascii=False), flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
