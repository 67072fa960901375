// Elements of the report page. All texts become text nodes, none of them HTML.

/** @typedef {import('../report-data.js').ReportTable} ReportTable */
/** @typedef {import('../report-data.js').Cell} Cell */

/**
 * An element.
 * @param {string} name with its classes, as in CSS
 * @param {(Node | string)[]} content
 */
function make(name, ...content) {
  const [tag = 'div', ...classes] = name.split('.');
  const element = document.createElement(tag);
  if (classes.length > 0) element.className = classes.join(' ');
  element.append(...content);
  return element;
}

/** @param {number} value */
function count(value) {
  return value.toLocaleString('en', { maximumFractionDigits: 2 });
}

/** @param {number} time */
function when(time) {
  return new Date(time).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });
}

/** @param {number} seconds */
function lasting(seconds) {
  const whole = Math.round(seconds);
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${whole % 60} s` : `${seconds.toFixed(1)} s`;
}

/**
 * @param {Cell} cell
 * @param {ReportTable['columns'][number]} column
 * @param {boolean} isFirst
 */
function tableCell(cell, column, isFirst) {
  if (isFirst) {
    const head = make('th', String(cell ?? ''));
    head.setAttribute('scope', 'row');
    return head;
  }
  if (cell === null) return make(column.is === 'number' ? 'td.number.zero' : 'td', '–');
  if (typeof cell === 'object') return make('td', make(`span.badge.${cell.is}`, cell.text));
  if (typeof cell === 'number') return make(cell === 0 ? 'td.number.zero' : 'td.number', count(cell));
  return make('td', cell);
}

/** @param {ReportTable} table */
function tableSection({ heading, about, columns, rows }) {
  const heads = columns.map(({ label, is }) => {
    const head = make(is === 'number' ? 'th.number' : 'th', label);
    head.setAttribute('scope', 'col');
    return head;
  });
  const lines = rows.map((row) =>
    make('tr', ...columns.map((column, index) => tableCell(row[index] ?? null, column, index === 0))),
  );
  const section = make('section', make('h2', heading));
  if (about) section.append(make('p.soft', about));
  if (rows.length === 0) section.append(make('p', 'None.'));
  else section.append(scrolling(heading, make('table', make('thead', make('tr', ...heads)), make('tbody', ...lines))));
  return section;
}

/**
 * What is too wide scrolls by itself, also by keyboard.
 * @param {string} label
 * @param {HTMLElement} content
 */
function scrolling(label, content) {
  const box = make('div.scroll', content);
  box.tabIndex = 0;
  box.setAttribute('role', 'region');
  box.setAttribute('aria-label', label);
  return box;
}
