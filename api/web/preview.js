// The small map beside a list of features, or beside one: the city below, pale, and the features above.
import { loadCityStyle } from './map/city_style.js';
import { boundsOf } from './map/bounds.js';
import { MARKS, PALE_MARKS } from './map/highlight.js';

const box = /** @type {HTMLElement} */ (document.getElementById('preview'));
const shapes = JSON.parse(document.getElementById('shapes').textContent);

/** The city's style, or an empty one where it cannot be had: the features are drawn in any case. */
async function background() {
  try {
    return await loadCityStyle(box.dataset.base);
  } catch {
    return { version: 8, sources: {}, layers: [] };
  }
}

try {
  const { Map, NavigationControl, ScaleControl } = await import('./maplibre/maplibre-gl.mjs');
  const style = await background();
  style.sources.shapes = { type: 'geojson', data: shapes };
  const marks = shapes.features.length > 1 ? PALE_MARKS : MARKS;
  style.layers.push(...marks.map((mark) => ({ ...mark, source: 'shapes' })));
  const map = new Map({
    container: box, style, bounds: boundsOf(shapes), fitBoundsOptions: { padding: 36, maxZoom: 17 },
    attributionControl: false, dragRotate: false, maxPitch: 0, cooperativeGestures: matchMedia('(pointer: coarse)').matches,
  });
  map.addControl(new NavigationControl({ showCompass: false }), 'top-right');
  map.addControl(new ScaleControl({ unit: 'metric' }), 'bottom-left');
  map.on('idle', () => { box.dataset.state = 'idle'; });
  map.on('error', () => {});
} catch {
  box.textContent = box.dataset.missing;
}
