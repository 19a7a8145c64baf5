// What the user has chosen, and who wants to know when it changes.

import { layers } from './portal.js';

/** @typedef {'language' | 'layers'} Topic */

/** @type {Record<Topic, (() => void)[]>} */
const listeners = { language: [], layers: [] };

let language = document.documentElement.lang.startsWith('en') ? 'en' : 'zh';
let shown = new Set([...layers.values()].filter((layer) => layer.visible).map((layer) => layer.id));

/** Call back after each change of a topic. @param {Topic} topic @param {() => void} listener */
export function onChange(topic, listener) {
  listeners[topic].push(listener);
}

/** @returns {'zh' | 'en'} */
export function getLanguage() {
  return /** @type {'zh' | 'en'} */ (language);
}

/** @param {string} next */
export function setLanguage(next) {
  if (next === language || !['zh', 'en'].includes(next)) return;
  language = next;
  document.documentElement.lang = next === 'en' ? 'en' : 'zh-CN';
  listeners.language.forEach((listener) => listener());
}

/** @param {string} id */
export function isShown(id) {
  return shown.has(id);
}

/** Ids of the layers that are switched on, in the order of the tree. */
export function shownLayers() {
  return [...layers.keys()].filter((id) => shown.has(id));
}

/** Show exactly these layers; ids that the catalogue no longer has are passed over. @param {Iterable<string>} ids */
export function showLayers(ids) {
  shown = new Set([...ids].filter((id) => layers.has(id)));
  listeners.layers.forEach((listener) => listener());
}

/** @param {string} id @param {boolean} on */
export function toggleLayer(id, on) {
  showLayers(on ? [...shown, id] : [...shown].filter((one) => one !== id));
}
