// The catalogue: collections, and the pictures of the one that is chosen.
import { all, get, path, pause, saveBy, send } from '../api.js';
import { h, fill, count, plural, actionButton, ask, say, sayError, empty } from '../dom.js';
import { change, link } from '../router.js';
import { captionOf, card } from '../card.js';
import { chosenLabels } from '../labels.js';
import { openPicture } from '../picture.js';
import { addPictures, filesOf, isArchive } from '../adding.js';
import { archiveTypes, askImport, watchImport } from '../importing.js';

export const title = 'Catalogue';

const pageSize = 60;

/** What goes on in each collection: it is shown again when one comes back to it. */
const activities = new Map();

export async function show(root, { params, collection, signal }) {
  const labels = params.getAll('label');
  const shown = await get(path('collections', collection), {}, signal).catch(error => {
    if (error.status === 404) return null;
    throw error;
  });
  const collections = await all('/collections', { limit: 500 }, signal);
  if (signal.aborted) return;
  if (!shown) {
    fill(root, h('h1', {}, 'Catalogue'), h('p', { class: 'notice' }, `There is no collection ${collection}${collections.length ? ': choose another one, or make it' : ' yet: make one'}.`),
      collectionsBox(collections, collection, true));
    return;
  }

  // What goes on tells it to the view that is shown when it is done, which may be a later one than this.
  const changed = () => window.dispatchEvent(new CustomEvent('pictures-changed', { detail: collection }));
  window.addEventListener('pictures-changed', event => {
    if (event.detail !== collection) return;
    view.again().catch(sayError);
    refreshCount().catch(sayError);
  }, { signal });
  const activity = activities.get(collection) ?? h('div', { class: 'activity' });
  activities.set(collection, activity);
  const summary = h('p', { class: 'quiet' });
  const pictures = h('section', { 'aria-label': 'Pictures' });
  const view = browse(pictures, { collection, labels, signal, removed: refreshCount });
  fill(root,
    h('div', { class: 'row' },
      h('h1', {}, 'Catalogue'),
      exportLinks(collection)),
    summary,
    collectionsBox(collections, collection, false),
    addZone(root, collection, signal, activity, changed),
    activity,
    pictures);
  tellCount(shown);
  const open = params.get('id');
  if (open) view.open(open);
  await view.more();
  showRunningImports(collection, activity, changed, signal).catch(sayError);

  function tellCount(now) {
    summary.textContent = `${now.name}: ${plural(now.pictures, 'picture')}, codes of ${now.generation.bits} bits by ${now.generation.model}`;
  }

  async function refreshCount() {
    if (!signal.aborted) tellCount(await get(path('collections', collection), {}, signal));
  }
}

function exportLinks(collection) {
  const target = path('collections', collection, 'export');
  const one = (text, format, extension) => h('li', {}, saveBy(h('a', {}, text), `${target}?format=${format}`, `${collection}.${extension}`));
  return h('details', { class: 'menu' },
    h('summary', { class: 'button' }, 'Export'),
    h('ul', {},
      one('Archive of previews, to import elsewhere', 'archive', 'tar'),
      one('Ids, labels, metadata and codes as NDJSON', 'ndjson', 'ndjson'),
      one('Codes as a NumPy matrix', 'npy', 'npy')));
}

/** The collections, and how to make and delete them. */
function collectionsBox(collections, current, isOpen) {
  const name = h('input', {
    name: 'name', required: true, maxlength: 64, pattern: '[a-z0-9][a-z0-9_.\\-]*', autocomplete: 'off',
    title: 'a-z, 0-9, "-", "_" and ".", beginning with a letter or a digit',
  });
  const model = h('select', { name: 'model' });
  const box = h('details', { class: 'box', open: isOpen, on: { toggle: loadModels } },
    h('summary', {}, plural(collections.length, 'collection')),
    collections.length ? h('div', { class: 'table' }, h('table', {},
      h('thead', {}, h('tr', {},
        h('th', { scope: 'col' }, 'Collection'), h('th', { scope: 'col', class: 'number' }, 'Pictures'), h('th', { scope: 'col' }, h('span', { class: 'visually-hidden' }, 'Delete')))),
      h('tbody', {}, collections.map(one => h('tr', {},
        h('td', {}, h('a', { href: link('catalogue', { collection: one.name }), 'aria-current': one.name === current ? 'true' : null }, one.name),
          h('div', { class: 'quiet' }, `${one.generation.model}, ${one.generation.bits} bits`)),
        h('td', { class: 'number' }, count(one.pictures)),
        h('td', {}, actionButton('Delete', () => remove(one), { class: 'danger', 'aria-label': `Delete the collection ${one.name}` }))))))) : null,
    h('form', { class: 'form', 'aria-label': 'New collection', on: { submit: make } },
      h('label', {}, 'New collection', name),
      h('label', {}, 'Model', model),
      h('button', { class: 'primary' }, 'Make it')));
  if (isOpen) loadModels();
  return box;

  async function loadModels() {
    if (!box.open || model.options.length) return;
    try {
      const models = await all('/models', { limit: 500 });
      fill(model, models.sort((a, b) => b.isDefault - a.isDefault).map(one => h('option', { value: one.name }, `${one.name}, ${one.bits} bits${one.isDefault ? ' (default)' : ''}`)));
    } catch (error) {
      sayError(error);
    }
  }

  async function make(event) {
    event.preventDefault();
    const wanted = name.value.trim();
    try {
      if (collections.some(one => one.name === wanted)) throw new Error(`There is a collection ${wanted} already.`);
      await send('PUT', path('collections', wanted), { json: model.value ? { model: model.value } : {} });
      await known(wanted, true);
      say(`The collection ${wanted} was made. It is empty: add pictures to it.`);
      location.hash = link('catalogue', { collection: wanted });
    } catch (error) {
      sayError(error);
    }
  }

  async function remove(one) {
    const text = `${plural(one.pictures, 'picture')} of ${one.name}, their labels, metadata and codes are deleted, and what was marked in it. They cannot be brought back, only added again. Models stay.`;
    if (!await ask(`Delete the collection ${one.name}?`, text, 'Delete')) return;
    await send('DELETE', path('collections', one.name));
    await known(one.name, false);
    say(`The collection ${one.name} was deleted.`);
    const target = one.name === current ? '#/catalogue' : link('catalogue', {});
    if (location.hash === target) window.dispatchEvent(new HashChangeEvent('hashchange'));
    else location.hash = target;
  }
}

/** Waits until the service's list shows that a collection was made or deleted: its index follows the database. */
async function known(name, isThere) {
  for (let i = 0; i < 50; i++) {
    if ((await all('/collections', { limit: 500 })).some(one => one.name === name) === isThere) break;
    await pause(100);
  }
  window.dispatchEvent(new Event('collections-changed'));
}

/** Where pictures and archives are dropped, pasted or chosen. All of the view takes what is dropped, so that nothing is missed by a hair. */
function addZone(root, collection, signal, activity, changed) {
  const labels = h('input', { name: 'labels', maxlength: 1000, autocomplete: 'off', placeholder: 'shoe, red' });
  const replace = h('input', { type: 'checkbox', name: 'replace' });
  const choose = chooser('Add pictures', 'image/jpeg,image/png,image/webp,image/gif,image/bmp', true, true);
  const archive = chooser('Import an archive', archiveTypes, false, false);
  const zone = h('section', { class: 'drop small', 'aria-label': 'Add pictures' },
    h('p', { class: 'lead' }, 'Drop pictures or an archive here, or paste pictures'),
    h('p', { class: 'quiet' }, 'They are added at once: set these first, if you want them.'),
    h('div', { class: 'filters middle' },
      h('label', {}, 'Labels for all of them ', labels),
      h('label', {}, replace, ' Replace pictures of the same name')),
    h('div', { class: 'row middle' }, choose, archive));

  // Entering a part of it leaves another: only their sum tells whether the pointer is still there.
  let inside = 0;
  const over = () => zone.classList.toggle('over', inside > 0);
  root.addEventListener('dragenter', event => { if (holdsFiles(event)) { inside++; over(); } }, { signal });
  root.addEventListener('dragleave', event => { if (holdsFiles(event)) { inside--; over(); } }, { signal });
  root.addEventListener('dragover', event => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    event.stopPropagation();
  }, { signal });
  root.addEventListener('drop', async event => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    event.stopPropagation();
    inside = 0;
    over();
    try {
      take(await filesOf(event.dataTransfer));
    } catch (error) {
      sayError(new Error(`What was dropped cannot be read: ${error.message}`));
    }
  }, { signal });
  document.addEventListener('paste', event => {
    const files = [...event.clipboardData?.files ?? []];
    if (!files.length || document.querySelector('dialog[open]')) return;
    event.preventDefault();
    event.stopPropagation();
    // All that is pasted bears one name: the service gives ids.
    take(files.map(file => ({ file, name: /^image\.\w+$/.test(file.name) ? null : file.name })));
  }, { signal });
  return zone;

  function chooser(text, accept, multiple, primary) {
    const input = h('input', {
      type: 'file', accept, multiple, class: 'hidden-file',
      on: {
        change: () => {
          take([...input.files].map(file => ({ file, name: file.name })));
          input.value = '';
        },
      },
    });
    return h('label', { class: primary ? 'button primary' : 'button' }, text, input);
  }

  function take(files) {
    const archives = files.filter(one => isArchive(one.file));
    const pictures = files.filter(one => !isArchive(one.file));
    if (archives.length > 1 || (archives.length && pictures.length)) {
      say('One archive is imported at a time, and by itself.', 'bad');
      return;
    }
    if (archives.length) askImport(collection, archives[0].file, signal, element => activity.prepend(element), changed);
    if (!pictures.length) return;
    const wanted = [...new Set(labels.value.split(',').map(label => label.trim()).filter(Boolean))];
    activity.prepend(addPictures(collection, pictures, { labels: wanted, replace: replace.checked }, changed));
  }
}

const holdsFiles = event => Boolean(event.dataTransfer?.types.includes('Files'));

/** Imports that were started elsewhere, or before the page was loaded anew. */
async function showRunningImports(collection, activity, changed, signal) {
  for (const state of ['running', 'queued']) {
    const { items } = await get('/jobs', { kind: 'import', state, collection, limit: 5 }, signal);
    for (const job of items) {
      if (![...activity.children].some(element => element.getAttribute('aria-label') === `Job ${job.id}`)) activity.append(watchImport(job, changed));
    }
  }
}

/** The pictures, a page at a time. */
function browse(root, { collection, labels, signal, removed }) {
  const grid = h('div', { class: 'grid', 'aria-busy': 'true' });
  const more = h('p', { class: 'more' });
  const known = new Set(labels);
  const suggestions = h('datalist', { id: 'known-labels' });
  let cursor = null;
  let shown = 0;
  fill(root, h('h2', {}, 'Pictures ', h('span', { class: 'quiet' }, 'in the order in which they came')), filter(), grid, more);
  return { more: next, again, open };

  function filter() {
    const input = h('input', { type: 'text', list: 'known-labels', name: 'label', placeholder: 'any', autocomplete: 'off' });
    return h('form', {
      class: 'filters',
      'aria-label': 'Filter',
      on: {
        submit: event => {
          event.preventDefault();
          const added = input.value.trim();
          if (added && !labels.includes(added)) change({ label: [...labels, added], id: null });
        },
      },
    },
      h('label', {}, 'Label ', input), suggestions,
      h('button', { type: 'submit' }, 'Apply'),
      chosenLabels(labels, left => change({ label: left, id: null })));
  }

  async function next(size = pageSize) {
    const page = await get(path('collections', collection, 'images'), { limit: size, cursor, label: labels }, signal);
    if (signal.aborted) return;
    cursor = page.nextCursor;
    shown += page.items.length;
    grid.append(...page.items.map(pictureCard));
    grid.setAttribute('aria-busy', 'false');
    for (const label of page.items.flatMap(item => item.labels)) known.add(label);
    fill(suggestions, [...known].sort().map(one => h('option', { value: one })));
    fill(more,
      cursor ? actionButton('Show more', () => next()) : null,
      shown ? null : empty(labels.length ? 'No picture has one of these labels.' : 'There is nothing in this collection yet. Drop pictures above.'));
  }

  /** Shows what there is now, as much as was shown before and what came behind it. */
  async function again() {
    const wanted = Math.min(500, Math.max(pageSize, shown + pageSize));
    [cursor, shown] = [null, 0];
    const before = document.activeElement?.closest?.('.card')?.querySelector('a')?.title;
    const height = grid.offsetHeight;
    grid.style.minHeight = `${height}px`;
    const old = [...grid.children];
    await next(wanted);
    for (const element of old) element.remove();
    grid.style.minHeight = '';
    if (before) [...grid.querySelectorAll('a')].find(a => a.title === before)?.focus();
  }

  function pictureCard(item) {
    const element = card(item, link('catalogue', { collection, label: labels, id: item.id }), {
      name: `Open ${item.id}${item.labels.length ? `, ${item.labels.join(', ')}` : ''}`,
      click: event => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        open(item.id, element);
      },
    });
    return element;
  }

  function open(id, element) {
    // The address says which picture is open, without the list being made anew.
    history.replaceState(history.state, '', link('catalogue', { collection, label: labels, id }));
    openPicture(collection, id, {
      signal,
      changed(item) {
        if (!element) return again().catch(sayError);
        fill(element.querySelector('.caption'), captionOf(item.id, item.labels));
      },
      deleted() {
        if (element) {
          const near = element.nextElementSibling ?? element.previousElementSibling;
          element.remove();
          near?.querySelector('a')?.focus();
        } else {
          again().catch(sayError);
        }
        removed().catch(sayError);
      },
      closed() {
        if (!signal.aborted) history.replaceState(history.state, '', link('catalogue', { collection, label: labels }));
      },
    }).catch(sayError);
  }
}
