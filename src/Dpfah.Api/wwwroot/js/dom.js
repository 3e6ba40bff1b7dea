// Small helpers to build elements. Text is always set as text: a hostile file name or label stays what it is.

/**
 * Makes an element.
 * @param {string} tag Name of the element.
 * @param {object} [props] `class`, `on` (listeners by event), `data` (dataset), `style` (custom properties), booleans and other attributes.
 * @param {...(Node|string|number|null|undefined|false|Array)} children What it holds; empty values are left out.
 */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === 'on') for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    else if (name === 'data') Object.assign(element.dataset, value);
    else if (name === 'style') for (const [key, text] of Object.entries(value)) element.style.setProperty(key, text);
    else if (name === 'class') element.className = value;
    else if (name === 'value') element.value = value;
    else element.setAttribute(name, value === true ? '' : value);
  }
  append(element, children);
  return element;
}

function append(element, children) {
  for (const child of children) {
    if (Array.isArray(child)) append(element, child);
    else if (child !== undefined && child !== null && child !== false) element.append(child);
  }
}

/** Replaces what an element holds. */
export function fill(element, ...children) {
  element.replaceChildren();
  append(element, children);
  return element;
}

/** A number with separators of thousands. */
export const count = value => new Intl.NumberFormat('en').format(value);

/** "1 picture", "12 pictures". */
export const plural = (value, one, many = `${one}s`) => `${count(value)} ${value === 1 ? one : many}`;

/** A number with a fixed number of decimals; a dash for none. */
export const fixed = (value, digits = 3) => value === undefined || value === null ? '–' : value.toFixed(digits);

/** A point in time as people say it, with the exact time as a title. */
export function time(text) {
  const date = new Date(text);
  const seconds = (Date.now() - date) / 1000;
  const steps = [[60, 'second', 1], [3600, 'minute', 60], [86400, 'hour', 3600], [Infinity, 'day', 86400]];
  const [, unit, size] = steps.find(([limit]) => Math.abs(seconds) < limit);
  if (unit === 'second' && Math.abs(seconds) < 5) return h('time', { datetime: text, title: date.toLocaleString('en') }, 'just now');
  const words = new Intl.RelativeTimeFormat('en', { numeric: 'auto' }).format(-Math.round(seconds / size), unit);
  return h('time', { datetime: text, title: date.toLocaleString('en') }, words);
}

const messages = document.getElementById('messages');

/** A dialog leaves all else behind it and out of reach: what is said then stands in the dialog. */
function placeMessages() {
  const host = [...document.querySelectorAll('dialog[open]')].at(-1) ?? document.body;
  if (messages.parentElement === host) return;
  host.append(messages);
  if (host !== document.body) host.addEventListener('close', placeMessages, { once: true });
}

/**
 * Says what happened, to eyes and to screen readers. Good news goes by itself, bad news stays until it is closed.
 * @param {string} text A sentence.
 * @param {'good'|'bad'} [kind]
 */
export function say(text, kind = 'good') {
  const message = h('div', { class: `message ${kind}` },
    h('span', {}, text),
    h('button', { type: 'button', class: 'quiet', 'aria-label': 'Close this message', on: { click: () => message.remove() } }, '×'));
  placeMessages();
  messages.append(message);
  if (kind === 'good') setTimeout(() => message.remove(), 8000);
}

/** Says what went wrong; being interrupted is nothing wrong. */
export function sayError(error) {
  if (error?.name === 'AbortError') return;
  console.error(error);
  say(error.message, 'bad');
}

/**
 * A button that does something by way of the service: it cannot be pressed twice, and tells what goes wrong.
 * @param {string} text What it says.
 * @param {() => Promise<void>} action What it does.
 * @param {object} [props] Attributes of the button.
 */
export function actionButton(text, action, props = {}) {
  const button = h('button', { type: 'button', ...props }, text);
  button.addEventListener('click', async () => {
    button.disabled = true;
    try {
      await action(button);
    } catch (error) {
      sayError(error);
    } finally {
      button.disabled = false;
    }
  });
  return button;
}

/**
 * Asks before something is done that has consequences.
 * @param {string} title The question.
 * @param {string|Node} text What follows from it.
 * @param {string} yes What the button says.
 * @param {{danger?: boolean}} [options] Whether it cannot be undone, or is against advice; it is unless said otherwise.
 * @returns {Promise<boolean>}
 */
export function ask(title, text, yes, { danger = true } = {}) {
  return new Promise(resolve => {
    const dialog = h('dialog', { class: 'ask', 'aria-labelledby': 'ask-title' },
      h('form', { method: 'dialog' },
        h('h2', { id: 'ask-title' }, title),
        h('p', {}, text),
        h('div', { class: 'row end' },
          h('button', { value: 'no', autofocus: true }, 'Cancel'),
          h('button', { value: 'yes', class: danger ? 'danger' : 'primary' }, yes))));
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(dialog.returnValue === 'yes');
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

/**
 * Opens a dialog with a heading and a button to close it; a click beside it closes it as well.
 * @param {string} title
 * @param {AbortSignal} [signal] Closes it: the view has ended.
 * @param {object} [props] Attributes of the dialog.
 * @returns {{dialog: HTMLDialogElement, body: HTMLElement}} What is shown goes into the body.
 */
export function openPanel(title, signal, props = {}) {
  const body = h('div');
  const dialog = h('dialog', { class: 'panel', 'aria-labelledby': 'panel-title', ...props },
    h('header', { class: 'row' },
      h('h2', { id: 'panel-title' }, title),
      h('button', { type: 'button', class: 'quiet close', 'aria-label': 'Close', on: { click: () => dialog.close() } }, '×')),
    body);
  dialog.addEventListener('close', () => dialog.remove());
  dialog.addEventListener('pointerdown', event => {
    if (event.target === dialog) dialog.close();
  });
  signal?.addEventListener('abort', () => dialog.close(), { once: true });
  document.body.append(dialog);
  dialog.showModal();
  return { dialog, body };
}

/** Does something again and again while the page is looked at, until the signal comes. One is over before the next begins. */
export async function every(milliseconds, work, signal) {
  for (;;) {
    await new Promise(resolve => setTimeout(resolve, milliseconds));
    if (signal.aborted) return;
    if (document.visibilityState === 'visible') await work();
  }
}

/** A size in bytes as people say it. */
export function bytes(value) {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  let at = 0;
  for (; value >= 1024 && at < units.length - 1; at++) value /= 1024;
  return `${value < 10 && at ? value.toFixed(1) : Math.round(value)} ${units[at]}`;
}

/** What stands where nothing is. */
export const empty = (...children) => h('p', { class: 'empty' }, ...children);
