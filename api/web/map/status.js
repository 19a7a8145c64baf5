// The honest line: what is loading, what failed and why, and another try by itself.

import { el } from './dom.js';
import { text } from './texts.js';
import { onChange } from './state.js';

const FIRST_WAIT_MS = 3000;
const LONGEST_WAIT_MS = 60000;

/**
 * Watch the tiles of a map.
 * @param {import('../maplibre/maplibre-gl.mjs').Map} map
 * @param {HTMLElement} line
 */
export function watchTiles(map, line) {
  /** Tiles that failed, by their key. @type {Map<string, {x: number, y: number, z: number}>} */
  const failed = new globalThis.Map();
  let why = '';
  let wait = FIRST_WAIT_MS;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  const show = () => {
    if (failed.size) say(line, 'bad', why === 'network' ? text('offline') : text('tilesFailed', { n: failed.size, why }), retry);
    else if (map.areTilesLoaded()) say(line, 'idle', '');
    else say(line, 'busy', text('loading'));
  };

  function retry() {
    clearTimeout(timer);
    timer = undefined;
    wait = Math.min(wait * 2, LONGEST_WAIT_MS);
    const again = [...failed.values()];
    failed.clear();
    // By name: refreshing the whole source leaves failed tiles waiting for ever (MapLibre 6.17, TileManager.reload).
    for (const id of Object.keys(map.getStyle().sources)) map.refreshTiles(id, again);
    show();
  }

  map.on('error', ({ error, tile }) => {
    if (!tile) return;
    failed.set(tile.tileID.key, tile.tileID.canonical);
    why = reasonOf(error);
    timer ??= setTimeout(retry, wait);
    show();
  });
  map.on('dataloading', show);
  map.on('idle', () => {
    if (!failed.size) wait = FIRST_WAIT_MS;
    show();
  });
  addEventListener('online', () => { if (failed.size) retry(); });
  onChange('language', show);
}

/**
 * Say something in the status line.
 * @param {HTMLElement} line
 * @param {'idle' | 'busy' | 'bad'} kind
 * @param {string} words
 * @param {() => void} [retry] what the button does; no button when left out
 */
export function say(line, kind, words, retry) {
  // Writing the same words again would make screen readers repeat them.
  if (line.dataset.words === words && line.dataset.kind === kind) return;
  line.dataset.words = words;
  line.dataset.kind = kind;
  line.replaceChildren(words, retry ? el('button', { type: 'button', class: 'retry', onclick: retry }, text('retry')) : '');
}

/** @returns {string} `network`, or the HTTP status in words */
function reasonOf(error) {
  return error?.status ? `HTTP ${error.status}` : 'network';
}
