// Times of the form: what is typed and what is shown is Beijing time.

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const MOMENT = /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2})(:\d{2}(?:\.\d+)?)?$/;
const BOUND = /^(\d{4}-\d{2}-\d{2})T(?:00:00:00|23:59:59(?:\.9+)?)\+08:00$/;

const STARTS = 'T00:00:00+08:00';
const ENDS = 'T23:59:59.999999+08:00';

/** A typed time or interval with its days, and its moments without a zone, as those of Beijing. @param {string} text */
export function beijing(text) {
  const parts = text.trim().split('/').map((one) => one.trim());
  if (parts.length === 1 && DAY.test(parts[0])) parts.push(parts[0]);
  const [start, end] = parts;
  if (parts.length === 2) return `${bound(start, STARTS)}/${bound(end, ENDS)}`;
  return parts.length === 1 ? bound(start, STARTS) : text;
}

/** @param {string} text @param {string} rest */
function bound(text, rest) {
  if (DAY.test(text)) return text + rest;
  const [, day, minutes, seconds] = MOMENT.exec(text) ?? [];
  return day ? `${day}T${minutes}${seconds ?? ':00'}+08:00` : text;
}

/** The days that an interval begins and ends with, empty where it has none. @param {string} text */
export function daysOf(text) {
  const [start = '', end = ''] = text.split('/');
  return [start, end].map((one) => BOUND.exec(one)?.[1] ?? '');
}

/** The interval from the first day to the last, each open where empty. @param {string} first @param {string} last */
export function between(first, last) {
  return first || last ? `${first ? first + STARTS : '..'}/${last ? last + ENDS : '..'}` : '';
}

/**
 * A day, or a day with its time, of Beijing as CQL2; text of CQL2 knows UTC alone.
 * @param {string} value 2026-01-31 or 2026-01-31T08:00 @param {boolean} isEnd whether a day means its last moment
 */
export function timestamp(value, isEnd = false) {
  const isDay = DAY.test(value);
  const moment = new Date(isDay ? value + (isEnd ? 'T23:59:59+08:00' : STARTS) : `${value}:00+08:00`);
  if (Number.isNaN(moment.valueOf())) return '';
  return `TIMESTAMP('${moment.toISOString().replace('.000Z', isDay && isEnd ? '.999999Z' : 'Z')}')`;
}

/** Whether only a day was typed. @param {string} value */
export function isDay(value) {
  return DAY.test(value);
}
