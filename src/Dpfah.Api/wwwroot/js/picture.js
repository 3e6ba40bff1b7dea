// A picture of the catalogue, looked at closely: its labels, its metadata, its code.
import { get, path, send, showPicture } from './api.js';
import { h, fill, say, sayError, actionButton, ask, openPanel, time } from './dom.js';
import { link } from './router.js';
import { drawCode } from './bits.js';
import { labelEditor } from './labels.js';

/**
 * Opens a picture in a dialog.
 * @param {string} collection
 * @param {string} id
 * @param {{signal: AbortSignal, changed?: (item: object) => void, deleted?: () => void, closed?: () => void}} options
 */
export async function openPicture(collection, id, { signal, changed, deleted, closed }) {
  const { dialog, body } = openPanel(id, signal);
  dialog.addEventListener('close', () => closed?.());
  const image = h('img', { alt: `Picture ${id}`, width: 256, height: 256 });
  const details = h('div', { 'aria-busy': 'true' }, h('p', { role: 'status' }, 'Looking …'));
  fill(body, h('div', { class: 'picture-layout' }, h('div', { class: 'stack' }, image), details));
  let item;
  try {
    const target = path('collections', collection, 'images', id);
    showPicture(image, `${target}/preview`).catch(() => {});
    item = await get(target, {}, signal);
  } catch (error) {
    if (error.name !== 'AbortError') fill(details, h('p', { class: 'notice bad', role: 'alert' }, error.message));
    return;
  }
  if (!dialog.isConnected) return;
  fill(details,
    labelEditor(collection, item, () => changed?.(item)),
    metadataEditor(collection, item, changed),
    h('h3', {}, 'Code'),
    drawCode(item.code, { name: 'Code' }),
    h('dl', { class: 'facts' },
      h('dt', {}, 'Hex'), h('dd', { class: 'id' }, item.code),
      h('dt', {}, 'Came'), h('dd', {}, time(item.createdAt)),
      item.updatedAt === item.createdAt ? null : [h('dt', {}, 'Changed'), h('dd', {}, time(item.updatedAt))],
      h('dt', {}, 'Preview'), h('dd', {}, `${item.width} × ${item.height} pixels`),
      h('dt', {}, 'SHA-256'), h('dd', { class: 'id' }, item.sha256)),
    h('div', { class: 'row' },
      h('a', { class: 'button primary', href: link('search', { id, collection }) }, 'Search with it'),
      actionButton('Delete', async () => {
        if (!await ask('Delete this picture?', `${id} is deleted from ${collection} with all its codes. It cannot be brought back, only added again.`, 'Delete')) return;
        await send('DELETE', path('collections', collection, 'images', id));
        say(`${id} was deleted from ${collection}.`);
        dialog.close();
        deleted?.();
      }, { class: 'danger', 'aria-label': `Delete ${id}` })));
  details.setAttribute('aria-busy', 'false');
}

function metadataEditor(collection, item, changed) {
  const problem = h('p', { class: 'wrong', id: 'metadata-wrong', role: 'alert' });
  const text = h('textarea', {
    rows: 4, spellcheck: 'false', class: 'code-text', 'aria-label': `Metadata of ${item.id}`, 'aria-describedby': 'metadata-wrong',
    placeholder: '{"brand": "acme", "price": 12}', on: { input: check },
  });
  const save = actionButton('Save the metadata', async () => {
    if (!check()) return text.focus();
    // The text itself is sent: a number of many digits stays what it is.
    const written = text.value.trim() || 'null';
    const answer = await send('PATCH', path('collections', collection, 'images', item.id), {
      body: `{"metadata": ${written}}`, headers: { 'Content-Type': 'application/json' },
    }).catch(error => {
      problem.textContent = error.message;
      throw error;
    });
    item.metadata = answer.metadata;
    show();
    changed?.(item);
    say(item.metadata ? `The metadata of ${item.id} was saved.` : `${item.id} has no metadata now.`);
  });
  show();
  return h('div', { class: 'metadata' }, h('h3', {}, 'Metadata'), text, h('div', { class: 'row' }, save, problem));

  function show() {
    text.value = item.metadata ? JSON.stringify(item.metadata, null, 2) : '';
    text.rows = Math.min(12, Math.max(3, text.value.split('\n').length));
    check();
  }

  function check() {
    problem.textContent = wrongWith(text.value);
    text.setAttribute('aria-invalid', String(Boolean(problem.textContent)));
    return !problem.textContent;
  }
}

/** What is wrong with a text that is to be metadata; empty for nothing. */
function wrongWith(text) {
  if (!text.trim()) return '';
  try {
    const value = JSON.parse(text);
    return value === null || Array.isArray(value) || typeof value !== 'object' ? 'Metadata is a JSON object, such as {"brand": "acme"}. Leave it empty for none.' : '';
  } catch (error) {
    return `This is not JSON yet: ${error.message}`;
  }
}
