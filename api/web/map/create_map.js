// The map itself: north up, flat, metric, in words of the user's language.

import { portal } from './portal.js';
import { text } from './texts.js';

/** A city without content is shown from above China. */
const NOWHERE = { lon: 117.23, lat: 31.82, zoom: 9 };

/**
 * Make the map in `#map`.
 * @param {typeof import('../maplibre/maplibre-gl.mjs')} library
 * @param {any} style
 * @param {import('./permalink.js').View | null} view
 */
export function createMap(library, style, view) {
  const { lon, lat, zoom } = view ?? portal.start ?? NOWHERE;
  const map = new library.Map({
    container: 'map', style, center: [lon, lat], zoom, minZoom: 5, maxZoom: 20,
    // Plans are read with north up; a turned or tilted map only makes clicks and scale doubtful.
    maxPitch: 0, dragRotate: false, pitchWithRotate: false, touchPitch: false,
    attributionControl: false, fadeDuration: 120, locale: words(),
  });
  map.touchZoomRotate.disableRotation();
  map.keyboard.disableRotation();
  map.addControl(new library.NavigationControl({ showCompass: false }), 'top-right');
  map.addControl(new library.ScaleControl({ unit: 'metric', maxWidth: 120 }), 'bottom-left');
  return map;
}

function words() {
  return { 'Map.Title': text('ariaMap'), 'NavigationControl.ZoomIn': text('zoomIn'), 'NavigationControl.ZoomOut': text('zoomOut') };
}

/** Say the map's own words again after a change of language. @param {HTMLElement} container */
export function relabelMap(container) {
  container.querySelector('canvas')?.setAttribute('aria-label', text('ariaMap'));
  for (const [name, key] of /** @type {const} */ ([['in', 'zoomIn'], ['out', 'zoomOut']])) {
    const button = container.querySelector(`.maplibregl-ctrl-zoom-${name}`);
    button?.setAttribute('title', text(key));
    button?.setAttribute('aria-label', text(key));
  }
}

