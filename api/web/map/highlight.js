// The mark around one feature.

import { layerOf } from './city_style.js';

const RED = '#ff2d55';

/** What marks a feature: a tint for areas, a line with a white casing, a ring. */
export const MARKS = [
  { id: 'mark:area', type: 'fill', filter: ['==', ['geometry-type'], 'Polygon'], paint: { 'fill-color': RED, 'fill-opacity': 0.14 } },
  { id: 'mark:casing', type: 'line', filter: ['!=', ['geometry-type'], 'Point'], paint: { 'line-color': '#ffffff', 'line-width': 6, 'line-opacity': 0.85 }, layout: { 'line-join': 'round' } },
  { id: 'mark:line', type: 'line', filter: ['!=', ['geometry-type'], 'Point'], paint: { 'line-color': RED, 'line-width': 3 }, layout: { 'line-join': 'round' } },
  { id: 'mark:point', type: 'circle', filter: ['==', ['geometry-type'], 'Point'], paint: { 'circle-radius': 10, 'circle-color': RED, 'circle-opacity': 0.15, 'circle-stroke-color': RED, 'circle-stroke-width': 3 } },
];

/** Take the mark away. @param {import('../maplibre/maplibre-gl.mjs').Map} map */
export function clearMark(map) {
  for (const { id } of MARKS) if (map.getLayer(id)) map.removeLayer(id);
}

/**
 * Mark one feature, in every tile that it crosses.
 * @param {import('../maplibre/maplibre-gl.mjs').Map} map
 * @param {import('./portal.js').Layer} layer
 * @param {import('./identify.js').Found} found
 */
export function mark(map, layer, found) {
  clearMark(map);
  const rules = map.getStyle().layers.filter((one) => layerOf(one) === layer.id && one['source-layer'] === layer.id);
  if (!rules.length) return;
  const { source, 'source-layer': sourceLayer } = rules[0];
  // A county that is drawn by its border alone would tint the whole screen.
  const isFilled = rules.some((one) => one.type === 'fill' && one.paint?.['fill-opacity'] !== 0);
  const same = found.id === undefined ? ['==', ['get', layer.key.column], found.key] : ['==', ['id'], found.id];
  for (const { filter, ...rest } of MARKS) {
    if (rest.type === 'fill' && !isFilled) continue;
    map.addLayer({ ...rest, source, 'source-layer': sourceLayer, filter: ['all', filter, same] });
  }
}
