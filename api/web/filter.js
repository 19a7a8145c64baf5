// The form above a table of features: rows of conditions that become one CQL2 filter, and helpers beside its fields.
// Every field is a plain parameter; without this script the form sends the same, one value for each property.
import { compose, listed, WrongValue } from './cql2.js';
import { copy } from './map/clipboard.js';
import { make, Row, words } from './rows.js';
import { beijing, between, daysOf } from './times.js';

const box = document.querySelector('details.filterbox');
const form = /** @type {HTMLFormElement} */ (document.querySelector('form.filter'));
const asked = JSON.parse(document.getElementById('form-data').textContent);
const by = (id) => document.getElementById(id);
const filter = form.elements.namedItem('filter');
/** @type {Row[]} */
let rows = [];
let joined = asked.joined;

// On a phone the form would fill the screen; it waits closed unless something is wrong.
if (matchMedia('(max-width: 720px)').matches && !('wrong' in box.dataset)) box.removeAttribute('open');

// Conditions

function compile() {
  const done = rows.map((row) => {
    row.complain('');
    const condition = row.condition();
    try {
      return [compose([condition], joined), condition];
    } catch (error) {
      if (!(error instanceof WrongValue)) throw error;
      const isNumber = condition.field.type === 'integer' || condition.field.type === 'number';
      row.complain(isNumber ? words.number : words.wrong);
      return ['', condition];
    }
  });
  filter.value = done.map(([text]) => text).filter(Boolean).join(joined === 'or' ? ' OR ' : ' AND ');
}

function add(start, isTyped = true) {
  const row = new Row(asked.fields, start, {
    changed: compile,
    removed: (gone) => {
      rows = rows.filter((one) => one !== gone);
      gone.element.remove();
      compile();
      by('add-row').focus();
    },
  });
  rows.push(row);
  by('row-list').append(row.element);
  if (isTyped) row.property.focus();
}

function joiner() {
  const options = ['and', 'or'].map((one) => make('option', { value: one, textContent: words[one] }));
  const select = make('select', { ariaLabel: words.joined }, ...options);
  select.value = joined;
  select.addEventListener('change', () => { joined = select.value; compile(); });
  return make('label', {}, make('span', { textContent: words.joined }), select);
}

/** Whether the filter is typed, so that rows would lose it. */
function byHand(isTyped) {
  by('by-hand').hidden = !isTyped;
  for (const id of ['joined', 'row-list', 'add-row']) by(id).hidden = isTyped;
  if (isTyped) by('expert').open = true;
}

function clearRows() {
  rows = [];
  by('row-list').replaceChildren();
}

function setUpRows() {
  // The rows say what the plain fields say, and more.
  by('plain').remove();
  // What the server could read came back as CQL2 text, whatever it was sent as.
  if (asked.rows || asked.text !== filter.value) form.querySelector('input[type=hidden][name="filter-lang"]')?.remove();
  by('rows').hidden = false;
  by('joined').append(joiner());
  for (const [name, operator, values] of asked.rows ?? []) add({ name, operator, values }, false);
  if (asked.rows === null) {
    filter.value = asked.text;
    byHand(true);
  } else {
    compile();
    if (!rows.length && asked.fields.length) add({ name: asked.fields[0].name, operator: '', values: [] }, false);
  }
  by('add-row').addEventListener('click', () => add({ name: asked.fields[0].name, operator: '', values: [] }));
  by('use-rows').addEventListener('click', () => {
    filter.value = '';
    clearRows();
    byHand(false);
    add({ name: asked.fields[0].name, operator: '', values: [] });
  });
  filter.addEventListener('input', () => {
    clearRows();
    byHand(filter.value.trim() !== '');
  });
}

// Helpers beside text fields

function setUpDates() {
  const field = form.elements.namedItem('datetime');
  const [from, until] = [by('date-from'), by('date-until')];
  const read = () => { [from.value, until.value] = daysOf(field.value); };
  read();
  const write = () => { field.value = between(from.value, until.value); };
  field.addEventListener('change', () => { field.value = beijing(field.value); read(); });
  by('zone').textContent = by('zone').dataset.scripted;
  from.addEventListener('input', write);
  until.addEventListener('input', write);
  document.querySelector('[data-helper=datetime]').hidden = false;
}

function setUpProperties() {
  const field = form.elements.namedItem('properties');
  const boxes = [...by('choose').querySelectorAll('input')];
  const read = () => {
    const names = new Set(field.value.split(',').map((one) => one.trim()));
    for (const one of boxes) one.checked = names.has(one.dataset.property);
  };
  read();
  field.addEventListener('input', read);
  by('choose').addEventListener('input', () => {
    field.value = boxes.filter((one) => one.checked).map((one) => one.dataset.property).join(',');
  });
  by('choose').hidden = false;
}

function setUpView() {
  const map = by('preview');
  if (!map) return;
  const button = by('use-view');
  button.hidden = false;
  button.addEventListener('click', () => {
    if (!map.dataset.view) return;
    form.elements.namedItem('bbox').value = map.dataset.view;
    form.querySelector('input[type=hidden][name="bbox-crs"]')?.remove();
  });
}

function setUpCopying() {
  for (const button of document.querySelectorAll('[data-copy]')) {
    button.hidden = false;
    button.addEventListener('click', async () => {
      const source = by(button.dataset.copy);
      const isDone = await copy(source ? source.textContent : location.href);
      by('said').textContent = isDone ? words.copied : words.failed;
      button.classList.toggle('done', isDone);
      setTimeout(() => { by('said').textContent = ''; button.classList.remove('done'); }, 2500);
    });
  }
}

// Sending

/** Write lists with plain commas and times with their zone, however they were typed. */
function tidy() {
  const field = (name) => form.elements.namedItem(name);
  field('bbox').value = listed(field('bbox').value.replace(/[;；\s]+/g, ',')).join(',');
  field('properties').value = listed(field('properties').value).join(',');
  field('datetime').value = beijing(field('datetime').value);
}

// A form sends empty fields too; they are left out, so that the address says what is asked and no more.
form.addEventListener('submit', () => {
  tidy();
  const isEmpty = (one) => one.value.trim() === '' || (one.name === 'bbox-crs' && !form.elements.namedItem('bbox').value)
    || (one.name === 'filter-crs' && !filter.value);
  for (const one of form.querySelectorAll('[name]')) one.disabled = isEmpty(one);
});

// Back from the next page, the form must be usable again.
addEventListener('pageshow', () => { for (const one of form.elements) one.disabled = false; });

setUpRows();
setUpDates();
setUpProperties();
setUpView();
setUpCopying();
by('problem')?.focus();
