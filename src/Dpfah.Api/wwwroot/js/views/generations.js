// Generations: all codes of one collection under one model. Made, compared, activated, rolled back, deleted.
import { all, get, hasEnded, path, send } from '../api.js';
import { h, fill, say, sayError, actionButton, ask, time, plural, count, fixed } from '../dom.js';
import { go, link } from '../router.js';
import { wide } from '../figures.js';
import { jobBox } from '../job.js';

const states = { active: 'in use', filling: 'incomplete', ready: 'ready', retired: 'out of date' };

/** Missing pictures up to which the service fills a generation in by itself when it is switched to. */
const filledAtOnce = 100;

/** Jobs that were begun on this page and whose end it has not told yet. */
const begun = new Set();

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
  const open = items.filter(one => one.job && (begun.has(one.job) || one.state === 'filling' || one.state === 'ready' && one.comparison?.against !== active?.generation.id));
  const jobs = await Promise.all(open.map(one => get(path('jobs', one.job), {}, signal)));
  // It ended while its generation was read, which is older then: the two have to fit.
  if (open.some((one, i) => jobs[i].state === 'succeeded' && (one.state === 'filling' || !one.comparison))) return show(root, { params, collection, signal });
  open.filter((one, i) => begun.has(one.job) && hasEnded(jobs[i].state)).forEach(one => tellEnd(one, jobs.find(job => job.id === one.job)));
  fill(root,
    h('h1', {}, `Generations of ${collection}`),
    h('p', {}, 'A generation is all codes of a collection under one model. Searches use one. Another is made beside it, compared, and takes over when you say so.'),
    active ? card(active) : null,
    others.map(card),
    createForm(),
    historyTable());

  function card(one) {
    const { generation: { id, model, bits }, state, pictures, missing } = one;
    const running = jobs.find(job => job.id === one.job && ['queued', 'running'].includes(job.state));
    return h('section', { class: `box generation ${state}`, 'aria-label': `Generation ${id}`, data: { generation: id } },
      h('div', { class: 'row' },
        h('h2', {}, `Generation ${id} `, h('span', { class: `label state-${state}` }, running ? 'being hashed' : state === 'retired' && mayReturn(one) ? 'kept' : states[state])),
        state === 'active' ? others.filter(other => other.generation.id === before && mayReturn(other)).map(rollBackButton) : [activateButton(one, running), deleteButton(one, running)]),
      h('p', {}, h('a', { href: link('models', { model }) }, model), `, ${bits} bits, ${plural(pictures, 'picture')}`,
        missing ? `, ${count(missing)} missing` : '', '. ',
        h('span', { class: 'quiet' }, 'Begun ', time(one.createdAt), one.createdBy && one.createdBy !== 'local' ? ` by ${one.createdBy}` : '', '.'),
        one.activate && running ? ' It takes over by itself when it does better.' : ''),
      stateWords(one, running),
      running ? jobBox(running, {
        title: `Hashing ${collection} by ${model}`,
        live: true,
        details: false,
        cancelled: `What was hashed so far stays, and can be gone on with or deleted. Searches go on with generation ${active.generation.id}.`,
        signal,
        ended: async last => {
          await tellEnd(one, last);
          if (last.state !== 'failed') again();
        },
      }).element : null,
      one.comparison && state !== 'active' ? comparison(one) : null);
  }

  async function tellEnd(one, job) {
    begun.delete(job.id);
    if (job.state !== 'succeeded') return;
    say(filledWords(one.generation.id, job.result));
    if (one.activate && !job.result.activated) await askAfter(one, job.result.comparison);
  }

  function stateWords(one, running) {
    const { state, missing, comparison: compared } = one;
    if (state === 'filling' && !running) return h('p', { class: 'notice' }, 'The hashing ended before it was complete. Fill it up to go on where it stopped.');
    if (state === 'retired') {
      return h('p', { class: 'quiet' }, 'New pictures are not added to it. ', !answered.has(one.generation.id) ? 'Fill it up, and it is compared anew.'
        : mayReturn(one) ? 'It was in use before and may come back at once.' : `It was in use before; more than ${filledAtOnce} pictures are missing, so fill it up before it comes back.`);
    }
    if (state === 'ready' && !mayReturn(one) && compared?.against !== active.generation.id) {
      return h('p', { class: 'notice' }, `It was compared with generation ${compared?.against}, which is not in use any more. Compare it again before it takes over.`);
    }
    return null;
  }

  function comparison({ generation: { id, model }, comparison: compared }) {
    const { gate, heldOut, queries, balance, against } = compared;
    const old = items.find(one => one.generation.id === against)?.generation;
    const row = (name, about, { active: now, candidate: then }, digits = 3, better = 1) => {
      const number = (value, other) => h('td', { class: 'number' }, better * (value - other) > 0 ? h('strong', {}, fixed(value, digits)) : fixed(value, digits));
      return h('tr', {}, h('th', { scope: 'row' }, name, h('div', { class: 'quiet' }, about)), number(now, then), number(then, now));
    };
    const sets = heldOut ? [[heldOut.withTrainingPictures, heldOut.withoutTrainingPictures ? ', with those of the training' : ''], [heldOut.withoutTrainingPictures, ', all of them held out']].filter(([one]) => one) : [];
    return h('div', { class: 'comparison' },
      h('p', { class: `notice${gate.passes ? '' : ' bad'}` }, h('strong', {}, verdict(gate)), ' ', lead(compared, old?.model)),
      h('details', {}, h('summary', {}, 'The whole comparison'), heldOut ? h('p', { class: 'quiet' }, gate.detail) : null,
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
        h('span', { class: 'quiet' }, ` (${plural(queries.count, queries.source === 'pictures' ? 'picture of the collection' : 'recent search', queries.source === 'pictures' ? 'pictures of the collection' : 'recent searches')}). Compared `, time(compared.comparedAt), '.'))));
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
    return actionButton(`${backWords(one)} to generation ${one.generation.id}`, () => activate(one, {}, true));
  }

  /** Back is what was made before; what was made later is gone to, whether it was in use before or not. */
  function backWords({ generation: { id } }) {
    return id < active.generation.id ? 'Roll back' : 'Switch';
  }

  /** It was to take over if it did better, and it did not: whoever waits for it decides. */
  function askAfter(one, compared) {
    return activate({ ...one, pictures: one.pictures + one.missing, missing: 0, comparison: compared }, needed(compared.gate), false).catch(sayError);
  }

  /** What a comparison that was not passed asks for: force where it is known to be worse or cannot be judged, confirmation where nothing has a label. */
  function needed(gate) {
    return gate.passes ? {} : gate.reason === 'noLabels' ? { confirm: true } : { force: true };
  }

  async function activate(one, body, back) {
    const { generation: { id, model, bits }, pictures, missing, comparison: compared } = one;
    const now = active.generation;
    const failed = compared?.against === now.id && !compared.gate.passes && compared.gate;
    const title = back ? `${backWords(one)} to generation ${id}?` : body.force ? `Activate generation ${id} although it ${compared.gate.reason === 'worse' ? 'did worse in the comparison' : 'cannot be judged'}?` : `Activate generation ${id}?`;
    const said = (...words) => h('span', { class: 'said' }, ...words);
    const text = [
      said(`Searches of ${collection} use generation ${now.id} (${now.model}, ${plural(now.bits, 'bit')}). From then on they use generation ${id} (${model}, ${plural(bits, 'bit')}), `
        + `with all ${plural(pictures + missing, 'picture')}${missing ? `, ${count(missing)} of which ${missing === 1 ? 'is' : 'are'} hashed first,` : ''} and without a pause.`),
      said('Results and distances change. Open result lists end, and codes that were kept elsewhere no longer fit.'),
      said(`Generation ${now.id} is kept: you can go back to it, as long as no more than ${filledAtOnce} pictures were added since.`),
      body.force || (back && failed?.reason === 'worse') ? said(h('strong', {}, `${verdict(compared.gate)} `), lead(compared, now.model), body.force ? ' The history will say who activated it all the same.' : '') : null,
      body.confirm ? said(h('strong', {}, 'Nobody can measure which is better without labels: look at some searches first. The history will say who confirmed it.')) : null,
    ];
    const yes = back ? backWords(one) : body.force ? 'Activate all the same' : body.confirm ? 'I have looked: activate it' : 'Activate';
    if (!await ask(title, h('span', {}, text), yes, { danger: Boolean(body.force) || (back && failed?.reason === 'worse') })) return;
    const done = await send('POST', `${base}/${id}/activate`, { json: body });
    say(done.switched ? `Searches use generation ${id} (${model}) now. Generation ${now.id} is kept.` : `Searches used generation ${id} already.`);
    again();
  }

  function deleteButton({ generation: { id, model }, pictures }, running) {
    return running ? null : actionButton('Delete', async () => {
      const back = answered.has(id) ? ' You cannot go back to it any more.' : '';
      if (!await ask(`Delete generation ${id}?`, `${plural(pictures, 'code')} by ${model} are deleted.${back} The pictures stay, and searches go on with generation ${active.generation.id}. They can be hashed again.`, 'Delete')) return;
      await send('DELETE', `${base}/${id}`);
      say(`Generation ${id} was deleted.`);
      again();
    }, { class: 'danger', 'aria-label': `Delete generation ${id}` });
  }

  async function create(model, better) {
    const job = await send('POST', base, { json: { model, activate: better ? 'when-better' : undefined } });
    begun.add(job.id);
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
    const blocked = inTheWay?.state === 'ready' && `Generation ${inTheWay.generation.id} is kept ready${inTheWay.generation.id === before ? ', so that you can go back to it' : ''}. Delete it to make room for another.`;
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
      inTheWay ? h('p', { class: 'notice' }, blocked || 'One at a time: wait until the other is hashed, or cancel it.')
      : choices.length ? [
        h('div', { class: 'row' }, h('label', { for: 'generation-model' }, 'Model'), choice, h('label', {}, better, ' use it when it does better')),
        h('p', { class: 'quiet' }, `All ${plural(active.pictures, 'picture')} are hashed from their stored previews; searches go on with generation ${active.generation.id} meanwhile. Then both are compared on labelled pictures.`),
        wrong,
        h('button', { type: 'submit', class: 'primary' }, 'Make the generation'),
      ] : h('p', {}, 'There is no other model. ', h('a', { href: link('models', { tab: 'train' }) }, 'Train one'), '.'));
  }

  function historyTable() {
    if (!history.length) return null;
    return [
      h('h2', {}, 'History'),
      wide('History', h('table', {},
        h('thead', {}, h('tr', {}, ['Since', 'Generation', 'Instead of', 'By', 'What the comparison said'].map(text => h('th', { scope: 'col' }, text)))),
        h('tbody', {}, history.map(one => h('tr', {},
          h('td', {}, time(one.at)),
          h('td', {}, `${one.to}, ${one.toModel}`),
          h('td', {}, one.from),
          h('td', {}, [one.by === 'local' ? null : one.by, one.forced ? 'all the same' : null, one.confirmed ? 'confirmed' : null].filter(Boolean).join(', ') || '–'),
          h('td', { class: 'quiet said-by-gate' }, gateWords(one.gate))))))),
    ];
  }
}

const verdict = ({ passes, isBetter, reason }) =>
  isBetter ? 'It did better in the comparison.' : passes ? 'It did as well in the comparison.'
    : reason === 'worse' ? 'It did worse in the comparison.' : reason === 'noLabels' ? 'Without labels nobody can measure which is better.' : 'It cannot be judged.';

/** A comparison in a sentence: shares of right pictures, unless these say otherwise than the mAP that decides. */
function lead({ gate, heldOut, unknownTraining }, old) {
  if (!heldOut) return gate.detail;
  const { map, precisionAt10 } = heldOut.withTrainingPictures ?? heldOut.withoutTrainingPictures;
  const higher = ({ active, candidate }) => Math.sign(candidate - active);
  const against = old ? `${old}'s ` : '';
  return [
    higher(map) === higher(precisionAt10)
      ? `Of the first 10 pictures found ${percent(precisionAt10.candidate)} were right, against ${against}${percent(precisionAt10.active)}`
      : `Its mAP was ${fixed(map.candidate)}, against ${against}${fixed(map.active)}`,
    `, in ${plural(heldOut.queries, 'search', 'searches')} with pictures that were kept out of the training.`,
    unknownTraining?.length ? ` What ${unknownTraining.join(' and ')} learnt from is not known, so it may have seen some of them.` : '',
  ].join('');
}

/** What the history says of a comparison: its numbers in full are long. */
const gateWords = gate => gate === 'It answered before.' ? 'It was in use before.' : gate ?? '–';

function filledWords(id, { activated, comparison }) {
  return activated ? `Generation ${id} did better in the comparison, and searches use it now.` : `Generation ${id} is complete. ${verdict(comparison.gate)}`;
}
