// What was found, on the small map: drawn so that it stands out, and as a dot where it would be too small to see.

const RED = '#e0004d';
const WHITE = '#ffffff';
/** Pixels of a screen; whatever is smaller is drawn as a dot. */
const SMALL_PX = 14;
const WORLD_PX = 512;

const isFlat = ['!=', ['geometry-type'], 'Point'];
const radius = ['interpolate', ['linear'], ['zoom'], 8, 5, 13, 6, 17, 8];
const round = { 'line-join': 'round', 'line-cap': 'round' };

/** Rules for the source of the features. */
export const FOUND = [
  { id: 'found:area', type: 'fill', filter: ['==', ['geometry-type'], 'Polygon'], paint: { 'fill-color': RED, 'fill-opacity': 0.25 } },
  { id: 'found:casing', type: 'line', filter: isFlat, layout: round, paint: { 'line-color': WHITE, 'line-width': 5, 'line-opacity': 0.8 } },
  { id: 'found:line', type: 'line', filter: isFlat, layout: round, paint: { 'line-color': RED, 'line-width': 2.4 } },
  { id: 'found:point', type: 'circle', filter: ['==', ['geometry-type'], 'Point'], paint: { 'circle-radius': radius, 'circle-color': RED, 'circle-stroke-color': WHITE, 'circle-stroke-width': 2 } },
];

/** Rule for the source of the dots: each is there until its feature can be seen. */
export const DOTS = {
  id: 'found:dot', type: 'circle', filter: ['<', ['zoom'], ['get', 'until']],
  paint: { 'circle-radius': radius, 'circle-color': RED, 'circle-stroke-color': WHITE, 'circle-stroke-width': 2 },
};

/**
 * A dot for each area and line, with the zoom until which it is needed.
 * @param {{features: {geometry: any}[]}} collection
 */
export function dotsOf(collection) {
  const features = [];
  for (const { geometry } of collection.features) {
    const places = [...placesOf(geometry)];
    if (places.length < 2) continue;
    const xs = places.map(([x]) => x);
    const ys = places.map(([, y]) => y);
    const [west, east, south, north] = [least(xs), -least(xs.map((x) => -x)), least(ys), -least(ys.map((y) => -y))];
    const size = Math.max(east - west, north - south, 1e-9);
    const until = Math.ceil(Math.log2((SMALL_PX * 360) / (WORLD_PX * size)));
    // A line may be far from its middle: the dot stands on it, half way.
    const isLine = geometry.type.endsWith('LineString');
    const coordinates = isLine ? places[Math.floor(places.length / 2)].slice(0, 2) : [(west + east) / 2, (south + north) / 2];
    features.push({ type: 'Feature', properties: { until }, geometry: { type: 'Point', coordinates } });
  }
  return { type: 'FeatureCollection', features };
}

/** @param {number[]} numbers */
function least(numbers) {
  return numbers.reduce((one, other) => Math.min(one, other));
}

/** Every position of a geometry. */
function* placesOf(geometry) {
  if (geometry) yield* positions(geometry.coordinates ?? geometry.geometries.map((one) => [...placesOf(one)]));
}

function* positions(part) {
  if (typeof part[0] === 'number') yield part;
  else for (const one of part) yield* positions(one);
}
