// Adds pictures to a collection, a few at a time, and tells of each that was refused why.
import { ApiError, get, inParallel, patiently, path, sendRaw, showPicture } from './api.js';
import { h, fill, count, plural, say } from './dom.js';
import { link } from './router.js';

const atOnce = 3;
const shownAfter = 12;

/** Files that are archives or feeds rather than pictures, by their names: those are imported. */
export const isArchive = file => /\.(zip|tar|tgz|gz|ndjson|jsonl|csv)$/i.test(file.name);

/** The pictures that were dropped, those in folders too: their path becomes their name. */
export async function filesOf(transfer) {
  const entries = [...transfer.items].map(item => item.webkitGetAsEntry?.());
  const files = [...transfer.files].map(file => ({ file, name: file.name }));
  if (!entries.some(entry => entry?.isDirectory)) return files;
  const found = [];
  for (const entry of entries) if (entry) await walk(entry, found);
  return found;
}

async function walk(entry, found) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    if (!file.name.startsWith('.')) found.push({ file, name: entry.fullPath.replace(/^\//, '') });
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject)); // At most 100 a call.
    if (!some.length) return;
    for (const one of some) await walk(one, found);
  }
}

/**
 * Adds pictures, and shows how far it is.
 * @param {string} collection
 * @param {{file: File, name: string|null}[]} files Each with the id that it gets; null to let the service give one.
 * @param {{labels: string[], replace: boolean}} options
 * @param {(items: object[]) => void} done Told the pictures that are in the collection now.
 * @returns {HTMLElement}
 */
export function addPictures(collection, files, options, done) {
  const stopping = new AbortController();
  const title = h('h2', {}, `Adding ${plural(files.length, 'picture')} to ${collection}`);
  const bar = h('progress', { max: files.length, value: 0, 'aria-label': title.textContent });
  const words = h('p', { role: 'status' });
  const failures = h('ul', { class: 'rejections', 'aria-label': 'Pictures that were not added' });
  const actions = h('div', { class: 'row' });
  const element = h('article', { class: 'box', 'aria-label': title.textContent }, title, bar, words, failures, actions);
  const stop = h('button', { type: 'button', on: { click: () => stopping.abort() } }, 'Stop');
  fill(actions, stop);
  run();
  return element;

  async function run() {
    const outcome = { added: [], same: [], failed: [] };
    let waiting = null;
    const leaving = event => event.preventDefault();
    window.addEventListener('beforeunload', leaving);
    tell();
    await inParallel(files, atOnce, async one => {
      if (stopping.signal.aborted) return;
      try {
        const { item, isNew } = await patiently(() => add(collection, one, options, stopping.signal).catch(error => {
          if ([429, 503].includes(error.status)) tell(waiting = error);
          throw error;
        }), stopping.signal);
        (isNew ? outcome.added : outcome.same).push(item);
      } catch (error) {
        if (error.name === 'AbortError') return;
        outcome.failed.push(one);
        failures.append(h('li', {}, h('span', { class: 'id' }, one.name ?? one.file.name), ' ', error.message));
      }
      waiting = null;
      tell();
    });
    window.removeEventListener('beforeunload', leaving);
    finish(outcome);

    function tell() {
      const { added, same, failed } = outcome;
      bar.value = added.length + same.length + failed.length;
      words.textContent = `${count(bar.value)} of ${count(files.length)}${failed.length ? `, ${count(failed.length)} not added` : ''}`
        + (waiting ? `. The service is busy and is asked again: ${waiting.message}` : '');
    }
  }

  function finish({ added, same, failed }) {
    bar.hidden = true;
    const left = files.length - added.length - same.length - failed.length;
    const text = [
      `${plural(added.length, 'picture')} ${added.length === 1 ? 'was' : 'were'} added to ${collection}${added.length && options.labels.length ? `, labelled ${options.labels.join(', ')}` : ''}`,
      same.length ? `${count(same.length)} ${same.length === 1 ? 'was' : 'were'} there already and ${!options.replace ? 'stayed' : same.length === 1 ? 'is as sent now' : 'are as sent now'}` : null,
      failed.length ? `${count(failed.length)} could not be added` : null,
      left ? `you stopped before ${count(left)} ${left === 1 ? 'was' : 'were'} added` : null,
    ].filter(Boolean).join('; ') + '.';
    title.textContent = `Added to ${collection}`;
    words.textContent = text;
    say(text); // Those that failed stay named in the box.
    words.after(thumbnails([...added, ...same]));
    fill(actions,
      failed.length ? h('button', {
        type: 'button', on: { click: () => element.replaceWith(addPictures(collection, failed, options, done)) },
      }, 'Try those again') : null,
      h('button', { type: 'button', on: { click: () => element.remove() } }, 'Close'));
    done([...added, ...same]);
  }
}

/** The first of the pictures, each leading to itself in the catalogue. */
const thumbnails = items => h('p', { class: 'thumbnails' }, items.slice(0, shownAfter).map(({ id, preview, collection }) => {
  const image = h('img', { alt: id, width: 64, height: 64 });
  showPicture(image, preview).catch(() => {});
  return h('a', { href: link('catalogue', { collection, id }), title: id }, image);
}), items.length > shownAfter ? ` and ${count(items.length - shownAfter)} more` : null);

async function add(collection, { file, name }, { labels, replace }, signal) {
  if (name && !replace) {
    const there = await find(collection, name, signal);
    if (there && there.sha256 === await digest(file)) return { item: there, isNew: false };
    if (there) throw new ApiError(409, { detail: 'Another picture has this name here already. Rename the file, or tick "Replace pictures of the same name".' });
  }
  const form = new FormData();
  if (name) form.append('id', name);
  for (const label of labels) form.append('labels', label);
  form.append('image', file, 'picture');
  const response = await sendRaw('POST', path('collections', collection, 'images'), { body: form, signal });
  return { item: await response.json(), isNew: response.status === 201 };
}

/** The picture of that name; null for none. A name that no address can hold is for the service to judge. */
async function find(collection, name, signal) {
  try {
    return await get(path('collections', collection, 'images', name), {}, signal);
  } catch (error) {
    if (error.name === 'AbortError' || error.status === 503 || error.status === 429 || error.status === 0) throw error;
    return null;
  }
}

/** SHA-256 of a file in hex; null where the browser gives none (a page without TLS from another machine). */
async function digest(file) {
  if (!globalThis.crypto?.subtle) return null;
  const sum = await crypto.subtle.digest('SHA-256', await file.arrayBuffer());
  return [...new Uint8Array(sum)].map(byte => byte.toString(16).padStart(2, '0')).join('');
}
