// What lies under a point of the screen.

import { layerOf } from './city_style.js';
import { layers } from './portal.js';

/**
 * @typedef {{id: string | number, key: string | number, properties: Record<string, any>}} Found
 * @typedef {{layer: import('./portal.js').Layer, features: Found[]}} FoundGroup
 */

/** Finger or mouse need not hit a line of one pixel. */
const REACH_PX = matchMedia('(pointer: coarse)').matches ? 12 : 5;

/**
 * Every shown feature at a point, by layer, points before lines before areas, and each feature once. Points and lines count from
 * a little way off; areas only where the point is inside.
 * @param {import('../maplibre/maplibre-gl.mjs').Map} map
 * @param {{x: number, y: number}} point
 * @returns {FoundGroup[]}
 */
export function identify(map, point) {
  const { x, y } = point;
  const near = map.queryRenderedFeatures([[x - REACH_PX, y - REACH_PX], [x + REACH_PX, y + REACH_PX]]);
  const under = map.queryRenderedFeatures([x, y]);
  const kept = [...near.filter((feature) => isSlim(feature)), ...under.filter((feature) => !isSlim(feature))];
  /** @type {Map<string, globalThis.Map<string | number, Found>>} */
  const byLayer = new globalThis.Map();
  for (const feature of kept) {
    const layer = layers.get(layerOf(feature.layer));
    // The point of a name carries little of its area, and the area lies under it anyway.
    if (!layer || feature.sourceLayer !== layer.id) continue;
    const found = byLayer.get(layer.id) ?? new globalThis.Map();
    byLayer.set(layer.id, found);
    const key = keyOf(layer, feature);
    if (!found.has(key)) found.set(key, { id: feature.id, key, properties: feature.properties });
  }
  // MapLibre names what lies on top first, and sorting keeps that order among equals.
  return [...byLayer].map(([id, found]) => ({ layer: layers.get(id), features: [...found.values()] }))
    .sort((a, b) => slimFirst(a.layer, b.layer));
}

function isSlim(feature) {
  return layers.get(layerOf(feature.layer))?.dimension !== 2;
}

/** Points before lines before areas: what is hard to hit was meant. */
function slimFirst(a, b) {
  return (a.dimension ?? 3) - (b.dimension ?? 3);
}

/** What stands for the feature in its address. */
function keyOf(layer, feature) {
  return layer.key.type === 'integer' ? feature.id : (feature.properties[layer.key.column] ?? feature.id);
}
