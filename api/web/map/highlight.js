// The mark around one feature.

import { layerOf } from './city_style.js';

const MARKS = [
  { id: 'mark:area', type: 'fill', filter: ['==', ['geometry-type'], 'Polygon'], paint: { 'fill-color': '#ff2d55', 'fill-opacity': 0.14 } },
  { id: 'mark:casing', type: 'line', filter: ['!=', ['geometry-type'], 'Point'], paint: { 'line-color': '#ffffff', 'line-width': 6, 'line-opacity': 0.85 }, layout: { 'line-join': 'round' } },
  { id: 'mark:line', type: 'line', filter: ['!=', ['geometry-type'], 'Point'], paint: { 'line-color': '#ff2d55', 'line-width': 3 }, layout: { 'line-join': 'round' } },
  { id: 'mark:point', type: 'circle', filter: ['==', ['geometry-type'], 'Point'], paint: { 'circle-radius': 10, 'circle-color': '#ff2d55', 'circle-opacity': 0.15, 'circle-stroke-color': '#ff2d55', 'circle-stroke-width': 3 } },
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
  const drawn = map.getStyle().layers.find((one) => layerOf(one) === layer.id);
  if (!drawn) return;
  const same = found.id === undefined ? ['==', ['get', layer.key.column], found.key] : ['==', ['id'], found.id];
  for (const { filter, ...rest } of MARKS) {
    map.addLayer({ ...rest, source: drawn.source, 'source-layer': drawn['source-layer'], filter: ['all', filter, same] });
  }
}
