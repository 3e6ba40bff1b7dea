// Imports an archive, lines of JSON or a feed: its options, its upload, its job.
import { path, upload } from './api.js';
import { h, fill, bytes, say, ask, openPanel } from './dom.js';
import { countWords, jobBox } from './job.js';

export const archiveTypes = '.zip,.tar,.tgz,.gz,.ndjson,.jsonl,.csv';

const contentTypes = {
  zip: 'application/zip', tar: 'application/x-tar', tgz: 'application/gzip', gz: 'application/gzip',
  ndjson: 'application/x-ndjson', jsonl: 'application/x-ndjson', csv: 'text/csv',
};

/**
 * Asks how a file is to be imported, and imports it.
 * @param {string} collection
 * @param {File} file
 * @param {AbortSignal} signal Ends the asking.
 * @param {(element: HTMLElement) => void} place Takes what shows how far it is.
 * @param {() => void} changed Told when the collection has changed.
 */
export function askImport(collection, file, signal, place, changed) {
  const { dialog, body } = openPanel(`Import ${file.name}`, signal, { class: 'panel narrow' });
  const labels = h('select', { name: 'labels' },
    h('option', { value: 'auto' }, 'from its manifest, else from its folders'),
    h('option', { value: 'folders' }, 'from its folders'),
    h('option', { value: 'manifest' }, 'from its manifest'),
    h('option', { value: 'none' }, 'none'));
  const mode = h('select', { name: 'mode' },
    h('option', { value: 'merge' }, 'are kept'),
    h('option', { value: 'replace' }, 'are deleted'));
  const dry = h('input', { type: 'checkbox', name: 'dryRun' });
  fill(body, h('form', {
    on: {
      submit: async event => {
        event.preventDefault();
        const options = { labels: labels.value, mode: mode.value, dryRun: dry.checked ? 'true' : null };
        if (mode.value === 'replace' && !dry.checked
          && !await ask('Delete what the file lacks?', `Once all of ${file.name} was read, every picture of ${collection} that it does not name is deleted with its codes. They cannot be brought back, only added again.`, 'Import and delete')) return;
        dialog.close();
        place(run(collection, file, options, changed));
      },
    },
  },
    h('p', {}, `${bytes(file.size)}, into ${collection}. Paths become ids; the same id with the same picture changes nothing, with another one it is replaced.`),
    h('div', { class: 'form' },
      h('label', {}, 'Labels', labels),
      h('label', {}, 'Pictures that it lacks', mode)),
    h('p', {}, h('label', {}, dry, ' Only try it: tell what would be done, write nothing')),
    h('div', { class: 'row end' }, h('button', { class: 'primary' }, 'Import'))));
}

function run(collection, file, options, changed) {
  const stopping = new AbortController();
  const name = `Import ${file.name}`;
  const bar = h('progress', { 'aria-label': `Upload of ${file.name}` });
  const words = h('p', { role: 'status' }, 'Sending …');
  const actions = h('div', { class: 'row' }, h('button', { type: 'button', on: { click: () => stopping.abort() } }, 'Stop the upload'));
  const element = h('article', { class: 'box', 'aria-label': name }, h('h2', {}, name), bar, words, actions);
  start();
  return element;

  async function start() {
    const leaving = event => event.preventDefault();
    window.addEventListener('beforeunload', leaving);
    try {
      const extension = file.name.split('.').pop().toLowerCase();
      const job = await upload(path('collections', collection, 'imports'), file, {
        query: options,
        type: contentTypes[extension] ?? file.type,
        signal: stopping.signal,
        progress(sent, total) {
          bar.max = total;
          bar.value = sent;
          words.textContent = sent < total ? `${bytes(sent)} of ${bytes(total)} sent` : 'Sent. The service stores it …';
        },
      });
      say(`${file.name} was sent. Job ${job.id} imports it.`);
      element.replaceWith(watchImport(job, changed));
    } catch (error) {
      bar.hidden = true;
      words.textContent = error.name === 'AbortError' ? 'The upload was stopped. Nothing was imported.' : `Nothing was imported. ${error.message}`;
      words.className = 'notice bad';
      fill(actions, h('button', { type: 'button', on: { click: () => element.remove() } }, 'Close'));
      if (error.name !== 'AbortError') console.error(error);
    } finally {
      window.removeEventListener('beforeunload', leaving);
    }
  }
}

/** Watches an import until it has ended, whatever is shown meanwhile. */
export function watchImport(job, changed) {
  const watching = new AbortController();
  const box = jobBox(job, {
    signal: watching.signal,
    live: true,
    ended(over) {
      say(over.state === 'succeeded'
        ? `The import into ${over.collection} is done: ${countWords(over) || 'it held no pictures'}.`
        : `The import into ${over.collection} ${over.state === 'failed' ? 'failed' : 'was cancelled'}${countWords(over) ? ` after ${countWords(over)}` : ''}. ${over.error ?? ''}`,
      over.state === 'succeeded' ? 'good' : 'bad');
      box.element.append(h('div', { class: 'row' }, h('button', { type: 'button', on: { click: () => box.element.remove() } }, 'Close')));
      changed();
    },
  });
  return box.element;
}
