// Boxes around GeoJSON.

/**
 * Box around every coordinate of a feature collection.
 * @param {{features: {geometry: any}[]}} collection
 * @returns {[number, number, number, number] | undefined} west, south, east, north; undefined where nothing has a geometry
 */
export function boundsOf(collection) {
  const box = [Infinity, Infinity, -Infinity, -Infinity];
  for (const { geometry } of collection.features) if (geometry) grow(box, geometry.coordinates ?? geometry.geometries);
  return box[0] <= box[2] ? /** @type {[number, number, number, number]} */ (box) : undefined;
}

function grow(box, part) {
  if (typeof part[0] === 'number') {
    box[0] = Math.min(box[0], part[0]);
    box[1] = Math.min(box[1], part[1]);
    box[2] = Math.max(box[2], part[0]);
    box[3] = Math.max(box[3], part[1]);
  } else {
    for (const one of part) grow(box, one.coordinates ?? one);
  }
}
