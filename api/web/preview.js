// The small map beside a list of features, or beside one: the city below, pale, and the features above.
import { DOTS, dotsOf, FOUND } from './found.js';
import { boundsOf } from './map/bounds.js';
import { loadCityStyle } from './map/city_style.js';

const box = /** @type {HTMLElement} */ (document.getElementById('preview'));
const shapes = JSON.parse(document.getElementById('shapes').textContent);
const asked = corners(box.dataset.box);

/** Four numbers of an attribute; undefined where it holds none. @param {string | undefined} text */
function corners(text) {
  return text ? /** @type {[number, number, number, number]} */ (text.split(',').map(Number)) : undefined;
}

/** The outline of the box that was asked for. */
function outline([west, south, east, north]) {
  const line = [[west, south], [east, south], [east, north], [west, north], [west, south]];
  return { type: 'Feature', properties: {}, geometry: { type: 'LineString', coordinates: line } };
}

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
  style.sources.dots = { type: 'geojson', data: dotsOf(shapes) };
  style.layers.push(...FOUND.map((mark) => ({ ...mark, source: 'shapes' })), { ...DOTS, source: 'dots' });
  if (asked) {
    style.sources.asked = { type: 'geojson', data: outline(asked) };
    style.layers.push({ id: 'asked', type: 'line', source: 'asked', paint: { 'line-color': '#0b5688', 'line-width': 2, 'line-dasharray': [3, 2] } });
  }
  const map = new Map({
    container: box, style, bounds: boundsOf(shapes) ?? asked ?? corners(box.dataset.extent), fitBoundsOptions: { padding: 36, maxZoom: 17 },
    attributionControl: false, dragRotate: false, maxPitch: 0, cooperativeGestures: matchMedia('(pointer: coarse)').matches,
  });
  // The form takes its box from here.
  const tell = () => {
    const [[west, south], [east, north]] = map.getBounds().toArray();
    box.dataset.view = [west, south, east, north].map((one) => one.toFixed(5)).join(',');
  };
  tell();
  map.on('move', tell);
  map.addControl(new NavigationControl({ showCompass: false }), 'top-right');
  map.addControl(new ScaleControl({ unit: 'metric' }), 'bottom-left');
  // For whoever looks at the page from outside, as its tests do.
  box.preview = map;
  map.on('idle', () => { box.dataset.state = 'idle'; });
  map.on('error', () => {});
} catch {
  box.textContent = box.dataset.missing;
}
