// Trainings: a form with defaults, and a training as it goes.
import { all, get, hasEnded, path, send } from '../api.js';
import { h, fill, say, sayError, time, plural, count } from '../dom.js';
import { go, link } from '../router.js';
import { headline, metric, metricNames, metricTitle, ordered, wide } from '../figures.js';
import { jobBox } from '../job.js';
import { methods, optionHelp, optionWords, partName, withoutLabels } from '../methods.js';
import { useButton } from '../use.js';

const states = { queued: 'waits', running: 'runs', succeeded: 'done', failed: 'failed', cancelled: 'cancelled' };
const learns = method => method in methods;
const titleOf = method => (methods[method] ?? withoutLabels[method])?.title ?? method;

/** Pictures that are looked at to see whether there are labels. */
const sample = 500;

/** Pictures whose labels are read to warn of rare ones; of more it is not known. */
const read = 2500;

/** Pictures of a label below which hardly anything can be learnt of it, or measured. */
const few = 10;

export async function show(root, { params, collection, signal }) {
  if (params.get('job')) return showTraining(root, params.get('job'), signal);
  const [models, jobs, pictures] = await Promise.all([
    all('/models', { limit: 500 }, signal),
    get('/jobs', { kind: 'training', limit: 20 }, signal),
    get(path('collections', collection, 'images'), { limit: sample }, signal),
  ]);
  const labelled = pictures.items.filter(item => item.labels.length).length;
  const rare = h('div', { class: 'section', role: 'status' });
  fill(root, h('h1', {}, 'Train a model'), hint(), form(), list(jobs.items));
  return () => warnOfRare().catch(sayError);

  /** A label of two pictures becomes a class like any other: it is said before. */
  async function warnOfRare() {
    const items = pictures.nextCursor ? await all(path('collections', collection, 'images'), { limit: sample }, signal, read + 1) : pictures.items;
    if (signal.aborted || items.length > read) return;
    const counts = new Map();
    for (const label of items.flatMap(item => item.labels)) counts.set(label, (counts.get(label) ?? 0) + 1);
    const names = [...counts.keys()].filter(label => counts.get(label) < few);
    if (!names.length) return;
    const usable = [...counts.keys()].filter(label => !names.includes(label));
    const isOffered = usable.length > 1 && usable.every(label => !label.includes(','));
    fill(rare, h('p', { class: 'notice' },
      `${names.slice(0, 5).map(label => `${label} (${plural(counts.get(label), 'picture')})`).join(', ')}${names.length > 5 ? ` and ${plural(names.length - 5, 'other label')}` : ''}: too few to learn from, yet ${names.length === 1 ? 'it counts' : 'each counts'} as a class. `,
      isOffered ? h('button', { type: 'button', class: 'small', on: { click: () => {
        root.querySelector('input[name=labels]').value = usable.join(', ');
        fill(rare, h('p', { class: 'notice' }, `Left out: only ${plural(usable.length, 'label')} ${usable.length === 1 ? 'is' : 'are'} learnt. They stand under Only these labels.`));
      } } }, names.length === 1 ? 'Leave it out' : 'Leave them out') : 'Label more pictures, or name the labels to learn under Only these labels.'));
  }

  function hint() {
    if (!pictures.items.length) {
      return h('p', { class: 'notice' }, `There is nothing in ${collection} yet. `, h('a', { href: link('catalogue') }, 'Add pictures'), ' first.');
    }
    return labelled ? null : h('p', { class: 'notice' },
      pictures.nextCursor ? `None of the first ${plural(sample, 'picture')} of ${collection} has a label. ` : `No picture of ${collection} has a label. `,
      'ITQ learns from the pictures alone. Label some, and DPFAH learns what you call similar.');
  }

  function form() {
    const parent = models.find(model => model.name === params.get('parent'));
    const taken = new Set([...models.map(model => model.name), ...jobs.items.filter(job => !hasEnded(job.state)).map(job => job.request.name)]);
    const option = (value, text, chosen) => h('option', { value, selected: value === chosen }, text);
    const number = (name, props) => h('input', { type: 'number', name, inputmode: 'decimal', step: 'any', ...props });
    const field = (text, input, title) => h('label', { title }, text, input);
    const learning = [];
    const learningField = (text, input, title) => {
      learning.push(field(text, input, title));
      return learning.at(-1);
    };

    const first = labelled ? 'dpfah' : 'itq';
    const method = h('select', { name: 'method' },
      h('optgroup', { label: 'Learn from labels' }, Object.entries(methods).map(([name, { title, source }]) => option(name, `${title} (${source})`, first))),
      h('optgroup', { label: 'Need no labels' }, Object.entries(withoutLabels).map(([name, { title, source }]) => option(name, `${title} (${source})`, first))));
    const bits = number('bits', { min: 8, max: 1024, step: 8, required: true, value: parent?.bits ?? 64 });
    const name = h('input', { type: 'text', name: 'name', required: true, maxlength: 64, pattern: '[a-z0-9_.\\-]+', title: 'a-z, 0-9, -, _ and .', autocomplete: 'off', spellcheck: 'false' });
    const from = h('select', { name: 'parent' }, option('', 'ImageNet weights', parent?.name ?? ''), models.map(model => option(model.name, model.name, parent?.name)));
    const options = h('div', { class: 'form' });
    const optionsTitle = h('h3', {});
    const labels = h('input', { type: 'text', name: 'labels', placeholder: 'all', autocomplete: 'off' });
    const wrong = h('div', { role: 'alert' });
    const start = h('button', { type: 'submit', class: 'primary' }, 'Start the training');
    const side = number('imageSide', { min: 32, max: 512, step: 32, placeholder: 64 });
    let named = false;
    name.addEventListener('input', () => { named = name.value !== ''; });
    from.addEventListener('change', () => { bits.value = models.find(model => model.name === from.value)?.bits ?? bits.value; });
    for (const one of [method, bits, from]) one.addEventListener('change', adapt);
    const element = h('form', { class: 'box', 'aria-label': 'Training', on: { submit } },
      h('div', { class: 'form' },
        h('label', { class: 'two' }, 'Method', method),
        field('Name of the model', name),
        field('Bits', bits, 'Length of the codes, a multiple of 8'),
        learningField('Epochs', number('epochs', { min: 1, max: 100000, step: 1, required: true, value: 30 }), 'Passes over the training pictures')),
      h('details', {}, h('summary', {}, 'More settings'),
        h('p', { class: 'quiet' }, 'What is left empty takes the value that is shown.'),
        h('div', { class: 'form' },
          field('Start from', from, 'The backbone, and the hash layer where the bits agree'),
          field('Image side in pixels', side, 'A multiple of 32: larger sees more, and takes longer'),
          field('Only these labels', labels, 'Separated by commas; other labels do not count'),
          field('Seed', number('seed', { min: 0, step: 1, placeholder: 1 }), 'Of first weights, order and augmentation'),
          field('Threads', number('threads', { min: 1, step: 1, placeholder: 'all but one' })),
          learningField('Batch size', number('batchSize', { min: 1, step: 1, placeholder: 128 })),
          learningField('Learning rate', number('learningRate', { min: 0, placeholder: 0.00005 })),
          learningField('Rate falls to a tenth every', number('learningRateStep', { min: 0, step: 1, placeholder: 'never' }), 'Epochs; 0 for never'),
          learningField('Weight decay', number('weightDecay', { min: 0, placeholder: 0.00001 })),
          learningField('Measure every', number('validateEvery', { min: 1, step: 1, placeholder: 'tenth of all' }), 'Epochs from one measurement on validation pictures to the next'),
          learningField('Pictures are', h('select', { name: 'augmentation' }, option('', 'taken as they are'), option('cropAndFlip', 'cropped and flipped at random')))),
        optionsTitle, options),
      rare, wrong,
      h('div', { class: 'row end' }, h('span', { class: 'quiet' }, `Trains on ${collection}. Searches go on as they are.`), start));
    adapt();
    return element;

    function adapt() {
      const chosen = models.find(model => model.name === from.value);
      for (const label of learning) {
        label.hidden = !learns(method.value);
        label.querySelector('input, select').disabled = label.hidden;
      }
      rare.hidden = !learns(method.value);
      side.placeholder = chosen ? chosen.preprocessing.crop : learns(method.value) ? 64 : 128;
      if (options.dataset.method !== method.value) {
        options.dataset.method = method.value;
        optionsTitle.hidden = !learns(method.value);
        optionsTitle.textContent = `Of ${titleOf(method.value)}'s loss`;
        fill(options, Object.entries(methods[method.value]?.options ?? {}).map(([key, value]) => field([key, h('small', {}, optionHelp(method.value, key))], Array.isArray(value)
          ? h('select', { data: { option: key } }, value.map((word, i) => option(i ? word : '', optionWords[word] ?? word)))
          : number(`option-${key}`, { placeholder: value, data: { option: key } }))));
      }
      if (!named) name.value = freeName(`${collection}-${method.value}-${bits.value}`, taken);
    }

    async function submit(event) {
      event.preventDefault();
      fill(wrong);
      start.disabled = true;
      const given = new FormData(event.target);
      const json = { name: name.value.trim(), method: method.value, source: { collection } };
      for (const key of ['bits', 'epochs', 'imageSide', 'batchSize', 'learningRate', 'learningRateStep', 'weightDecay', 'validateEvery', 'seed', 'threads']) {
        if (given.get(key)) json[key] = Number(given.get(key));
      }
      for (const key of ['parent', 'augmentation']) if (given.get(key)) json[key] = given.get(key);
      const only = labels.value.split(',').map(one => one.trim()).filter(Boolean);
      if (only.length) json.source.labels = only;
      const chosen = [...options.querySelectorAll('[data-option]')].filter(one => one.value !== '');
      if (chosen.length) json.hyperParameters = Object.fromEntries(chosen.map(one => [one.dataset.option, one.type === 'number' ? Number(one.value) : one.value]));
      try {
        const job = await send('POST', '/training-jobs', { json });
        say(`Training of ${json.name} has begun, as job ${job.id}.`);
        go('models', { tab: 'train', job: job.id, collection });
      } catch (error) {
        fill(wrong, h('p', { class: 'notice bad' }, error.message));
        start.disabled = false;
      }
    }
  }
}

function freeName(wanted, taken) {
  const base = wanted.toLowerCase().replace(/[^a-z0-9_.-]+/g, '-').slice(0, 58);
  let name = base;
  for (let i = 2; taken.has(name); i++) name = `${base}-${i}`;
  return name;
}

function list(jobs) {
  if (!jobs.length) return null;
  return [
    h('h2', {}, 'Trainings'),
    wide('Trainings', h('table', {},
      h('thead', {}, h('tr', {}, ['Model', 'Method', 'On', 'State', 'Started'].map(text => h('th', { scope: 'col' }, text)))),
      h('tbody', {}, jobs.map(job => h('tr', {},
        h('td', {}, h('a', { href: link('models', { tab: 'train', job: job.id }) }, job.request.name)),
        h('td', {}, titleOf(job.request.method), h('span', { class: 'quiet' }, `, ${job.request.bits} bits`)),
        h('td', {}, job.request.source.collection ?? job.request.source.dataset),
        h('td', {}, states[job.state]),
        h('td', { class: 'quiet' }, time(job.createdAt))))))),
  ];
}

async function showTraining(root, id, signal) {
  const [job, { chart }] = await Promise.all([get(path('jobs', id), {}, signal), import('../chart.js')]);
  if (job.kind !== 'training') throw new Error(`Job ${id} is no training, but ${job.kind}.`);
  const { request } = job;
  const epochs = new Map();
  const result = h('div', {});
  const xRange = [1, Math.max(2, request.epochs)];
  const charts = learns(request.method) ? [
    chart({ title: 'Loss', x: 'epoch', y: 'loss', whole: true, xRange, signal }),
    chart({ title: 'mAP on validation pictures', x: 'epoch', y: 'mAP', range: [0, 1], whole: true, xRange, signal }),
  ] : [];
  const facts = [
    `${titleOf(request.method)}, ${request.bits} bits`, learns(request.method) ? plural(request.epochs, 'epoch') : null, `${request.imageSide} px`,
    `on ${request.source.collection ?? request.source.dataset}`, request.parent ? `from ${request.parent}` : null, `seed ${request.seed}`,
  ].filter(Boolean);
  const box = jobBox(job, {
    title: `Job ${job.id}`,
    cancelled: 'What was learnt so far is lost, and no model comes of it. Searches go on as they are.',
    signal,
    live: true,
    log: true,
    stageWords: stageOf,
    logWords: text => text.replace(/, split [0-9a-f]+$/, ''),
    details: false,
    hear: (kind, data) => {
      if (kind !== 'metric') return;
      epochs.set(data.epoch, data); // One that was trained again after a crash counts once.
      draw();
    },
    ended: last => showResult(last).catch(sayError),
  });
  if (hasEnded(job.state)) showResult(job).catch(sayError);
  fill(root,
    h('h1', {}, `Training of ${request.name}`),
    h('p', { class: 'quiet' }, facts.join(', '), '. ', h('a', { href: link('models', { tab: 'train' }) }, 'All trainings')),
    result, box.element,
    charts.length ? h('div', { class: 'charts' }, charts.map(one => one.element))
      : h('p', { class: 'quiet' }, `${titleOf(request.method)} is fitted in one go: there are no epochs to draw.`));
  return draw;

  /** The pictures of all epochs are counted in one: an epoch is over when all were seen, and measured then. */
  function stageOf({ stage, done, total }) {
    if (stage !== 'training' || !total || !request.epochs) return { text: total === 100 ? `${stage}, ${done} %` : total ? `${stage}: ${count(done)} of ${count(total)}` : stage ?? '', done, total };
    const each = total / request.epochs;
    const epochs = Math.floor(done / each);
    if (done && done % each === 0) return done < total ? { text: `epoch ${epochs} of ${request.epochs} is done, measuring`, done, total } : { text: `epoch ${epochs} of ${request.epochs} is done, measuring` };
    return { text: `epoch ${epochs + 1} of ${request.epochs}: ${count(done - epochs * each)} of ${plural(each, 'picture')}`, done, total };
  }

  function draw() {
    if (!charts.length || !charts[0].element.isConnected) return;
    const known = [...epochs.values()].sort((a, b) => a.epoch - b.epoch);
    const curve = (name, reports, value) => ({ name, x: reports.map(one => one.epoch), y: reports.map(value) });
    const parts = Object.keys(known[0]?.parts ?? {});
    charts[0].update(known.length ? [curve('all of it', known, one => one.loss), ...parts.length > 1 ? parts.map(part => curve(partName(part), known, one => one.parts[part] ?? null)) : []] : []);
    const measured = known.filter(one => one.validation);
    charts[1].update(measured.length ? [curve('mAP', measured, one => one.validation.map)] : []);
  }

  async function showResult(last) {
    if (last.state !== 'succeeded') return;
    const model = await get(path('models', request.name), {}, signal).catch(error => {
      if (error.status !== 404) throw error;
    });
    const isThere = model?.digest === last.result.digest;
    const { metrics, parentMetrics, warnings } = last.result;
    const names = ordered(Object.keys(metrics));
    const table = (title, shown) => wide(title, h('table', {},
      h('thead', {}, h('tr', {}, h('td', {}), h('th', { scope: 'col', class: 'number' }, request.name), parentMetrics ? h('th', { scope: 'col', class: 'number' }, request.parent) : null)),
      h('tbody', {}, shown.map(name => h('tr', {},
        h('th', { scope: 'row' }, h('abbr', { title: metricNames[name]?.[1] }, metricTitle(name)), headline.includes(name) ? h('div', { class: 'quiet' }, metricNames[name][1]) : null),
        h('td', { class: 'number' }, metric(metrics, name)),
        parentMetrics ? h('td', { class: 'number' }, metric(parentMetrics, name)) : null)))));
    const [main, others] = [headline.filter(name => names.includes(name)), names.filter(name => !headline.includes(name))];
    const home = request.source.collection;
    fill(result, h('section', { class: 'box', 'aria-label': 'Result' },
      h('p', { class: 'lead' }, isThere ? `The model ${request.name} is there.` : `The model ${request.name} was made, and has been deleted since.`),
      main.length ? table('Metrics', main) : null,
      others.length ? h('details', {}, h('summary', {}, 'More figures'), table('More figures', others)) : null,
      (warnings ?? []).map(text => h('p', { class: 'notice' }, text)),
      !isThere ? null : [h('p', {}, model.collections.length
        ? `Searches of ${model.collections.join(', ')} use it.`
        : 'Searches do not use it yet.'),
      h('div', { class: 'row' },
        home && !model.collections.includes(home) ? useButton(request.name, home) : null,
        h('a', { class: 'button', href: link('models', { model: request.name }) }, 'See the model'))]));
  }
}
