// What the page was given: the layer tree, code lists and where to start.

/**
 * @typedef {{zh: string, en: string}} Titled
 * @typedef {{label: Titled | null, shape: 'fill' | 'line' | 'point', color: string | null, stroke: string | null, dash: boolean, opacity: number}} Swatch
 * @typedef {{name: string, title: Titled, unit: string, codes: string | null}} Field
 * @typedef {{id: string, title: Titled, description: Titled, dimension: 0 | 1 | 2 | null, visible: boolean,
 *   zoom: {min: number, max: number}, extent: [number, number, number, number] | null, count: number, synthetic: boolean,
 *   key: {column: string, type: 'integer' | 'text' | 'uuid'}, fields: Field[], legend: Swatch[]}} Layer
 * @typedef {{id: string, title: Titled, layers: Layer[]}} Group
 * @typedef {{base: string, extent: [number, number, number, number] | null, start: {lon: number, lat: number, zoom: number} | null,
 *   groups: Group[], codes: Record<string, Record<string, Titled>>}} Portal
 */

/** @type {Portal} */
export const portal = JSON.parse(document.getElementById('portal').textContent);

/** Every layer by id, in the order of the tree. @type {Map<string, Layer>} */
export const layers = new Map(portal.groups.flatMap((group) => group.layers).map((layer) => [layer.id, layer]));

/**
 * Address of a page of ours.
 * @param {string} path begins with a slash
 * @param {string} [language] given where the page must speak the map's language
 */
export function address(path, language) {
  return portal.base + path + (language ? `?lang=${language}` : '');
}
