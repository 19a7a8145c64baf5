// The style of the whole city, made ready for this page.

/** The server could not give the style. */
export class StyleUnavailable extends Error {}

/**
 * Fetch the style and point its tiles at the host that this page came from: the page may only talk to that one.
 * @param {string} base what stands before our paths
 * @returns {Promise<any>}
 */
export async function loadCityStyle(base) {
  const response = await fetch(`${base}/styles/city?f=mapbox`).catch(() => { throw new StyleUnavailable('network'); });
  if (!response.ok) throw new StyleUnavailable(`HTTP ${response.status}`);
  const style = await response.json();
  for (const source of Object.values(style.sources)) source.tiles = source.tiles?.map((tile) => ownHost(tile, base));
  return style;
}

/** @param {string} tile @param {string} base */
function ownHost(tile, base) {
  const path = tile.replace(/^https?:\/\/[^/]+/, '');
  // The style begins its paths with the public address; behind another door the page has another beginning.
  return location.origin + (path.startsWith(`${base}/`) ? path : base + path);
}

/** Id of the catalogue layer that a style layer draws; undefined for the background and our own marks. */
export function layerOf(styleLayer) {
  return styleLayer.metadata?.['shikong:layer'];
}

/**
 * Add an unseen fill to each area layer that is drawn by its outline alone, so that a click inside finds it.
 * @param {any} style
 * @param {Map<string, import('./portal.js').Layer>} layers
 */
export function makeAreasClickable(style, layers) {
  const filled = new Set(style.layers.filter((one) => one.type === 'fill' && !one.filter).map(layerOf));
  const outlined = style.layers.filter((one) => one.type === 'line' && layers.get(layerOf(one))?.dimension === 2);
  for (const id of new Set(outlined.map(layerOf))) {
    if (filled.has(id)) continue;
    const first = style.layers.findIndex((one) => layerOf(one) === id);
    const { source, 'source-layer': sourceLayer, metadata } = style.layers[first];
    const hit = { id: `${id}:hit`, type: 'fill', source, 'source-layer': sourceLayer, metadata, paint: { 'fill-opacity': 0 } };
    style.layers.splice(first, 0, hit);
  }
}

/**
 * Write into the style which layers are shown.
 * @param {any} style
 * @param {(id: string) => boolean} isShown
 */
export function setVisibility(style, isShown) {
  for (const one of style.layers) {
    const id = layerOf(one);
    if (id) one.layout = { ...one.layout, visibility: isShown(id) ? 'visible' : 'none' };
  }
}
