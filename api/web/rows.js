// Rows of conditions: property, operator, value.
import { listed } from './cql2.js';

const TEXTS = {
  zh: {
    eq: '等于', ne: '不等于', gt: '大于', ge: '≥', lt: '小于', le: '≤', contains: '包含', begins: '开头是', in: '属于', between: '介于',
    null: '为空', notnull: '不为空', property: '字段', operator: '比较', value: '值', low: '下限', high: '上限', remove: '删除这个条件',
    list: '以逗号分隔', yes: '是', no: '否', unknown: '（不是编码）', day: '日期', time: '时刻（可不填；北京时间）', any: '请选择', number: '请输入数字', wrong: '此值不能使用',
    joined: '满足', and: '全部条件', or: '任一条件', copied: '已复制', failed: '无法复制，请手动选取',
  },
  en: {
    eq: 'equals', ne: 'not equal to', gt: 'greater than', ge: '≥', lt: 'less than', le: '≤', contains: 'contains', begins: 'begins with', in: 'one of',
    between: 'between', null: 'is empty', notnull: 'is not empty', property: 'Property', operator: 'Comparison', value: 'Value', low: 'From', high: 'To',
    remove: 'Remove this condition', list: 'with commas between', yes: 'yes', no: 'no', unknown: ' (not a code)', day: 'day', time: 'time (may stay empty; Beijing time)', any: 'choose', number: 'Enter a number', wrong: 'This value cannot be used',
    joined: 'Features that meet', and: 'all conditions', or: 'any condition', copied: 'Copied', failed: 'Cannot copy; select it by hand',
  },
};

/** Words of the page's language. */
export const words = TEXTS[document.documentElement.lang.startsWith('en') ? 'en' : 'zh'];

const OPERATORS = {
  coded: ['eq', 'ne', 'in', 'null', 'notnull'],
  string: ['contains', 'begins', 'eq', 'ne', 'in', 'null', 'notnull'],
  boolean: ['eq', 'null', 'notnull'],
  date: ['ge', 'le', 'between', 'eq', 'null', 'notnull'],
  datetime: ['ge', 'le', 'between', 'eq', 'null', 'notnull'],
  integer: ['eq', 'ge', 'le', 'between', 'ne', 'gt', 'lt', 'in', 'null', 'notnull'],
  number: ['ge', 'le', 'between', 'eq', 'ne', 'gt', 'lt', 'in', 'null', 'notnull'],
};

let serial = 0;

/** An element with properties and children. */
export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

/** One condition, as fields that follow each other. */
export class Row {
  /**
   * @param {import('./cql2.js').Field[]} fields
   * @param {{name: string, operator: string, values: string[]}} start
   * @param {{changed: () => void, removed: (row: Row) => void}} tell
   */
  constructor(fields, start, tell) {
    this.fields = fields;
    this.tell = tell;
    serial += 1;
    const options = fields.map((field) => make('option', { value: field.name, textContent: field.unit ? `${field.title}（${field.unit}）` : field.title }));
    this.property = make('select', { className: 'property', ariaLabel: words.property }, ...options);
    this.property.value = start.name;
    this.operator = make('select', { className: 'operator', ariaLabel: words.operator });
    this.place = make('span', { className: 'values' });
    const remove = make('button', { type: 'button', className: 'button remove', textContent: '×', title: words.remove, ariaLabel: words.remove });
    this.element = make('div', { className: 'condition', role: 'group', ariaLabel: `${words.property} ${serial}` }, this.property, this.operator, this.place, remove);
    this.property.addEventListener('change', () => { this.#offer(); this.#ask([]); tell.changed(); });
    this.operator.addEventListener('change', () => { this.#ask(this.values()); tell.changed(); });
    this.place.addEventListener('input', () => tell.changed());
    remove.addEventListener('click', () => tell.removed(this));
    this.#offer(start.operator);
    this.#ask(start.values);
  }

  get field() {
    return this.fields.find((one) => one.name === this.property.value);
  }

  #offer(chosen = '') {
    const { field } = this;
    const kind = field.choices.length ? 'coded' : field.type;
    const offered = OPERATORS[kind] ?? OPERATORS.string;
    // What came in a link stays as it is, even where the form would not offer it.
    const all = chosen && !offered.includes(chosen) ? [chosen, ...offered] : offered;
    this.operator.replaceChildren(...all.map((one) => make('option', { value: one, textContent: words[one] })));
    if (chosen) this.operator.value = chosen;
  }

  #ask(values) {
    this.place.replaceChildren();
    switch (this.operator.value) {
      case 'null':
      case 'notnull': return;
      case 'between':
        this.place.append(this.#input(values[0] ?? '', words.low), make('span', { textContent: '–', ariaHidden: 'true' }), this.#input(values[1] ?? '', words.high));
        return;
      case 'in':
        if (this.field.choices.length) this.#tickboxes(values);
        else this.place.append(make('input', { value: values.join(','), ariaLabel: words.value, placeholder: words.list, autocomplete: 'off' }));
        return;
      default: this.place.append(this.#input(values[0] ?? '', words.value));
    }
  }

  #tickboxes(values) {
    const codes = new Set(this.field.choices.map(([code]) => code));
    const others = values.filter((one) => one && !codes.has(one)).map((one) => [one, `${one}${words.unknown}`]);
    for (const [code, meaning] of [...this.field.choices, ...others]) {
      this.place.append(make('label', { className: 'tick' }, make('input', { type: 'checkbox', value: code, checked: values.includes(code) }), make('span', { textContent: meaning })));
    }
  }

  #input(value, label) {
    const { field } = this;
    const choices = field.type === 'boolean' ? [['true', words.yes], ['false', words.no]] : field.choices;
    if (choices.length) {
      const known = value && !choices.some(([code]) => code === value) ? [[value, `${value}${words.unknown}`], ...choices] : choices;
      const select = make('select', { ariaLabel: label }, ...[['', words.any], ...known].map(([code, text]) => make('option', { value: code, textContent: text })));
      select.value = value;
      return select;
    }
    if (field.type === 'datetime') return this.#moment(value, label);
    const isNumber = field.type === 'integer' || field.type === 'number';
    return make('input', { type: field.type === 'date' ? 'date' : 'text', value, ariaLabel: label, autocomplete: 'off', inputMode: isNumber ? 'decimal' : '' });
  }

  /** A day, and its time where that matters. */
  #moment(value, label) {
    const [day, time = ''] = value.split('T');
    return make(
      'span', { className: 'moment' },
      make('input', { type: 'date', value: day, ariaLabel: `${label} ${words.day}` }),
      make('input', { type: 'time', value: time, ariaLabel: `${label} ${words.time}`, title: words.time }),
    );
  }

  /** What the fields hold. @returns {string[]} */
  values() {
    const inputs = [...this.place.querySelectorAll('input, select')];
    const moments = [...this.place.querySelectorAll('.moment')];
    if (moments.length) {
      return moments.map(({ children: [day, time] }) => (day.value && time.value ? `${day.value}T${time.value}` : day.value));
    }
    if (this.operator.value !== 'in') return inputs.map((one) => one.value.trim());
    if (this.field.choices.length) return inputs.filter((one) => one.checked || one.tagName === 'SELECT').map((one) => one.value);
    return listed(inputs[0]?.value ?? '');
  }

  /** @returns {import('./cql2.js').Condition} */
  condition() {
    return { field: this.field, operator: this.operator.value, values: this.values() };
  }

  /** Mark the fields as wrong, or as right by the empty text. @param {string} complaint */
  complain(complaint) {
    for (const one of this.place.querySelectorAll('input')) one.setCustomValidity(complaint);
  }
}
