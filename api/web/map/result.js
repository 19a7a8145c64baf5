// The sheet that tells what was found.

import { el } from './dom.js';
import { icon } from './icons.js';
import { address } from './portal.js';
import { getLanguage } from './state.js';
import { drawSwatch } from './swatch.js';
import { text, title } from './texts.js';
import { filledFields, nameOf } from './values.js';

/** A list that nobody reads to its end is cut. */
const MOST_PER_LAYER = 20;

/**
 * Draw what was found at a place.
 * @param {HTMLElement} sheet
 * @param {import('./identify.js').FoundGroup[]} groups
 * @param {string} place the place in words
 * @param {{onClose: () => void, onPick: (layer: import('./portal.js').Layer, found: import('./identify.js').Found) => void}} actions
 */
export function drawResult(sheet, groups, place, actions) {
  const heading = el('h2', { tabindex: -1 }, text('result'));
  sheet.setAttribute('aria-label', text('result'));
  sheet.replaceChildren(
    el('div', { class: 'sheet-head' },
      el('div', {}, heading, el('p', { class: 'numbers muted' }, place)),
      el('button', { type: 'button', class: 'icon', 'aria-label': text('close'), title: text('close'), onclick: actions.onClose }, icon('close'))),
    el('div', { class: 'sheet-body' },
      groups.length ? null : el('p', { class: 'note' }, text('nothingHere')),
      ...groups.map((group, i) => drawGroup(group, i === 0, actions))),
  );
}

function drawGroup({ layer, features }, isFirst, actions) {
  const listed = features.slice(0, MOST_PER_LAYER);
  return el('section', { class: 'found', 'data-layer': layer.id },
    el('h3', {}, layer.legend.length === 1 ? drawSwatch(layer.legend[0]) : null, title(layer.title),
      features.length > 1 ? el('span', { class: 'count' }, features.length) : null),
    ...listed.map((found, i) => drawFeature(layer, found, isFirst && i === 0, actions)),
    features.length > listed.length ? el('p', { class: 'muted' }, text('more', { n: features.length - listed.length })) : null);
}

function drawFeature(layer, found, isOpen, actions) {
  const fields = filledFields(layer, found.properties);
  const details = el('details', { open: isOpen },
    el('summary', {}, nameOf(found.properties, found.key)),
    fields.length
      ? el('dl', {}, ...fields.flatMap(({ name, title: label, value, code }) => [
        el('dt', { title: name }, label), el('dd', { title: code }, value)]))
      : el('p', { class: 'muted' }, text('noValues')),
    el('p', {}, el('a', { class: 'item-link', href: address(`/collections/${layer.id}/items/${encodeURIComponent(found.key)}`, getLanguage()) }, text('itemPage'))));
  // Listens only from now on: the one that is open from the start is marked by the caller.
  details.querySelector('summary').addEventListener('click', () => { if (!details.open) actions.onPick(layer, found); });
  return details;
}
