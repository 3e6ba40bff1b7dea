// One model: what it is, what it was measured to be, its figures, and what can be done with it.
import { get, path, send, sendRaw, showPicture } from '../api.js';
import { h, fill, say, sayError, actionButton, ask, time, plural, count } from '../dom.js';
import { go, link } from '../router.js';
import { figure, headline, metric, metricNames, metricTitle, ordered, pointPictures, wide } from '../figures.js';
import { jobBox, openJobs } from '../job.js';
import { partName } from '../methods.js';
import { useButton } from '../use.js';
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
      model.collections.includes(collection) ? null : useButton(name, collection),
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
    ['In use by', model.collections.length ? model.collections.map(one => h('span', { class: 'label' }, one)) : 'no collection'],
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
  const table = (title, rows) => wide(title, h('table', {},
    h('thead', {}, h('tr', {}, h('td', {}), shown.map(one => h('th', { scope: 'col', class: 'measured' }, measuredOn(one), h('div', { class: 'quiet' }, time(one.createdAt)))))),
    h('tbody', {}, rows.map(name => h('tr', {},
      h('th', { scope: 'row' }, h('abbr', { title: metricNames[name]?.[1] }, metricTitle(name)), headline.includes(name) ? h('div', { class: 'quiet' }, metricNames[name][1]) : null),
      shown.map(one => h('td', {}, metric(one.result.metrics, name))))))));
  const others = names.filter(name => !headline.includes(name));
  return [
    h('h2', {}, 'Measurements'),
    table('Measurements', headline.filter(name => names.includes(name))),
    others.length ? h('details', {}, h('summary', {}, 'More figures'), table('More figures', others)) : null,
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
    if (losses[0]?.x.length) parts.push(drawn(chart({ title: 'Loss', x: 'epoch', y: 'loss', whole: true, signal }), losses.map(one => ({ ...one, name: one.name === 'loss' ? 'all of it' : partName(one.name) }))));
    if (validation[0]?.x.length) {
      parts.push(drawn(chart({ title: 'mAP on validation pictures', x: 'epoch', y: 'mAP', range: [0, 1], whole: true, signal }), validation));
    }
  }
  const map = has('tsne') ? await figure(model.name, 'tsne', signal) : null;
  if (signal.aborted || !(parts.length || map)) return;
  const collection = items[0]?.result.collection ?? model.lineage?.request?.source?.collection;
  const top10 = has('top10') ? await figure(model.name, 'top10', signal) : null;
  if (signal.aborted) return;
  fill(root,
    h('h2', {}, 'Figures', h('span', { class: 'quiet' }, items[0] ? measuredOn(items[0]) : '')),
    h('div', { class: 'charts' }, parts),
    map ? [
      h('h2', {}, 'Map of the codes', h('span', { class: 'quiet' }, 't-SNE: pictures with similar codes lie together')),
      scatter({ points: map.points, name: `Codes by ${model.name}`, signal, ...pointPictures(collection, signal) }),
    ] : null,
    top10 ? foundFirst(top10.columns, model, collection, signal) : null);

  async function curves(name, one) {
    const [own, ...others] = (await figure(model.name, name, signal)).curves;
    return drawn(one, [{ ...own, name: model.name }, ...others]);
  }
}

function drawn(one, curves) {
  one.update(curves);
  return one.element;
}

/** Some pictures, each with the ten that were found first. */
function foundFirst(columns, model, collection, signal) {
  const labels = model.classes.length;
  const about = `one picture each of ${labels > columns.length ? `${count(columns.length)} of ${plural(labels, 'label')}` : plural(columns.length, 'label')}, and the ten that were found first`;
  const title = [h('h2', {}, 'Found first', h('span', { class: 'quiet' }, about)), h('p', { class: 'quiet' }, 'Framed ones are wrong: they share no label.')];
  if (!collection) {
    const drawn = h('img', { class: 'top10', alt: `${about}; wrong ones are framed`, loading: 'lazy' });
    showPicture(drawn, path('models', model.name, 'plots', 'top10.png')).catch(() => drawn.remove());
    return [title, wide('Found first', drawn)];
  }
  const { picture } = pointPictures(collection, signal);
  const shown = (id, alt, isWrong) => {
    const image = h('img', { class: isWrong ? 'wrong-hit' : null, alt, title: id, loading: 'lazy', width: 56, height: 56 });
    picture(image, { id });
    return h('td', {}, image);
  };
  return [title, wide('Found first', h('table', { class: 'found-first' },
    h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, 'Label'), h('th', { scope: 'col' }, 'Picture'), h('th', { scope: 'col', colspan: 10 }, 'Found, the nearest first'))),
    h('tbody', {}, columns.map(({ query, labels: own, hits }) => h('tr', {},
      h('th', { scope: 'row' }, own.join(', ')),
      shown(query, query, false),
      hits.map(({ id, relevant, distance }) => shown(id, `${relevant ? 'right' : 'wrong'}, ${plural(distance, 'bit')} away`, !relevant)))))))];
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
  const users = model.collections.length ? ` Searches of ${model.collections.join(', ')} use it, so it will stay until that has changed.` : '';
  if (!await ask(`Delete ${model.name}?`, `The model goes, with its figures and measurements. It cannot be brought back, only trained or imported again: download it first if you may want it.${users}`, 'Delete')) return;
  await send('DELETE', path('models', model.name));
  say(`The model ${model.name} was deleted.`);
  go('models', {});
}
