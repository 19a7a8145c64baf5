// The address of a view: #map=zoom/lat/lon&layers=a,b&lang=zh

/**
 * @typedef {{zoom: number, lat: number, lon: number}} View
 * @typedef {{view: View | null, layers: string[] | null, language: string | null}} Link
 */

/** @param {string} hash @returns {Link} what the hash says; null for what it leaves open or says wrongly */
export function readLink(hash) {
  const parts = new URLSearchParams(hash.replace(/^#/, ''));
  return {
    view: readView(parts.get('map') ?? ''),
    layers: parts.has('layers') ? parts.get('layers').split(',').filter(Boolean) : null,
    language: ['zh', 'en'].includes(parts.get('lang')) ? parts.get('lang') : null,
  };
}

/** @param {View} view @param {string[]} layers @param {string} language */
export function writeLink({ zoom, lat, lon }, layers, language) {
  return `#map=${zoom.toFixed(2)}/${lat.toFixed(6)}/${lon.toFixed(6)}&layers=${layers.join(',')}&lang=${language}`;
}

function readView(value) {
  const [zoom, lat, lon] = value.split('/').map(Number);
  const sound = zoom >= 0 && zoom <= 24 && Math.abs(lat) <= 85 && Math.abs(lon) <= 180;
  return sound ? { zoom, lat, lon } : null;
}
