// A job as it is seen: its state, how far it is, what it counts, and what it refused.
import { follow, get, hasEnded, lines, path, saveBy, send } from './api.js';
import { h, fill, ask, count, plural, time, actionButton, say, sayError } from './dom.js';
import { link } from './router.js';

const kinds = {
  import: ['Import', ' into '],
  training: ['Training', ' on '],
  evaluation: ['Evaluation', ' on '],
  generation: ['New codes', ' for '],
  duplicates: ['Search for duplicates', ' in '],
};

/** The kinds of jobs, and how the page calls them. */
export const kindNames = Object.entries(kinds).map(([kind, [name]]) => [kind, name]);

const rejectionsShown = 200;
const staysDone = 'What it has done stays done.';

/** What a job does, in words. */
export function jobTitle(job) {
  const [name, joint] = kinds[job.kind] ?? [job.kind, ' of '];
  return `${name}${job.collection ? joint + job.collection : ''}`;
}

/** What a job has counted, in words; empty for nothing. */
export function countWords({ kind, counts, request, result }) {
  const { accepted, indexed, unchanged, rejected } = counts;
  if (!accepted) return '';
  if (kind === 'duplicates') return `${plural(accepted, 'picture')} compared, ${count(indexed)} of them in groups`;
  const words = [`${count(accepted)} read`, `${count(indexed)} ${request?.dryRun ? 'would be indexed' : 'indexed'}`, `${count(unchanged)} unchanged`, `${count(rejected)} rejected`];
  if (result?.deleted) words.push(`${count(result.deleted)} ${request?.dryRun ? 'would be deleted' : 'deleted'}`);
  return words.join(', ');
}

/**
 * A box that shows a job.
 * @param {object} job As the service tells it.
 * @param {object} options
 * @param {AbortSignal} options.signal Ends the following; the job goes on.
 * @param {boolean} [options.live] Whether to follow it by its events until it has ended.
 * @param {boolean} [options.log] Whether its log is shown.
 * @param {string} [options.title] What it is called; a link with what it does where left out.
 * @param {string} [options.cancelled] What follows from cancelling it, which is then asked first.
 * @param {boolean} [options.details] Whether what was asked for and what came of it can be unfolded.
 * @param {(job: object) => void} [options.ended] Told once, when a job that was followed has ended.
 * @param {(progress: object) => {text: string, done?: number, total?: number}} [options.stageWords] How far it is, in words; with a bar where `total` is told.
 * @param {(message: string) => string} [options.logWords] A line of the log as it is shown.
 * @param {(kind: string, data: any) => void} [options.hear] Told each event.
 * @returns {{element: HTMLElement, job: object, update: (job: object) => void, follow: () => Promise<void>}}
 */
export function jobBox(job, { signal, live = false, log = false, title, cancelled, details = true, stageWords = stageAsTold, logWords = text => text, ended, hear } = {}) {
  const state = h('span', { class: 'state' });
  const stage = h('p', { class: 'stage', role: live ? 'status' : null });
  const bar = h('progress', { 'aria-label': `Progress of job ${job.id}` });
  const counts = h('p', { class: 'counts' });
  const error = h('p', { class: 'notice bad', role: live ? 'alert' : null, hidden: true });
  const when = h('p', { class: 'quiet' });
  const cancel = actionButton('Cancel', async () => {
    if (cancelled && !await ask(`Cancel job ${job.id}?`, cancelled, 'Cancel the job')) return;
    box.update(await send('POST', path('jobs', job.id, 'cancel')));
    say(hasEnded(box.job.state) ? `Job ${job.id} was cancelled.` : `Job ${job.id} ends within seconds.${cancelled ? '' : ` ${staysDone}`}`);
  }, { 'aria-label': `Cancel job ${job.id}`, title: cancelled ?? staysDone });
  const rejected = rejections(job.id, signal);
  const result = h('div', { hidden: true }, h('h3', {}, 'What came of it'), facts({}));
  const logged = log ? h('ol', { class: details ? 'job-log' : 'log', 'aria-label': 'Log' }) : null;
  const box = {
    job,
    element: h('article', { class: 'box job', 'aria-label': `Job ${job.id}` },
      h('div', { class: 'row' },
        title ? h('h2', {}, title) : h('h2', {}, h('a', { href: link('jobs', { id: job.id }) }, jobTitle(job)), h('span', { class: 'quiet' }, `job ${job.id}`)),
        state, cancel),
      bar, stage, counts, error, rejected.element, when,
      details ? h('details', {}, h('summary', {}, 'Details'),
        h('h3', {}, 'What was asked for'), facts(job.request), result) : null,
      log ? [details ? h('h3', {}, 'Log') : null, logged] : null),
    update,
    follow: followIt,
  };
  update(job);
  if ((log || hear) && hasEnded(job.state)) follow(job.id, tell, signal).catch(sayError); // Its events are told again from the first.
  else if (live && !hasEnded(job.state)) followIt();
  return box;

  function update(next) {
    box.job = next;
    const over = hasEnded(next.state);
    const { text, done, total } = stageWords(next.progress);
    state.textContent = next.cancelRequested && !over ? 'ending' : next.state;
    state.dataset.state = next.state;
    cancel.hidden = over || next.cancelRequested;
    bar.hidden = over;
    if (total) {
      bar.max = total;
      bar.value = done ?? 0;
    } else {
      bar.removeAttribute('value');
    }
    stage.hidden = over || !(next.progress.stage || next.state === 'queued');
    stage.textContent = next.state === 'queued' && !next.progress.stage
      ? 'Waiting for its turn.'
      : text;
    counts.textContent = countWords(next);
    counts.hidden = !counts.textContent;
    error.textContent = next.error ? (over ? next.error : `The last attempt failed and it is tried again: ${next.error}`) : '';
    error.hidden = !next.error;
    rejected.update(next.counts.rejected);
    fill(when, next.startedAt ? 'Started ' : 'Queued ', time(next.startedAt ?? next.createdAt), next.createdBy && next.createdBy !== 'local' ? ` by ${next.createdBy}` : '', took(next));
    result.hidden = !next.result;
    if (next.result) result.lastChild.replaceWith(facts(next.result));
  }

  async function followIt() {
    try {
      await follow(job.id, tell, signal);
      update(await get(path('jobs', job.id), {}, signal));
      ended?.(box.job);
    } catch (problem) {
      sayError(problem);
    }
  }

  function tell(kind, data) {
    hear?.(kind, data);
    if (logged) {
      const text = kind === 'log' ? logWords(data.message) : !details ? null : kind === 'state' ? stateWords(data) : kind === 'metric' ? metricWords(data) : null;
      if (text) logged.append(h('li', {}, text));
    }
    if (hasEnded(box.job.state)) return;
    if (kind === 'progress') update({ ...box.job, progress: data, counts: data.counts ?? box.job.counts });
    // The end is told by the job as it is then, with its times and its result.
    if (kind === 'state' && !hasEnded(data.state)) update({ ...box.job, state: data.state, error: data.error });
  }
}

/** The jobs of a kind that wait or run. */
export async function openJobs(query, signal) {
  const [queued, running] = await Promise.all(['queued', 'running'].map(state => get('/jobs', { ...query, state, limit: 50 }, signal)));
  return [...running.items, ...queued.items];
}

function stageAsTold({ stage, done, total }) {
  return { text: `${stage ?? ''}${total ? `: ${count(done ?? 0)} of ${count(total)}` : done ? `: ${count(done)}` : ''}`, done, total };
}

function took(job) {
  if (!job.startedAt || !job.finishedAt) return '';
  const seconds = Math.round((new Date(job.finishedAt) - new Date(job.startedAt)) / 1000);
  return seconds < 1 ? '; it took less than a second' : seconds < 120 ? `; it took ${seconds} s` : `; it took ${Math.round(seconds / 60)} min`;
}

/** What an object of the service holds, one fact a line; what is empty is left out. */
const facts = value => h('dl', { class: 'facts' }, [...flat(value, '')].map(([name, text]) => [h('dt', {}, name), h('dd', {}, text)]));

function* flat(value, name) {
  if (value === undefined || value === null || value.length === 0) return;
  if (Array.isArray(value)) yield [name, value.some(one => one !== null && typeof one === 'object') ? h('code', {}, JSON.stringify(value)) : value.join(', ')];
  else if (typeof value === 'object') for (const [key, inner] of Object.entries(value)) yield* flat(inner, `${name} ${inWords(key)}`.trim());
  else yield [name, typeof value === 'boolean' ? (value ? 'yes' : 'no') : typeof value === 'number' && !Number.isInteger(value) ? String(Number(value.toPrecision(6))) : String(value)];
}

/** "batchSize" as "batch size". */
const inWords = name => name.replace(/([a-z0-9])([A-Z])/g, (_, before, after) => `${before} ${after.toLowerCase()}`);

const stateWords = ({ state, attempt, error }) => `${state}${attempt > 1 ? `, attempt ${attempt}` : ''}${error ? `: ${error}` : ''}`;

const metricWords = data => Object.entries(data)
  .filter(([, value]) => ['number', 'string'].includes(typeof value))
  .map(([name, value]) => `${name} ${typeof value === 'number' && !Number.isInteger(value) ? value.toPrecision(4) : value}`).join(', ');

/** What a job refused, read when somebody wants to see it. */
function rejections(id, signal) {
  const summary = h('summary');
  const list = h('ul', { class: 'rejections' });
  const element = h('details', { hidden: true, on: { toggle: read } }, summary, list);
  let total = 0;
  let seen = -1;
  return {
    element,
    update(value) {
      total = value;
      element.hidden = !total;
      summary.textContent = `${plural(total, 'item')} rejected`;
      if (element.open) read();
    },
  };

  async function read() {
    if (!element.open || seen === total) return;
    seen = total;
    try {
      const target = path('jobs', id, 'errors');
      const { items, more } = await lines(target, rejectionsShown, signal);
      fill(list,
        items.map(one => h('li', {}, h('span', { class: 'id' }, one.item), ' ', one.reason)),
        more ? h('li', {}, `These are the first ${rejectionsShown}. `, saveBy(h('a', {}, 'Save all of them'), target, `job-${id}-rejected.ndjson`)) : null);
    } catch (problem) {
      seen = -1;
      sayError(problem);
    }
  }
}
