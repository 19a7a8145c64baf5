// The map page: puts the parts together.

import { layerOf, loadCityStyle, makeAreasClickable, setVisibility } from './city_style.js';
import { copy } from './clipboard.js';
import { followPosition, inWords } from './coordinates.js';
import { createMap, relabelMap } from './create_map.js';
import { clearMark, mark } from './highlight.js';
import { identify } from './identify.js';
import { readLink, writeLink } from './permalink.js';
import { layers, portal } from './portal.js';
import { drawResult } from './result.js';
import { getLanguage, isShown, onChange, setLanguage, showLayers, shownLayers } from './state.js';
import { say, watchTiles } from './status.js';
import { text } from './texts.js';
import { drawTree, updateTree } from './tree.js';

const [panel, result, bar, line, share, language, opener, canvas] = ['panel', 'result', 'position', 'state', 'share', 'language', 'open-panel', 'map']
  .map((id) => document.getElementById(id));
const RETRY_MS = 5000;

/** @type {import('../maplibre/maplibre-gl.mjs').Map | undefined} */
let map;
/** @type {{groups: import('./identify.js').FoundGroup[], place: string} | null} */
let found = null;

restore(readLink(location.hash));
drawChrome();
onChange('language', drawChrome);
start();

/** Take layers and language from a link. @param {import('./permalink.js').Link} link */
function restore(link) {
  if (link.language) setLanguage(link.language);
  if (link.layers) showLayers(link.layers);
}

/** Everything with words in it; drawn again when the language changes. */
function drawChrome() {
  document.title = `${getLanguage() === 'en' ? 'Map' : '地图'} · ${text('appName')}`;
  share.textContent = text('share');
  language.textContent = text('switchLanguage');
  language.setAttribute('lang', getLanguage() === 'en' ? 'zh-CN' : 'en');
  opener.textContent = text('layers');
  document.getElementById('synthetic')?.replaceChildren(text('synthetic'));
  drawTree(panel, { onClose: () => setPanel(false), onZoomTo: zoomTo, onZoomIn: (zoom) => map?.easeTo({ zoom: zoom + 0.01 }) });
  updateTree(panel, zoomNow());
  if (found) showResult(found);
  relabelMap(canvas);
}

async function start() {
  setPanel(!isPhone());
  share.addEventListener('click', copyLink);
  language.addEventListener('click', () => setLanguage(getLanguage() === 'en' ? 'zh' : 'en'));
  opener.addEventListener('click', () => { setPanel(true); panel.querySelector('input')?.focus(); });
  const library = await loadLibrary();
  if (!library) return;
  const style = await loadStyle();
  makeAreasClickable(style, layers);
  setVisibility(style, isShown);
  try {
    map = createMap(library, style, readLink(location.hash).view);
  } catch {
    say(line, 'bad', text('noWebgl'));
    return;
  }
  connect(map);
}

/** @returns {Promise<typeof import('../maplibre/maplibre-gl.mjs') | null>} */
async function loadLibrary() {
  try {
    return await import('../maplibre/maplibre-gl.mjs');
  } catch {
    say(line, 'bad', text('missingLibrary'));
    return null;
  }
}

/** Ask for the style until the server gives it. */
async function loadStyle() {
  for (;;) {
    try {
      say(line, 'busy', text('loading'));
      return await loadCityStyle(portal.base);
    } catch (error) {
      const why = /** @type {Error} */ (error).message;
      await new Promise((resolve) => {
        say(line, 'bad', why === 'network' ? text('offline') : text('styleFailed', { why }), () => resolve(null));
        setTimeout(resolve, RETRY_MS);
      });
    }
  }
}

/** @param {import('../maplibre/maplibre-gl.mjs').Map} map */
function connect(map) {
  relabelMap(canvas);
  watchTiles(map, line);
  followPosition(map, bar);
  map.on('click', ({ point, lngLat }) => ask(point, lngLat));
  map.getCanvas().addEventListener('keydown', (event) => {
    if (event.key === 'Enter') ask(map.project(map.getCenter()), map.getCenter(), true);
  });
  addEventListener('keydown', (event) => { if (event.key === 'Escape') closeResult(); });
  map.on('moveend', remember);
  map.on('zoom', () => updateTree(panel, zoomNow()));
  map.on('idle', () => { canvas.dataset.state = 'idle'; });
  map.on('dataloading', () => { canvas.dataset.state = 'busy'; });
  map.on('movestart', () => { canvas.dataset.state = 'busy'; });
  onChange('layers', () => { applyLayers(map); updateTree(panel, zoomNow()); remember(); });
  onChange('language', remember);
  addEventListener('hashchange', () => {
    const link = readLink(location.hash);
    restore(link);
    if (link.view) map.jumpTo({ center: [link.view.lon, link.view.lat], zoom: link.view.zoom });
  });
  updateTree(panel, zoomNow());
  remember();
}

function applyLayers(map) {
  canvas.dataset.state = 'busy';
  for (const one of map.getStyle().layers) {
    const id = layerOf(one);
    if (id) map.setLayoutProperty(one.id, 'visibility', isShown(id) ? 'visible' : 'none');
  }
}

function zoomNow() {
  return map?.getZoom() ?? readLink(location.hash).view?.zoom ?? portal.start?.zoom ?? 0;
}

/** Keep the address bar equal to the view, without a new entry in the history for each step. */
function remember() {
  const { lat, lng } = map.getCenter();
  history.replaceState(null, '', writeLink({ zoom: map.getZoom(), lat, lon: lng }, shownLayers(), getLanguage()));
}

async function copyLink() {
  const done = await copy(location.href);
  share.textContent = text(done ? 'copied' : 'copyFailed');
  setTimeout(() => { share.textContent = text('share'); }, 2500);
}

/** Find out what lies at a point. */
function ask(point, lngLat, byKeyboard = false) {
  showResult({ groups: identify(map, point), place: inWords(lngLat) });
  if (byKeyboard) result.querySelector('h2').focus();
  keepInSight(point);
}

/** On a phone the sheet rises over the lower half; what was asked about moves above it. @param {{y: number}} point */
function keepInSight(point) {
  const covered = result.getBoundingClientRect().top - canvas.getBoundingClientRect().top;
  if (isPhone() && point.y > covered - 40) map.panBy([0, point.y - covered / 2], { duration: 250 });
}

function isPhone() {
  return matchMedia('(max-width: 720px)').matches;
}

/** @param {{groups: import('./identify.js').FoundGroup[], place: string}} next */
function showResult(next) {
  found = next;
  drawResult(result, next.groups, next.place, { onClose: closeResult, onPick: (layer, one) => mark(map, layer, one) });
  result.hidden = false;
  result.querySelector('.sheet-body').scrollTop = 0;
  const first = next.groups[0];
  if (first) mark(map, first.layer, first.features[0]);
  else clearMark(map);
}

function closeResult() {
  if (!found) return;
  found = null;
  const hadFocus = result.contains(document.activeElement);
  result.hidden = true;
  clearMark(map);
  if (hadFocus) map.getCanvas().focus();
}

/** @param {boolean} open */
function setPanel(open) {
  document.body.classList.toggle('panel-open', open);
  opener.hidden = open;
  panel.hidden = !open;
}

/** @param {import('./portal.js').Layer} layer */
function zoomTo(layer) {
  if (isPhone()) setPanel(false);
  if (!isShown(layer.id)) showLayers([...shownLayers(), layer.id]);
  map?.fitBounds(layer.extent, { padding: 40, maxZoom: 17 });
}
