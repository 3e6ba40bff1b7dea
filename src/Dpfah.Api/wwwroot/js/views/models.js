// Models, their trainings, and the generations of codes that they make: three tabs of one view.
import { send } from '../api.js';
import { h, fill, say, sayError, actionButton, time, empty, plural } from '../dom.js';
import { link } from '../router.js';
import { figure, measuredModels, measurementFor, metric, wide } from '../figures.js';
import { jobBox, openJobs } from '../job.js';

export const title = 'Models';

const tabs = { models: 'Models', train: 'Train', generations: 'Generations' };

export async function show(root, context) {
  const { params } = context;
  const tab = params.get('tab') ?? 'models';
  if (!tabs[tab]) throw new Error(`There is no tab '${tab}' here. There are: ${Object.keys(tabs).join(', ')}.`);
  const body = h('div');
  const loaded = tab === 'train' ? await (await import('./training.js')).show(body, context)
    : tab === 'generations' ? await (await import('./generations.js')).show(body, context)
    : params.get('model') ? await (await import('./model.js')).show(body, context)
    : await showList(body, context);
  if (context.signal.aborted) return;
  fill(root,
    h('nav', { 'aria-label': 'Models, trainings, generations' }, h('ul', { class: 'tabs' }, Object.entries(tabs).map(([name, text]) =>
      h('li', {}, h('a', { href: link('models', { tab: name === 'models' ? null : name, collection: context.params.get('collection') }), 'aria-current': name === tab ? 'page' : null }, text))))),
    body);
  loaded?.();
}

async function showList(root, { params, collection, signal }) {
  const [models, jobs] = await Promise.all([measuredModels(signal), openJobs({ kind: 'evaluation' }, signal)]);
  const again = () => window.dispatchEvent(new HashChangeEvent('hashchange'));
  const boxes = h('div', {}, jobs.map(watch));
  const withFigures = models.filter(model => model.plots.includes('pr.json'));
  const asked = params.getAll('compare');
  let compared = (asked.length ? withFigures.filter(model => asked.includes(model.name)) : withFigures.slice(-5)).map(model => model.name);
  const figures = h('div', { class: 'charts' });
  fill(root,
    h('div', { class: 'row' }, h('h1', {}, 'Models'), importButton(again), h('a', { class: 'button primary', href: link('models', { tab: 'train' }) }, 'Train a model')),
    boxes,
    models.length ? table() : empty('There is no model.'),
    models.length ? h('p', { class: 'quiet' }, 'mAP and P@10: shares of right pictures in the ranking, 1 is best. Compare what was measured on the same pictures. Measuring is a job that may take minutes. Ticked models are drawn below.') : null,
    withFigures.length ? [h('h2', {}, 'Side by side'), figures] : null);
  let draw = async () => {};
  return () => {
    if (withFigures.length) drawCurves(figures, signal).then(drawn => { draw = drawn; }).then(() => draw(compared)).catch(sayError);
  };

  function watch(job) {
    return jobBox(job, {
      title: `Measuring ${job.request.model} on ${job.request.collection ?? job.request.dataset}`,
      cancelled: 'Nothing is kept of this measurement. The model stays as it is.',
      live: true,
      details: false,
      signal,
      ended: last => {
        if (last.state !== 'succeeded') return;
        say(`${job.request.model} was measured: mAP ${metric(last.result.metrics, 'map')}, P@10 ${metric(last.result.metrics, 'precisionAt10')}.`);
        again();
      },
    }).element;
  }

  function table() {
    const measured = models.map(model => measurementFor(model, collection)).filter(Boolean);
    // The best of those that were measured on the same pictures.
    const isBest = (shown, name) => {
      const rivals = measured.filter(one => one !== shown && one.target === shown.target);
      return rivals.length > 0 && rivals.every(one => one.result.metrics[name] <= shown.result.metrics[name]);
    };
    const number = (shown, name) => h('td', { class: 'number' }, shown && isBest(shown, name) ? h('strong', {}, metric(shown.result.metrics, name)) : metric(shown?.result.metrics, name));
    return wide('Models', h('table', { class: 'models' },
      h('thead', {}, h('tr', {},
        h('th', { scope: 'col' }, h('span', { class: 'visually-hidden' }, 'In the charts')),
        h('th', { scope: 'col' }, 'Model'),
        h('th', { scope: 'col', class: 'number' }, h('abbr', { title: 'Mean average precision' }, 'mAP')),
        h('th', { scope: 'col', class: 'number' }, h('abbr', { title: 'Share of right pictures among the first 10' }, 'P@10')),
        h('th', { scope: 'col' }, 'Measured on'),
        h('th', { scope: 'col', class: 'number' }, 'Bits'),
        h('th', { scope: 'col' }, 'Attention'),
        h('th', { scope: 'col' }, 'In use by'),
        h('th', { scope: 'col' }, 'Since'))),
      h('tbody', {}, models.map(model => {
        const shown = measurementFor(model, collection);
        const busy = jobs.some(job => job.request.model === model.name);
        return h('tr', { data: { model: model.name } },
          h('td', {}, !withFigures.includes(model) ? null : h('input', {
            type: 'checkbox',
            'aria-label': `${model.name} in the charts`,
            checked: compared.includes(model.name),
            on: { change: event => choose(model.name, event.target.checked) },
          })),
          h('th', { scope: 'row' }, h('a', { href: link('models', { model: model.name }) }, model.name),
            h('div', { class: 'quiet' }, model.title, model.isDefault ? ', new collections start with it' : '')),
          number(shown, 'map'), number(shown, 'precisionAt10'),
          h('td', { class: 'where' }, shown ? [h('span', {}, measuredOn(shown)), ' '] : busy ? null : h('span', { class: 'quiet' }, 'not measured yet'),
            shown?.result.collection === collection || busy ? null : h('div', {}, measureButton(model.name)),
            busy ? h('span', { class: 'quiet' }, ' is being measured') : null),
          h('td', { class: 'number' }, model.bits),
          h('td', {}, model.attention ? 'yes' : 'no'),
          h('td', {}, model.collections.length ? model.collections.map(name => h('span', { class: 'label' }, name)) : h('span', { class: 'quiet' }, 'nothing')),
          h('td', { class: 'quiet' }, time(model.createdAt)));
      }))));
  }

  function measureButton(name) {
    return actionButton(`Measure on ${collection}`, async () => {
      const job = await measure(name, collection);
      boxes.append(watch(job));
      jobs.push(job);
    }, { 'aria-label': `Measure on ${collection}: ${name}`, class: 'small', title: `Hashes the labelled pictures of ${collection} by it, which may take minutes; then it has curves below.` });
  }

  /** The address follows, without a new view: the focus stays where it is. */
  function choose(name, chosen) {
    compared = chosen ? [...compared, name] : compared.filter(one => one !== name);
    history.replaceState(null, '', link('models', { collection: params.get('collection'), compare: compared.length ? compared : 'none' }));
    draw(compared).catch(sayError);
  }
}

/** What a measurement was made on, in few words. */
export function measuredOn({ target, result }) {
  if (!result.collection) return target;
  return `${plural(result.counts.queries, 'picture')} of ${result.collection}, each against ${plural(result.counts.pictures - 1, 'other')}`;
}

/** Starts a measurement. */
export async function measure(model, collection) {
  const job = await send('POST', '/evaluations', { json: { model, collection } });
  say(`${model} is being measured on ${collection}, as job ${job.id}.`);
  return job;
}

/** Makes the charts; what is returned draws the curves of some models in them. */
async function drawCurves(root, signal) {
  const { chart } = await import('../chart.js');
  const charts = [
    ['pr', chart({ title: 'Precision and recall', x: 'recall', y: 'precision', range: [0, 1], signal })],
    ['precision-at-n', chart({ title: 'Precision among the first N', x: 'N', y: 'precision', range: [0, 1], whole: true, signal })],
  ];
  fill(root, charts.map(([, one]) => one.element));
  let wanted;
  return async names => {
    wanted = names;
    await Promise.all(charts.map(async ([name, one]) => {
      const found = await Promise.all(names.map(model => figure(model, name, signal).catch(error => {
        if (error.status !== 404) throw error;
      })));
      // Of the curves of a figure the first is the model's own; others are of what it was trained from.
      if (wanted === names) one.update(names.flatMap((model, i) => found[i] ? [{ ...found[i].curves[0], name: model }] : []));
    }));
  };
}

function importButton(again) {
  return h('button', { type: 'button', on: { click: () => openImport(again) } }, 'Import a model');
}

/** A dialog that takes the files of a model. */
function openImport(again) {
  const file = (name, required) => h('input', { type: 'file', name, accept: '.safetensors', required });
  const [head, backbone] = [file('head', true), file('backbone', false)];
  const note = h('p', { role: 'status' });
  const submit = h('button', { type: 'submit', class: 'primary' }, 'Import');
  const form = h('form', { on: { submit: sendFiles } },
    h('h2', { id: 'import-title' }, 'Import a model'),
    h('p', {}, 'Models are safetensors files, as they are downloaded here. The name stands in the head.'),
    h('div', { class: 'form wide' },
      h('label', {}, 'Head', head),
      h('label', {}, 'Backbone, unless a model here has the same', backbone)),
    note,
    h('div', { class: 'row end' }, h('button', { type: 'button', on: { click: () => dialog.close() } }, 'Cancel'), submit));
  const dialog = h('dialog', { 'aria-labelledby': 'import-title' }, form);
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();

  async function sendFiles(event) {
    event.preventDefault();
    submit.disabled = true;
    fill(note, 'Sending …').className = '';
    const body = new FormData();
    body.append('head', head.files[0]);
    if (backbone.files[0]) body.append('backbone', backbone.files[0]);
    try {
      const model = await send('POST', '/models', { body });
      dialog.close();
      say(`The model ${model.name} is here: ${model.title}, ${model.bits} bits.`);
      again();
    } catch (error) {
      fill(note, error.message).className = 'notice bad';
      submit.disabled = false;
    }
  }
}
