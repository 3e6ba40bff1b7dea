// One model: what it is, what it was measured to be, its figures, and what can be done with it.
import { get, path, send, sendRaw, showPicture } from '../api.js';
import { h, fill, say, sayError, actionButton, ask, time, plural, count } from '../dom.js';
import { go, link } from '../router.js';
import { figure, metric, metricNames, metricTitle, ordered, pointPictures, wide } from '../figures.js';
import { jobBox, openJobs } from '../job.js';
import { measure, measuredOn } from './models.js';

export async function show(root, { params, collection, signal }) {
  const name = params.get('model');
  const [model, measured, jobs] = await Promise.all([
    get(path('models', name), {}, signal),
    get(path('models', name, 'evaluation'), { limit: 20 }, signal),
    openJobs({ kind: 'evaluation' }, signal),
  ]);
  const again = () => window.dispatchEvent(new HashChangeEvent('hashchange'));
  const boxes = h('div', {}, jobs.filter(job => job.request.model === name).map(watch));
  const figures = h('div', {});
  fill(root,
    h('h1', {}, name),
    h('div', { class: 'row' },
      model.collections.includes(collection) ? null : h('a', { class: 'button primary', href: link('models', { tab: 'generations', model: name }) }, 'Make a generation of it'),
      actionButton(`Measure on ${collection}`, async () => boxes.append(watch(await measure(name, collection)))),
      model.lineage?.request ? actionButton('Retrain', () => retrain(model)) : h('a', { class: 'button', href: link('models', { tab: 'train', parent: name }) }, 'Train from it'),
      actionButton('Download', () => download(name), { title: 'The head of the model. The backbone is a file of its own, below.' }),
      actionButton('Delete', () => remove(model), { class: 'danger', 'aria-label': `Delete the model ${name}` })),
    boxes,
    h('div', { class: 'model-layout' }, h('div', { class: 'box' }, facts(model)), h('div', {}, measurements(measured.items))),
    figures);
  return () => showFigures(figures, model, measured, signal).catch(sayError);

  function watch(job) {
    return jobBox(job, {
      title: `Measuring on ${job.request.collection ?? job.request.dataset}`,
      cancelled: 'Nothing is kept of this measurement. The model stays as it is.',
      live: true,
      details: false,
      signal,
      ended: last => {
        if (last.state !== 'succeeded') return;
        say(`${name} was measured: mAP ${metric(last.result.metrics, 'map')}, P@10 ${metric(last.result.metrics, 'precisionAt10')}.`);
        again();
      },
    }).element;
  }
}

function facts(model) {
  const { preprocessing: { resize, crop }, backbone, lineage } = model;
  const rows = [
    ['Method', model.title],
    ['Bits', model.bits],
    ['Attention', model.attention ? 'parameter-free, in the last stage' : 'none'],
    ['Backbone', `${backbone.architecture}, ${plural(backbone.lastStageBlocks, 'block')} in the last stage`],
    ['Input', `${crop} × ${crop} pixels${resize === crop ? '' : `, cut from ${resize}`}`],
    ['Answers', model.collections.length ? model.collections.map(one => h('span', { class: 'label' }, one)) : 'no collection'],
    model.isDefault ? ['Default', 'new collections start with it'] : null,
    model.parent ? ['Trained from', h('a', { href: link('models', { model: model.parent }) }, model.parent)] : null,
    lineage?.request ? ['Trained on', sourceWords(lineage)] : null,
    model.job ? ['Training', h('a', { href: link('models', { tab: 'train', job: model.job }) }, `job ${model.job}`)] : null,
    model.classes.length ? ['Labels', model.classes.length > 20 ? plural(model.classes.length, 'label') : model.classes.join(', ')] : null,
    ['Since', time(model.createdAt)],
  ].filter(Boolean);
  const parameters = Object.entries(model.parameters);
  return [
    h('h2', {}, 'What it is'),
    h('dl', { class: 'facts' }, rows.map(([key, value]) => [h('dt', {}, key), h('dd', {}, value)])),
    h('details', {}, h('summary', {}, 'All settings and digests'),
      h('dl', { class: 'facts' },
        parameters.map(([key, value]) => [h('dt', {}, key), h('dd', {}, value)]),
        lineage?.codeVersion ? [h('dt', {}, 'codeVersion'), h('dd', {}, lineage.codeVersion)] : null,
        h('dt', {}, 'Digest'), h('dd', { class: 'id' }, model.digest),
        h('dt', {}, 'Backbone\'s'), h('dd', { class: 'id' }, backbone.digest)),
      actionButton('Download the backbone', () => download(model.name, 'backbone'))),
  ];
}

function sourceWords({ request: { source }, counts }) {
  return `${source.collection ? `collection ${source.collection}` : source.dataset}${counts?.train ? `: ${plural(counts.train, 'picture')}` : ''}`;
}

function measurements(items) {
  if (!items.length) return [h('h2', {}, 'Measurements'), h('p', { class: 'quiet' }, 'It has not been measured yet.')];
  const shown = items.slice(0, 3);
  const names = ordered(shown.flatMap(one => Object.keys(one.result.metrics)));
  return [
    h('h2', {}, 'Measurements'),
    wide('Measurements', h('table', {},
      h('thead', {}, h('tr', {}, h('td', {}), shown.map(one => h('th', { scope: 'col', class: 'measured' }, measuredOn(one), h('div', { class: 'quiet' }, time(one.createdAt)))))),
      h('tbody', {}, names.map(name => h('tr', {},
        h('th', { scope: 'row' }, h('abbr', { title: metricNames[name]?.[1] }, metricTitle(name))),
        shown.map(one => h('td', {}, metric(one.result.metrics, name)))))))),
    shown.flatMap(one => one.result.warnings ?? []).map(text => h('p', { class: 'notice' }, text)),
    items.length > shown.length ? h('p', { class: 'quiet' }, `The newest ${shown.length}; ${count(items.length - shown.length)} older.`) : null,
  ];
}

/** The figures of the newest measurement, as far as there are any. */
async function showFigures(root, model, { items, plots }, signal) {
  const [{ chart }, { scatter }] = await Promise.all([import('../chart.js'), import('../scatter.js')]);
  const has = name => plots.includes(`${name}.json`);
  const parts = [];
  if (has('pr')) parts.push(await curves('pr', chart({ title: 'Precision and recall', x: 'recall', y: 'precision', range: [0, 1], signal })));
  if (has('precision-at-n')) {
    parts.push(await curves('precision-at-n', chart({ title: 'Precision among the first N', x: 'N', y: 'precision', range: [0, 1], whole: true, signal })));
  }
  if (has('training')) {
    const { losses, validation } = await figure(model.name, 'training', signal);
    if (losses[0]?.x.length) parts.push(drawn(chart({ title: 'Loss', x: 'epoch', y: 'loss', whole: true, signal }), losses));
    if (validation[0]?.x.length) {
      parts.push(drawn(chart({ title: 'mAP on validation pictures', x: 'epoch', y: 'mAP', range: [0, 1], whole: true, signal }), validation));
    }
  }
  const map = has('tsne') ? await figure(model.name, 'tsne', signal) : null;
  if (signal.aborted || !(parts.length || map)) return;
  const collection = items[0]?.result.collection ?? model.lineage?.request?.source?.collection;
  const top10 = plots.includes('top10.png') ? h('img', { class: 'top10', alt: 'Eight pictures, each above the ten that were found first; wrong ones are marked', loading: 'lazy' }) : null;
  if (top10) showPicture(top10, path('models', model.name, 'plots', 'top10.png')).catch(() => top10.remove());
  fill(root,
    h('h2', {}, 'Figures', h('span', { class: 'quiet' }, items[0] ? measuredOn(items[0]) : '')),
    h('div', { class: 'charts' }, parts),
    map ? [
      h('h2', {}, 'Map of the codes', h('span', { class: 'quiet' }, 't-SNE: pictures with similar codes lie together')),
      scatter({ points: map.points, name: `Codes by ${model.name}`, signal, ...pointPictures(collection, signal) }),
    ] : null,
    top10 ? [h('h2', {}, 'Found first'), wide('Found first', top10)] : null);

  async function curves(name, one) {
    const [own, ...others] = (await figure(model.name, name, signal)).curves;
    return drawn(one, [{ ...own, name: model.name }, ...others]);
  }
}

function drawn(one, curves) {
  one.update(curves);
  return one.element;
}

async function retrain(model) {
  const labels = model.lineage.request.needsLabels ? ' with the labels of today' : '';
  if (!await ask(`Retrain ${model.name}?`, `The same training is run again on ${sourceWords({ request: model.lineage.request })}${labels}, starting from ${model.name}. `
    + 'It makes a new model; this one stays, and searches go on as they are.', 'Retrain', { danger: false })) return;
  const job = await send('POST', path('models', model.name, 'retrain'), { json: {} });
  say(`Training of ${job.request.name} has begun, as job ${job.id}.`);
  go('models', { tab: 'train', job: job.id });
}

async function download(name, part = 'head') {
  const response = await sendRaw('GET', path('models', name, 'file'), { query: { part } });
  const url = URL.createObjectURL(await response.blob());
  const file = `${name}.${part}.safetensors`;
  h('a', { href: url, download: file }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
  say(`${file} was downloaded.`);
}

async function remove(model) {
  const users = model.collections.length ? ` ${model.collections.join(', ')} ${model.collections.length === 1 ? 'is' : 'are'} answered by it, so it will stay until that has changed.` : '';
  if (!await ask(`Delete ${model.name}?`, `The model goes, with its figures and measurements. It cannot be brought back, only trained or imported again: download it first if you may want it.${users}`, 'Delete')) return;
  await send('DELETE', path('models', model.name));
  say(`The model ${model.name} was deleted.`);
  go('models', {});
}
