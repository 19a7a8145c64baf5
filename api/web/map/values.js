// What a feature says, in the words of the catalogue.

import { portal } from './portal.js';
import { title } from './texts.js';
import { getLanguage } from './state.js';

/** Properties that name a feature, the most telling first. */
const NAMES = ['name', 'label', 'full_text', 'code'];

/** @param {Record<string, any>} properties @param {string | number} id */
export function nameOf(properties, id) {
  const found = NAMES.map((name) => properties[name]).find((value) => value !== undefined && value !== null && value !== '');
  return String(found ?? id);
}

/**
 * The filled fields of a feature, in the catalogue's order.
 * @param {import('./portal.js').Layer} layer
 * @param {Record<string, any>} properties
 * @returns {{name: string, title: string, value: string, code: string | null}[]}
 */
export function filledFields(layer, properties) {
  return layer.fields
    .filter(({ name }) => properties[name] !== undefined && properties[name] !== null && properties[name] !== '')
    .map((field) => ({ name: field.name, title: title(field.title), ...valueOf(field, properties[field.name]) }));
}

/** @param {import('./portal.js').Field} field @param {any} value */
function valueOf(field, value) {
  const meaning = field.codes && portal.codes[field.codes]?.[value];
  if (meaning) return { value: title(meaning), code: String(value) };
  return { value: plain(value) + (field.unit ? ` ${field.unit}` : ''), code: null };
}

function plain(value) {
  if (typeof value === 'boolean') return getLanguage() === 'en' ? (value ? 'yes' : 'no') : (value ? '是' : '否');
  // Tiles keep floats; the tail behind a thousandth is noise.
  if (typeof value === 'number' && !Number.isInteger(value)) return String(Math.round(value * 1000) / 1000);
  return String(value);
}

/** 12,345 */
export function grouped(number) {
  return number.toLocaleString('en-US');
}
