// The readout of coordinates: EPSG:4490 in its own order, latitude then longitude.

import { onChange } from './state.js';
import { text } from './texts.js';

/** Six decimals are a tenth of a metre. */
export function inWords({ lat, lng }) {
  return `${lat.toFixed(6)}, ${lng.toFixed(6)}`;
}

/**
 * Follow the mouse; without one, the centre of the map.
 * @param {import('../maplibre/maplibre-gl.mjs').Map} map
 * @param {HTMLElement} output
 */
export function followPosition(map, output) {
  /** @type {{lat: number, lng: number} | null} */
  let mouse = null;
  const show = () => {
    const where = mouse ? '' : `${text('centre')} `;
    output.textContent = `EPSG:4490 ${where}${inWords(mouse ?? map.getCenter())} · ${map.getZoom().toFixed(1)} ${text('zoomLevel')}`;
    output.title = text('position');
  };
  map.on('mousemove', ({ lngLat }) => { mouse = lngLat; show(); });
  map.on('mouseout', () => { mouse = null; show(); });
  map.on('move', show);
  onChange('language', show);
  show();
}
