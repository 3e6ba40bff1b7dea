// Generations: all codes of one collection under one model. Made, compared, activated, rolled back, deleted.
import { all, get, path, send } from '../api.js';
import { h, fill, say, actionButton, ask, time, plural, count, fixed } from '../dom.js';
import { go, link } from '../router.js';
import { wide } from '../figures.js';
import { jobBox } from '../job.js';

const states = { active: 'answers', filling: 'is being filled', ready: 'ready', retired: 'left behind' };

/** Missing pictures up to which the service fills a generation in by itself when it is switched to. */
const filledAtOnce = 100;

const percent = share => `${Math.round(100 * share)} %`;

export async function show(root, { params, collection, signal }) {
  const [{ items, history }, models] = await Promise.all([
    get(path('collections', collection, 'generations'), {}, signal),
    all('/models', { limit: 500 }, signal),
  ]);
  const again = () => window.dispatchEvent(new HashChangeEvent('hashchange'));
  const base = path('collections', collection, 'generations');
  const active = items.find(one => one.state === 'active');
  const others = items.filter(one => one !== active).sort((a, b) => b.generation.id - a.generation.id);
  const answered = new Set(history.map(one => one.from));
  const mayReturn = one => answered.has(one.generation.id) && one.missing <= filledAtOnce;
  const before = history[0]?.to === active?.generation.id ? history[0].from : null;
  const jobs = await Promise.all(others.filter(one => one.state === 'filling' && one.job).map(one => get(path('jobs', one.job), {}, signal)));
  fill(root,
    h('h1', {}, `Generations of ${collection}`),
    h('p', {}, 'A generation is all codes of a collection under one model. One answers; another is filled beside it, compared, and takes over when you say so.'),
    active ? card(active) : null,
    others.map(card),
    createForm(),
    historyTable());

  function card(one) {
    const { generation: { id, model, bits }, state, pictures, missing } = one;
    const running = jobs.find(job => job.id === one.job && ['queued', 'running'].includes(job.state));
    return h('section', { class: `box generation ${state}`, 'aria-label': `Generation ${id}`, data: { generation: id } },
      h('div', { class: 'row' },
        h('h2', {}, `Generation ${id} `, h('span', { class: `label state-${state}` }, state === 'retired' && mayReturn(one) ? 'kept' : states[state])),
        state === 'active' ? others.filter(other => other.generation.id === before && mayReturn(other)).map(rollBackButton) : [activateButton(one, running), deleteButton(one, running)]),
      h('p', {}, h('a', { href: link('models', { model }) }, model), `, ${bits} bits, ${plural(pictures, 'picture')}`,
        missing ? `, ${count(missing)} missing` : '', '. ',
        h('span', { class: 'quiet' }, 'Begun ', time(one.createdAt), one.createdBy ? ` by ${one.createdBy}` : '', '.'),
        one.activate && state !== 'active' ? ' It takes over by itself when it is better.' : ''),
      stateWords(one, running),
      running ? jobBox(running, {
        title: `Hashing ${collection} by ${model}`,
        live: true,
        details: false,
        cancelled: `What was hashed so far stays, and can be gone on with or deleted. Generation ${active.generation.id} goes on answering.`,
        signal,
        ended: last => {
          if (last.state === 'succeeded') say(filledWords(id, last.result));
          if (last.state !== 'failed') again();
        },
      }).element : null,
      one.comparison && state !== 'active' ? comparison(one) : null);
  }

  function stateWords(one, running) {
    const { state, missing, comparison: compared } = one;
    if (state === 'filling' && !running) return h('p', { class: 'notice' }, 'Its job has ended before it was complete. Fill it up to go on where it stopped.');
    if (state === 'retired') {
      return h('p', { class: 'quiet' }, 'New pictures pass it by. ', !answered.has(one.generation.id) ? 'Fill it up, and it is compared anew.'
        : mayReturn(one) ? 'It answered before and may come back at once.' : `It answered before; more than ${filledAtOnce} pictures are missing, so fill it up before it comes back.`);
    }
    if (state === 'ready' && !mayReturn(one) && compared?.against !== active.generation.id) {
      return h('p', { class: 'notice' }, `It was compared with generation ${compared?.against}, which does not answer any more. Compare it again before it takes over.`);
    }
    return null;
  }

  function comparison({ generation: { id, model }, comparison: compared }) {
    const { gate, heldOut, queries, balance, against } = compared;
    const old = items.find(one => one.generation.id === against)?.generation;
    const row = (name, about, { active: now, candidate: then }, digits = 3, better = 1) => h('tr', {},
      h('th', { scope: 'row' }, name, h('div', { class: 'quiet' }, about)),
      h('td', { class: 'number' }, fixed(now, digits)),
      h('td', { class: 'number' }, better && better * (then - now) > 0 ? h('strong', {}, fixed(then, digits)) : fixed(then, digits)));
    const sets = heldOut ? [[heldOut.withTrainingPictures, heldOut.withoutTrainingPictures ? ', with those of the training' : ''], [heldOut.withoutTrainingPictures, ', all of them held out']].filter(([one]) => one) : [];
    return h('div', { class: 'comparison' },
      h('p', { class: `notice${gate.passes ? '' : ' bad'}` }, h('strong', {}, verdict(gate)), ' ', gate.detail),
      wide('Comparison', h('table', {},
        h('thead', {}, h('tr', {}, h('td', {}),
          h('th', { scope: 'col', class: 'number' }, `Generation ${against}`, h('div', { class: 'quiet' }, old?.model)),
          h('th', { scope: 'col', class: 'number' }, `Generation ${id}`, h('div', { class: 'quiet' }, model)))),
        h('tbody', {},
          sets.map(([one, where]) => [
            row('mAP', `${plural(heldOut.queries, 'held-out picture')}, each among ${count(one.database)}${where}`, one.map),
            row('P@10', 'right among the first 10', one.precisionAt10),
          ]),
          row('Cut size', 'pictures that the code cannot tell from the first 10', queries.cutSize, 1, -1),
          row('Bit balance', '1 when each bit halves the collection', balance)))),
      h('p', {}, `Of the first 10 of a search, ${percent(queries.overlap)} are the same under both`,
        h('span', { class: 'quiet' }, ` (${plural(queries.count, queries.source === 'pictures' ? 'picture of the collection' : 'recent search', queries.source === 'pictures' ? 'pictures of the collection' : 'recent searches')}). Compared `, time(compared.comparedAt), '.')));
  }

  function activateButton(one, running) {
    const { generation: { id, model }, state, comparison: compared } = one;
    if (running) return null;
    if (mayReturn(one)) return id === before ? null : rollBackButton(one);
    if (state !== 'ready') return actionButton('Fill up', () => create(model, false), { 'aria-label': `Fill up generation ${id}` });
    if (compared?.against !== active.generation.id) return actionButton('Compare again', () => create(model, false), { 'aria-label': `Compare again: generation ${id}` });
    const body = needed(compared.gate);
    return body.force
      ? actionButton('Activate all the same', () => activate(one, body, false), { 'aria-label': `Activate all the same: generation ${id}` })
      : actionButton('Activate', () => activate(one, body, false), { class: 'primary', 'aria-label': `Activate generation ${id}` });
  }

  function rollBackButton(one) {
    return actionButton(`Roll back to generation ${one.generation.id}`, () => activate(one, {}, true));
  }

  /** What a closed gate asks for: force where it is known to be worse or cannot be judged, confirmation where nothing has a label. */
  function needed(gate) {
    return gate.passes ? {} : gate.reason === 'noLabels' ? { confirm: true } : { force: true };
  }

  async function activate(one, body, back) {
    const { generation: { id, model, bits }, pictures, missing, comparison: compared } = one;
    const now = active.generation;
    const title = back ? `Roll back to generation ${id}?` : body.force ? `Activate generation ${id} although the gate is closed?` : `Activate generation ${id}?`;
    const said = (...words) => h('span', { class: 'said' }, ...words);
    const text = [
      said(`Searches of ${collection} are answered by generation ${now.id} (${now.model}, ${plural(now.bits, 'bit')}). From then on generation ${id} (${model}, ${plural(bits, 'bit')}) answers, `
        + `with all ${plural(pictures + missing, 'picture')}${missing ? `, ${count(missing)} of which ${missing === 1 ? 'is' : 'are'} hashed first,` : ''} and without a pause.`),
      said('Results and distances change. Open result lists end, and codes that were kept elsewhere no longer fit.'),
      said(`Generation ${now.id} is kept: rolling back is one click, as long as no more than ${filledAtOnce} pictures were added since.`),
      body.force ? said(h('strong', {}, `${compared.gate.detail} The history will say who forced it.`)) : null,
      body.confirm ? said(h('strong', {}, 'Nobody can measure which is better without labels: look at some searches first. The history will say who confirmed it.')) : null,
    ];
    const yes = back ? 'Roll back' : body.force ? 'Force it' : body.confirm ? 'I have looked: activate it' : 'Activate';
    if (!await ask(title, h('span', {}, text), yes, { danger: Boolean(body.force) })) return;
    const done = await send('POST', `${base}/${id}/activate`, { json: body });
    say(done.switched ? `Generation ${id} (${model}) answers now. Generation ${now.id} is kept for rolling back.` : `Generation ${id} answered already.`);
    again();
  }

  function deleteButton({ generation: { id, model }, pictures }, running) {
    return running ? null : actionButton('Delete', async () => {
      const back = answered.has(id) ? ' You cannot roll back to it any more.' : '';
      if (!await ask(`Delete generation ${id}?`, `${plural(pictures, 'code')} by ${model} are deleted.${back} The pictures stay, and generation ${active.generation.id} goes on answering. They can be hashed again.`, 'Delete')) return;
      await send('DELETE', `${base}/${id}`);
      say(`Generation ${id} was deleted.`);
      again();
    }, { class: 'danger', 'aria-label': `Delete generation ${id}` });
  }

  async function create(model, better) {
    const job = await send('POST', base, { json: { model, activate: better ? 'when-better' : undefined } });
    say(`${collection} is being hashed by ${model}, as job ${job.id}.`);
    if (params.get('model')) go('models', { tab: 'generations', collection: params.get('collection') });
    else again();
  }

  function createForm() {
    if (!active) return null;
    const inTheWay = others.find(one => one.state === 'ready' || jobs.some(job => job.id === one.job && ['queued', 'running'].includes(job.state)));
    const choices = models.filter(model => model.name !== active.generation.model);
    const wanted = params.get('model');
    const choice = h('select', { name: 'model', id: 'generation-model' }, choices.map(model => h('option', { value: model.name, selected: model.name === wanted }, `${model.name} (${model.title}, ${model.bits} bits)`)));
    const better = h('input', { type: 'checkbox', name: 'better' });
    const wrong = h('div', { role: 'alert' });
    const blocked = inTheWay?.state === 'ready' && `Generation ${inTheWay.generation.id} is kept ready${inTheWay.generation.id === before ? ' for rolling back' : ''}. Delete it, or activate it, to make room for another.`;
    return h('form', {
      class: 'box',
      'aria-labelledby': 'new-generation',
      on: {
        submit: async event => {
          event.preventDefault();
          fill(wrong);
          try {
            await create(choice.value, better.checked);
          } catch (error) {
            fill(wrong, h('p', { class: 'notice bad' }, error.message));
          }
        },
      },
    },
      h('h2', { id: 'new-generation' }, 'Make another generation'),
      inTheWay ? h('p', { class: 'notice' }, blocked || 'One at a time: wait until the other is filled, or cancel it.')
      : choices.length ? [
        h('div', { class: 'row' }, h('label', { for: 'generation-model' }, 'Model'), choice, h('label', {}, better, ' activate it when it is better')),
        h('p', { class: 'quiet' }, `All ${plural(active.pictures, 'picture')} are hashed from their stored previews; searches are answered by generation ${active.generation.id} meanwhile. Then both are compared.`),
        wrong,
        h('button', { type: 'submit', class: 'primary' }, 'Make the generation'),
      ] : h('p', {}, 'There is no other model. ', h('a', { href: link('models', { tab: 'train' }) }, 'Train one'), '.'));
  }

  function historyTable() {
    if (!history.length) return null;
    return [
      h('h2', {}, 'What answered when'),
      wide('What answered when', h('table', {},
        h('thead', {}, h('tr', {}, ['Since', 'Generation', 'Instead of', 'By', 'What the gate said'].map(text => h('th', { scope: 'col' }, text)))),
        h('tbody', {}, history.map(one => h('tr', {},
          h('td', {}, time(one.at)),
          h('td', {}, `${one.to}, ${one.toModel}`),
          h('td', {}, one.from),
          h('td', {}, one.by ?? 'no key', one.forced ? h('strong', {}, ', forced') : '', one.confirmed ? h('strong', {}, ', confirmed') : ''),
          h('td', { class: 'quiet said-by-gate' }, one.gate ?? '–')))))),
    ];
  }
}

const verdict = ({ passes, isBetter, reason }) =>
  isBetter ? 'It is better.' : passes ? 'It is as good.' : reason === 'worse' ? 'It is worse.' : reason === 'noLabels' ? 'Nobody can measure it.' : 'It cannot be judged.';

function filledWords(id, { activated, comparison }) {
  return activated ? `Generation ${id} is complete, better, and answers now.` : `Generation ${id} is complete. ${verdict(comparison.gate)}`;
}
