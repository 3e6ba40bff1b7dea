// Why a picture was found: what both codes looked at, bit by bit.
import { send, get, path, showPicture } from '../api.js';
import { h, fill, plural, say, actionButton, ask } from '../dom.js';
import { link } from '../router.js';
import { differing as bitsApart, drawCode } from '../bits.js';
import { labelEditor } from '../labels.js';

const layers = [
  ['shared', 'Shared bits', 'What the bits that are the same in both codes looked at'],
  ['differing', 'Differing bits', 'What the bits that differ looked at'],
  ['attention', 'Attention', 'Where the network\'s attention lies, whatever the bits'],
  ['none', 'Plain picture', 'The pictures alone'],
];

/** Opens the panel for a hit. */
export async function open({ query, answer, hit, picture, marks, marked, signal }) {
  const collection = hit.collection ?? query.collection;
  const body = h('div', { class: 'why-body', 'aria-busy': 'true' }, h('p', { role: 'status' }, 'Looking …'));
  const dialog = h('dialog', { class: 'panel', 'aria-labelledby': 'why-title' },
    h('header', { class: 'row' },
      h('h2', { id: 'why-title' }, 'Why this picture?'),
      h('button', { type: 'button', class: 'quiet close', 'aria-label': 'Close', on: { click: () => dialog.close() } }, '×')),
    body);
  dialog.addEventListener('close', () => dialog.remove());
  dialog.addEventListener('click', event => {
    if (event.target === dialog) dialog.close();
  });
  signal.addEventListener('abort', () => dialog.close());
  document.body.append(dialog);
  dialog.showModal();

  const item = await get(path('collections', collection, 'images', hit.id), {}, signal).catch(error => {
    fill(body, h('p', { class: 'notice bad', role: 'alert' }, error.message));
    throw error;
  });
  const explained = await explain(query, collection, hit, picture, signal);
  const given = await marks;
  if (!dialog.isConnected) return;
  fill(body, ...contents({ query, answer, hit, picture, given, marked, collection, item, explained, dialog }));
  body.setAttribute('aria-busy', 'false');
}

/** The heat maps; where there are none, why. */
async function explain(query, collection, hit, picture, signal) {
  try {
    if (picture.file) {
      const form = new FormData();
      form.append('image', picture.file, picture.name);
      return await send('POST', '/search/explain', { query: { collection, id: hit.id }, body: form, signal });
    }
    if (picture.id) return await send('POST', '/search/explain', { query: { collection, id: hit.id, queryId: picture.id }, signal });
    return { problem: 'To see what both codes looked at, choose your picture again.' };
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    return { problem: error.message };
  }
}

function contents({ query, answer, hit, picture, given, marked, collection, item, explained, dialog }) {
  const bits = answer.generation.bits;
  const [own, theirs] = [answer.query.code, explained.result?.code ?? item.code];
  const differing = explained.differingBits ?? bitsApart(own, theirs);
  const pair = [
    side('Searched for', picture.id ? null : picture.element.cloneNode(true), own, explained.maps?.query, differing, picture.id ? `${path('collections', query.collection, 'images', picture.id)}/preview` : null),
    side('Found', null, theirs, explained.maps?.result, differing, item.preview),
  ];
  const chosen = layers.find(([name]) => explained.maps?.query?.[name] || explained.maps?.result?.[name])?.[0] ?? 'none';
  const legend = h('p', { class: 'quiet' });
  const verdicts = ['right', 'wrong'].map(feedback);
  const said = h('p', { class: 'verdict-said', role: 'status' });
  tellVerdict();
  const radios = layers.map(([name, text]) => {
    const there = name === 'none' || explained.maps?.query?.[name] || explained.maps?.result?.[name];
    const why = name === 'differing' && !differing.length ? 'no bit differs' : 'not by this model';
    return h('label', { class: there ? '' : 'off' },
      h('input', { type: 'radio', name: 'layer', value: name, checked: name === chosen, disabled: !there, on: { change: () => select(name) } }), text, there ? null : ` (${why})`);
  });
  select(chosen);
  return [
    h('div', { class: 'pair' }, pair.map(one => one.element)),
    explained.problem ? h('p', { class: 'notice' }, explained.problem) : h('fieldset', { class: 'segments' }, h('legend', { class: 'visually-hidden' }, 'Heat map'), radios),
    legend,
    h('p', {}, hit.distance === 0
      ? `All ${bits} bits are the same.`
      : `${plural(hit.distance, 'bit')} of ${bits} differ${hit.distance === 1 ? 's' : ''}${differing.length ? `: ${differing.join(', ')}` : ''}.`,
    hit.fineDistance === null ? '' : ` Of the 256 bits of the finer signature, ${hit.fineDistance} differ.`),
    h('div', { class: 'row' },
      h('a', { class: 'button primary', href: link('search', { id: hit.id, collection, k: query.k, radius: query.radius, label: query.label }), on: { click: () => dialog.close() } }, 'Search with this'),
      verdicts,
      picture.id ? actionButton('Not a duplicate', async () => {
        await send('POST', path('collections', collection, 'not-duplicates'), { json: { first: picture.id, second: hit.id } });
        say(`${picture.id} and ${hit.id} will not be shown as duplicates any more.`);
      }) : null),
    said,
    h('details', {},
      h('summary', {}, 'About the picture that was found'),
      h('dl', { class: 'facts' },
        h('dt', {}, 'Id'), h('dd', { class: 'id' }, hit.id),
        h('dt', {}, 'Collection'), h('dd', {}, collection),
        item.metadata ? [h('dt', {}, 'Metadata'), h('dd', {}, h('code', {}, JSON.stringify(item.metadata)))] : null),
      labelEditor(collection, item),
      actionButton('Delete this picture', async () => {
        if (!await ask('Delete this picture?', `${hit.id} is deleted from ${collection} with all its codes. It cannot be brought back, only added again.`, 'Delete')) return;
        await send('DELETE', path('collections', collection, 'images', hit.id));
        say(`${hit.id} was deleted.`);
        dialog.close();
        window.dispatchEvent(new HashChangeEvent('hashchange'));
      }, { class: 'danger' })),
  ];

  function select(name) {
    pair.forEach(one => one.select(name));
    legend.textContent = layers.find(([one]) => one === name)[2] + (name === 'none' ? '.' : ': the brighter, the more.');
  }

  function feedback(verdict) {
    return actionButton(verdict === 'right' ? 'Right' : 'Wrong', async () => {
      const asked = picture.id ? { id: picture.id } : { code: answer.query.code, signature: answer.query.signature };
      given.set(hit.id, await send('POST', path('collections', collection, 'feedback'), { json: { query: asked, id: hit.id, generation: answer.generation.id, verdict } }));
      tellVerdict();
    }, { class: 'verdict', 'data-verdict': verdict });
  }

  function tellVerdict() {
    const mark = given.get(hit.id);
    for (const button of verdicts) button.setAttribute('aria-pressed', String(button.dataset.verdict === mark?.verdict));
    marked(mark);
    fill(said, mark ? [`Marked as ${mark.verdict}. `, actionButton('Undo', async () => {
      await send('DELETE', path('collections', collection, 'feedback', mark.number));
      given.delete(hit.id);
      tellVerdict();
      verdicts.find(button => button.dataset.verdict === mark.verdict).focus();
    }, { class: 'small' })] : 'Is it a right or a wrong answer? A training can learn from such marks.');
  }
}

/** A picture with a heat map over it, and its code below. */
function side(name, image, code, maps, differing, preview) {
  image ??= h('img', {});
  if (image.tagName === 'IMG') image.alt = name;
  if (preview) showPicture(image, preview).catch(() => {});
  const map = h('img', { class: 'map', alt: '', hidden: true });
  return {
    element: h('figure', {},
      h('div', { class: 'stack' }, image, map),
      h('figcaption', {}, name),
      drawCode(code, { marked: differing, name: `Code, ${name.toLowerCase()}` })),
    select(layer) {
      const source = maps?.[layer];
      map.hidden = !source;
      if (source?.startsWith('data:')) map.src = source;
      else if (source) showPicture(map, source).catch(() => {});
    },
  };
}
