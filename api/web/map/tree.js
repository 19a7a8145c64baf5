// The layer tree: groups in the catalogue's order, each layer with its switch, legend, count and hint.

import { el } from './dom.js';
import { icon } from './icons.js';
import { address, portal } from './portal.js';
import { getLanguage, isShown, toggleLayer } from './state.js';
import { drawSwatch } from './swatch.js';
import { text, title } from './texts.js';
import { grouped } from './values.js';

/**
 * Draw the tree into the panel.
 * @param {HTMLElement} panel
 * @param {{onClose: () => void, onZoomTo: (layer: import('./portal.js').Layer) => void, onZoomIn: (zoom: number) => void}} actions
 */
export function drawTree(panel, actions) {
  panel.setAttribute('aria-label', text('layers'));
  panel.replaceChildren(
    el('div', { class: 'sheet-head' },
      el('h2', {}, text('layers')),
      el('button', { type: 'button', class: 'icon', 'aria-label': text('collapse'), title: text('collapse'), onclick: actions.onClose }, icon('close'))),
    el('div', { class: 'sheet-body' },
      portal.groups.length ? null : el('p', { class: 'note' }, text('noLayers')),
      ...portal.groups.map((group) => drawGroup(group, actions)),
      anySynthetic() ? el('p', { class: 'tree-note' }, el('span', { class: 'badge' }, text('synthetic')), ' ', text('syntheticHint')) : null),
  );
}

function anySynthetic() {
  return portal.groups.some((group) => group.layers.some((layer) => layer.synthetic));
}

function drawGroup(group, actions) {
  return el('section', { class: 'group', 'aria-labelledby': `group-${group.id}` },
    el('h3', { id: `group-${group.id}` }, title(group.title)),
    el('ul', {}, ...group.layers.map((layer) => drawLayer(layer, actions))));
}

function drawLayer(layer, actions) {
  const box = el('input', {
    type: 'checkbox', id: `layer-${layer.id}`, name: layer.id,
    onchange: (event) => toggleLayer(layer.id, event.target.checked),
  });
  box.checked = isShown(layer.id);
  const single = layer.legend.length === 1;
  return el('li', { class: 'layer', 'data-layer': layer.id },
    el('div', { class: 'row' },
      el('label', { for: box.id, title: title(layer.description) },
        box, single ? drawSwatch(layer.legend[0]) : null,
        el('span', { class: 'name' }, title(layer.title)),
        el('span', { class: 'count', title: `${grouped(layer.count)} ${text('features')}` }, grouped(layer.count))),
      el('button', {
        type: 'button', class: 'icon', disabled: layer.extent === null,
        'aria-label': `${text('zoomTo')}：${title(layer.title)}`, title: text('zoomTo'), onclick: () => actions.onZoomTo(layer),
      }, icon('target')),
      el('a', {
        class: 'icon', href: address(`/collections/${layer.id}`, getLanguage()),
        'aria-label': `${text('layerInfo')}：${title(layer.title)}`, title: text('layerInfo'),
      }, icon('info'))),
    el('button', { type: 'button', class: 'hint', hidden: true, onclick: () => actions.onZoomIn(layer.zoom.min) },
      text('zoomHint', { z: layer.zoom.min })),
    single ? null : el('ul', { class: 'legend' }, ...layer.legend.map(drawEntry)));
}

function drawEntry(swatch) {
  return el('li', {}, drawSwatch(swatch), swatch.label ? el('span', {}, title(swatch.label)) : null);
}

/**
 * Say which switched-on layers are not drawn at this zoom, and show the legend of the others.
 * @param {HTMLElement} panel
 * @param {number} zoom
 */
export function updateTree(panel, zoom) {
  for (const group of portal.groups) {
    for (const layer of group.layers) {
      const item = /** @type {HTMLElement} */ (panel.querySelector(`[data-layer="${layer.id}"]`));
      const on = isShown(layer.id);
      const early = zoom < layer.zoom.min;
      item.querySelector('input').checked = on;
      item.classList.toggle('off', !on);
      item.classList.toggle('early', on && early);
      /** @type {HTMLElement} */ (item.querySelector('.hint')).hidden = !(on && early);
    }
  }
}
