// Search by picture: one from the reader's machine, or one of the catalogue.
import { get, patiently, send, path, showPicture } from '../api.js';
import { h, fill, plural, count, fixed, say, sayError, empty } from '../dom.js';
import { change, go, here, link } from '../router.js';
import { drawCode } from '../bits.js';
import { card } from '../card.js';
import { chosenLabels } from '../labels.js';

export const title = 'Search';

const pictureTypes = 'image/jpeg,image/png,image/webp,image/gif,image/bmp';

/** Pictures that were sent, so that going back shows them again. Many share a code, but hardly two its signature as well. */
const sent = new Map();
const sentKey = ({ code, signature }) => `${code}/${signature}`;

/** Small copies of the last of them outlive a reload of this tab: name of the entry, how many, their longer side in pixels. */
const copies = { name: 'dpfah-pictures', most: 12, side: 256 };

/** The codes of the address are those of a model that the collection no longer uses. */
const isStale = error => error.code === 'other-generation';

/** Bands of so few pictures share a row, which has room for as many on a phone too. */
const smallBand = 3;

/** Seconds to wait for a service that is busy with other pictures. */
const patience = 15;

/** The picture that is to be sent next, where one was dropped or pasted on another page. */
let waiting = null;

/** Searches for a picture from outside of the catalogue. */
export function searchFor(file) {
  if (!file) return;
  waiting = file;
  if (here().view === 'search') window.dispatchEvent(new HashChangeEvent('hashchange'));
  else go('search', {});
}

export async function show(root, { params, collection, signal }) {
  if (waiting) {
    const file = waiting;
    waiting = null;
    return sendPicture(root, file, collection, params, signal);
  }
  const query = readQuery(params, collection);
  if (!query.id && !query.code) return showStart(root, collection, signal);

  // Both at once: nobody waits for two answers in a row.
  const item = query.id ? get(path('collections', query.collection, 'images', query.id), {}, signal) : null;
  item?.catch(() => {}); // Awaited below.
  const answer = await ask(query, null, signal).catch(error => {
    if (query.id || !isStale(error)) throw error;
    return null;
  });
  if (signal.aborted) return;
  if (!answer) {
    const known = sent.get(sentKey(query));
    return known ? sendPicture(root, known.file, collection, params, signal, true) : showStale(root);
  }
  const found = await item;
  if (signal.aborted) return;
  showAnswer(root, query, answer, signal, found);
}

function readQuery(params, collection) {
  return {
    collection,
    id: params.get('id'),
    code: params.get('code'),
    signature: params.get('signature'),
    generation: params.get('generation'),
    k: params.get('k') ?? '',
    radius: params.get('radius') ?? '',
    label: params.getAll('label'),
  };
}

const ranking = query => ({ k: query.k || 60, radius: query.radius, label: query.label });

function ask(query, cursor, signal) {
  // All that follows a first page is asked for by its cursor alone, which carries the query.
  if (cursor) return send('POST', '/search/code', { query: { cursor, k: ranking(query).k }, signal });
  if (query.id) return get(path('collections', query.collection, 'images', query.id, 'similar'), ranking(query), signal);
  return send('POST', '/search/code', {
    query: ranking(query),
    json: { code: query.code, signature: query.signature, collection: query.collection, generation: query.generation ? Number(query.generation) : undefined },
    signal,
  });
}

/**
 * @param {boolean} isAnew Whether it was searched for already, by a model that is no longer used: the address is mended.
 */
async function sendPicture(root, file, collection, params, signal, isAnew = false) {
  const query = readQuery(params, collection);
  fill(root, h('h1', {}, 'Search'), h('p', { class: 'notice', role: 'status' }, `Hashing ${file.name || 'the picture'} …`));
  const form = new FormData();
  form.append('image', file, file.name || 'picture');
  let answer;
  try {
    answer = await patiently(() => send('POST', '/search', { query: { collection, ...ranking(query) }, body: form, signal }), signal, patience);
  } catch (error) {
    sayError(error);
    if (signal.aborted) return;
    if (isAnew) showStale(root);
    else await show(root, { params, collection, signal }); // What was shown before.
    return;
  }
  if (signal.aborted) return;
  const found = { ...query, id: null, code: answer.query.code, signature: answer.query.signature, generation: String(answer.generation.id) };
  sent.set(sentKey(found), { url: URL.createObjectURL(file), name: file.name || 'pasted picture', file });
  const target = link('search', { ...found, k: query.k, collection });
  if (isAnew) history.replaceState(history.state, '', target);
  else history.pushState(null, '', target);
  showAnswer(root, found, answer, signal);
  keepCopy(sentKey(found), file).catch(() => {}); // Without it a reload shows no picture, and all else.
}

function showStale(root) {
  fill(root,
    h('h1', {}, 'Search by picture'),
    h('p', { class: 'notice', role: 'status' }, 'The model has changed since this search. Choose the picture again.'),
    h('p', {}, chooser('Choose a picture', { class: 'button primary' })));
}

const keptCopies = () => JSON.parse(sessionStorage.getItem(copies.name) ?? '[]');

async function keepCopy(key, file) {
  const whole = await createImageBitmap(file);
  const scale = Math.min(1, copies.side / Math.max(whole.width, whole.height));
  const canvas = h('canvas', { width: Math.max(1, Math.round(whole.width * scale)), height: Math.max(1, Math.round(whole.height * scale)) });
  canvas.getContext('2d').drawImage(whole, 0, 0, canvas.width, canvas.height);
  whole.close();
  const copy = { key, name: sent.get(key).name, url: canvas.toDataURL('image/webp', 0.8) };
  sessionStorage.setItem(copies.name, JSON.stringify([copy, ...keptCopies().filter(other => other.key !== key)].slice(0, copies.most)));
}

function chooser(text, props = {}) {
  const input = h('input', { type: 'file', accept: pictureTypes, class: 'hidden-file', on: { change: () => searchFor(input.files[0]) } });
  return h('label', { class: 'button', ...props }, text, input);
}

async function showStart(root, collection, signal) {
  const strip = h('div', { class: 'grid', 'aria-busy': 'true' }, Array.from({ length: 12 }, () => h('div', { class: 'card placeholder' })));
  const zone = h('div', { class: 'drop' },
    h('p', { class: 'lead' }, 'Drop a picture here, or paste one'),
    h('p', {}, chooser('Choose a picture', { class: 'button primary' })),
    h('p', { class: 'quiet' }, 'JPEG, PNG, WebP, GIF or BMP, up to 20 MiB. The service does not keep it.'));
  for (const name of ['dragenter', 'dragover']) zone.addEventListener(name, () => zone.classList.add('over'));
  for (const name of ['dragleave', 'drop']) zone.addEventListener(name, () => zone.classList.remove('over'));
  fill(root, h('h1', {}, 'Search by picture'), zone, h('h2', {}, 'Or start from one of the catalogue'), strip);
  const list = await get(path('collections', collection, 'images'), { limit: 60 }, signal);
  if (signal.aborted) return;
  strip.setAttribute('aria-busy', 'false');
  if (!list.items.length) {
    strip.replaceWith(empty('There is nothing in this collection yet. ', h('a', { href: link('catalogue') }, 'Add pictures'), '.'));
    return;
  }
  fill(strip, list.items.map(item => searchCard(item, link('search', { id: item.id, collection }))));
}

/** A picture in a grid: a click searches on with it. */
const searchCard = (item, href, extra) => card(item, href, { name: `Search with ${item.id}${item.labels.length ? `, ${item.labels.join(', ')}` : ''}`, extra });

function showAnswer(root, query, answer, signal, item = null) {
  const picture = queryPicture(query, item);
  const results = h('div', { class: 'results' });
  const labels = new Set(answer.hits.flatMap(hit => hit.labels));
  fill(root,
    h('h1', { class: 'visually-hidden' }, `Pictures like ${picture.name}`),
    h('div', { class: 'search-layout' },
      h('aside', { class: 'query', 'aria-label': 'The picture that is searched for' },
        h('div', { class: 'query-picture' }, picture.element),
        h('div', { class: 'query-facts' },
          h('p', { class: 'name' }, picture.name),
          picture.labels?.length ? h('p', {}, picture.labels.map(label => h('span', { class: 'label' }, label))) : null,
          drawCode(answer.query.code, { name: 'Code of the picture' }),
          h('p', { class: 'quiet' }, `${answer.generation.bits} bits by ${answer.generation.model}`),
          h('p', { class: 'quiet' }, timings(answer.timings)),
          h('p', {}, chooser('Another picture')))),
      h('div', {}, filters(query, labels), results)));
  showResults(results, query, answer, picture, signal);
}

const timings = ({ decodeMs, modelMs, searchMs }) => [
  decodeMs === undefined ? null : `read in ${fixed(decodeMs, 1)} ms`,
  modelMs === undefined ? null : `hashed in ${fixed(modelMs, 1)} ms`,
  `found in ${fixed(searchMs, 2)} ms`,
].filter(Boolean).join(', ');

/** What stands for the query: a picture of the catalogue, one that was sent, or only a code. */
function queryPicture(query, item) {
  const image = h('img', { alt: 'The picture that is searched for', width: 256, height: 256 });
  if (query.id) {
    showPicture(image, item.preview).catch(() => {});
    return { name: query.id, labels: item.labels, element: image, id: query.id };
  }
  const known = sent.get(sentKey(query)) ?? keptCopies().find(copy => copy.key === sentKey(query));
  if (!known) return { name: 'a code', element: h('p', { class: 'no-picture' }, 'Only the code is here: the picture itself is not kept.') };
  image.src = known.url;
  return { name: known.name, element: image, file: known.file };
}

function filters(query, labels) {
  const most = h('input', { type: 'number', min: 1, max: 1000, inputmode: 'numeric', value: query.k, placeholder: '60', name: 'k' });
  const radius = h('input', { type: 'number', min: 0, max: 1024, inputmode: 'numeric', value: query.radius, placeholder: 'any', name: 'radius' });
  const label = h('input', { type: 'text', list: 'known-labels', name: 'label', placeholder: 'any', autocomplete: 'off' });
  return h('form', {
    class: 'filters',
    'aria-label': 'Filter',
    on: {
      submit: event => {
        event.preventDefault();
        const added = label.value.trim();
        change({ k: most.value, radius: radius.value, label: added && !query.label.includes(added) ? [...query.label, added] : query.label });
      },
    },
  },
    h('label', {}, 'Label ', label),
    h('datalist', { id: 'known-labels' }, [...labels].sort().map(one => h('option', { value: one }))),
    h('label', {}, 'Nearest ', most),
    h('label', {}, 'At most ', radius, ' bits different'),
    h('button', { type: 'submit' }, 'Apply'),
    chosenLabels(query.label, label => change({ label })));
}

function showResults(results, query, answer, picture, signal) {
  const bands = new Map();
  const marks = rememberedMarks(query, picture, signal);
  let shown = 0;
  const summary = h('p', { class: 'summary', role: 'status' });
  const list = h('div', { class: 'bands' });
  const more = h('p', { class: 'more' });
  fill(results, summary, list, more);
  results.addEventListener('keydown', moveByArrows);
  add(answer);

  function add(page) {
    for (const hit of page.hits) {
      if (!bands.has(hit.distance)) {
        const grid = h('div', { class: 'grid' });
        const heading = h('h2', {}, distanceWords(hit.distance), h('span', { class: 'quiet' }));
        const section = h('section', { class: 'band' }, heading, grid);
        list.append(section);
        bands.set(hit.distance, { section, grid, note: heading.lastChild, pictures: 0 });
      }
      const band = bands.get(hit.distance);
      band.pictures++;
      const href = link('search', { id: hit.id, collection: hit.collection ?? query.collection, k: query.k, radius: query.radius, label: query.label });
      const mark = h('p', { class: 'marked', hidden: true });
      const marked = given => {
        mark.hidden = !given;
        mark.textContent = given ? `Marked ${given.verdict}` : '';
      };
      marks.then(all => marked(all.get(hit.id)));
      band.grid.append(searchCard(hit, href, [mark, h('button', {
        type: 'button',
        class: 'why',
        'aria-label': `Why ${hit.id} was found`,
        on: { click: () => import('./why.js').then(why => why.open({ query, answer, hit, picture, marks, marked, signal })).catch(sayError) },
      }, 'Why?')]));
    }
    shown += page.hits.length;
    const { cutDistance, belowCut, tiedAtCut } = page.ranking;
    for (const [distance, band] of bands) {
      const all = distance === cutDistance ? tiedAtCut : band.pictures;
      band.section.classList.toggle('small', band.pictures <= smallBand);
      band.section.style.setProperty('--pictures', band.pictures);
      band.note.textContent = all > band.pictures ? `${count(band.pictures)} of ${plural(all, 'picture')}, the most alike first` : plural(all, 'picture');
    }
    if (!shown) {
      summary.textContent = query.label.length || query.radius
        ? 'No picture meets the filter. Take a label away, or let more bits differ.'
        : 'There is no other picture in this collection.';
    } else {
      const within = belowCut + tiedAtCut;
      const which = cutDistance === 0 ? 'with the same code' : `with at most ${plural(cutDistance, 'different bit')}`;
      summary.textContent = `Showing ${within === 1 ? 'the only picture' : `${within > shown ? `${count(shown)} of` : 'all'} ${count(within)} pictures`} ${which}.`;
    }
    fill(more, page.nextCursor && page.hits.length ? h('button', {
      type: 'button',
      on: {
        click: async event => {
          event.target.disabled = true;
          try {
            add(await ask(query, page.nextCursor, signal));
          } catch (error) {
            event.target.disabled = false;
            if (!isStale(error)) return sayError(error);
            say('The model has changed since this search: it is searched anew.');
            window.dispatchEvent(new HashChangeEvent('hashchange'));
          }
        },
      },
    }, 'Show more') : null);
  }
}

/** What was said of the hits of this query: by id, the verdict and its number in the service. */
async function rememberedMarks(query, picture, signal) {
  const asked = picture.id ? { query: picture.id } : { code: query.code };
  const given = await get(path('collections', query.collection, 'feedback'), { ...asked, limit: 500 }, signal).catch(() => ({ items: [] }));
  return new Map(given.items.map(one => [one.id, one]));
}

const distanceWords = distance => distance === 0 ? 'Same code ' : `${plural(distance, 'bit')} apart `;

/** Arrow keys go from picture to picture, as one sees them. */
function moveByArrows(event) {
  const steps = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };
  const step = steps[event.key];
  const current = event.target.closest?.('.picture');
  if (!step || !current || event.altKey || event.ctrlKey || event.metaKey) return;
  const all = [...event.currentTarget.querySelectorAll('.picture')];
  const from = current.getBoundingClientRect();
  let next;
  if (step[0]) {
    next = all[all.indexOf(current) + step[0]];
  } else {
    const boxes = all.map(element => ({ element, box: element.getBoundingClientRect() })).filter(({ box }) => step[1] * (box.top - from.top) > 4);
    const row = Math.min(...boxes.map(({ box }) => Math.abs(box.top - from.top)));
    next = boxes.filter(({ box }) => Math.abs(box.top - from.top) <= row + 4)
      .sort((a, b) => Math.abs(a.box.left - from.left) - Math.abs(b.box.left - from.left))[0]?.element;
  }
  if (next) {
    event.preventDefault();
    next.focus();
  }
}
