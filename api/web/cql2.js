// Conditions of the form as CQL2 text.
import { isDay, timestamp } from './times.js';

/** @typedef {{name: string, title: string, type: string, unit: string, choices: [string, string][]}} Field */
/** @typedef {{field: Field, operator: string, values: string[]}} Condition */

const SIGNS = { eq: '=', ne: '<>', gt: '>', ge: '>=', lt: '<', le: '<=' };
const RESERVED = new Set(['and', 'or', 'not', 'like', 'between', 'in', 'is', 'null', 'true', 'false', 'div']);
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

/** A value that is none of its property's type. */
export class WrongValue extends Error {}

/** Parts of a list that was typed: commas of both scripts part it. @param {string} text */
export function listed(text) {
  return text.split(/[,，、]/).map((one) => one.trim()).filter((one) => one !== '');
}

/**
 * Conditions joined; empty where none is complete.
 * @param {Condition[]} conditions @param {string} joined and, or
 */
export function compose(conditions, joined) {
  return conditions.filter(isComplete).map(predicate).join(joined === 'or' ? ' OR ' : ' AND ');
}

/** @param {Condition} condition */
function isComplete({ operator, values }) {
  return operator === 'null' || operator === 'notnull' || (values.length > 0 && values.every((one) => one !== ''));
}

/** @param {Condition} condition */
function predicate({ field, operator, values }) {
  const name = quotedName(field.name);
  if (field.type === 'datetime') return when(name, operator, values);
  switch (operator) {
    case 'null': return `${name} IS NULL`;
    case 'notnull': return `${name} IS NOT NULL`;
    case 'contains': return `${name} LIKE ${quoted(`%${escaped(values[0])}%`)}`;
    case 'begins': return `${name} LIKE ${quoted(`${escaped(values[0])}%`)}`;
    case 'in': return `${name} IN (${values.map((one) => literal(field.type, one)).join(', ')})`;
    case 'between': return `${name} BETWEEN ${literal(field.type, values[0])} AND ${literal(field.type, values[1])}`;
    default: return `${name} ${SIGNS[operator]} ${literal(field.type, values[0])}`;
  }
}

/** A comparison with moments, or with days: each side means the bound of the day that it must. */
function when(name, operator, values) {
  if (operator === 'null' || operator === 'notnull') return `${name} IS ${operator === 'null' ? '' : 'NOT '}NULL`;
  const moments = values.map((one, i) => timestamp(one, operator === 'le' || operator === 'gt' || i === 1));
  if (moments.includes('')) throw new WrongValue(values.join());
  if (operator === 'between') return `${name} BETWEEN ${moments[0]} AND ${moments[1]}`;
  if (operator === 'in') return `${name} IN (${values.map((one) => timestamp(one)).join(', ')})`;
  if (operator === 'eq' && isDay(values[0])) return `${name} BETWEEN ${moments[0]} AND ${timestamp(values[0], true)}`;
  return `${name} ${SIGNS[operator]} ${moments[0]}`;
}

/** @param {string} type @param {string} value */
function literal(type, value) {
  switch (type) {
    case 'integer':
    case 'number':
      if (!NUMBER.test(value)) throw new WrongValue(value);
      return value.replace(/^\+/, '');
    case 'boolean': return value === 'true' ? 'TRUE' : 'FALSE';
    case 'date': return `DATE('${value}')`;
    default: return quoted(value);
  }
}

/** Wildcards of LIKE are taken as plain signs. @param {string} text */
function escaped(text) {
  return text.replace(/[\\%_]/g, '\\$&');
}

/** @param {string} text */
function quoted(text) {
  // CQL2 text reads \' as a quote inside of a text, so it cannot say one that ends with a backslash.
  if (text.endsWith('\\')) throw new WrongValue(text);
  return `'${text.replace(/(\\*)'/g, (_, slashes) => `${slashes}${slashes ? "\\'" : "''"}`)}'`;
}

/** @param {string} name */
function quotedName(name) {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !RESERVED.has(name.toLowerCase()) ? name : `"${name.replaceAll('"', '""')}"`;
}
