// A job beside what it works for: what it is doing, what it says, and a way to end it with the consequences said. All of a job: job.js.
import { ended, get, hasEnded, path, send } from './api.js';
import { h, fill, say, sayError, actionButton, ask, count } from './dom.js';

const endings = { succeeded: 'Done.', failed: 'It failed.', cancelled: 'It was cancelled.' };

/**
 * Shows a job and follows it to its end.
 * @param {object} job As the service describes it.
 * @param {{title: string|Node, cancel: string, signal: AbortSignal, metric?: (data: object) => void, done?: (job: object) => void}} options
 *   What it is called; what follows from cancelling it; who hears of measured values; who hears of its end.
 */
export function jobBox(job, { title, cancel, signal, metric, done }) {
  const bar = h('progress', { 'aria-label': 'Progress' });
  const stage = h('span', { role: 'status' });
  const numbers = h('span', { class: 'quiet' });
  const log = h('ul', { class: 'log', 'aria-label': 'What the job says' });
  const stop = actionButton('Cancel', async () => {
    if (!await ask(`Cancel job ${job.id}?`, cancel, 'Cancel the job')) return;
    await send('POST', path('jobs', job.id, 'cancel'));
    say(`Job ${job.id} is being cancelled.`);
  }, { 'aria-label': `Cancel job ${job.id}` });
  const foot = h('div', {});
  const element = h('section', { class: 'box job', 'aria-label': `Job ${job.id}` },
    h('div', { class: 'row' }, h('h2', {}, title), stop), bar, h('p', {}, stage, ' ', numbers), log, foot);
  tell(job);
  if (!hasEnded(job.state) || metric) {
    ended(job.id, hear, signal).then(last => {
      tell(last);
      done?.(last);
    }).catch(sayError);
  } else {
    done?.(job);
  }
  return element;

  function hear(kind, data) {
    if (kind === 'metric') metric?.(data);
    else if (kind === 'log') log.append(h('li', {}, data.message));
    else if (kind === 'progress') tell({ ...job, state: 'running', progress: data });
    else if (kind === 'state') tell({ ...job, ...data, progress: {} });
  }

  function tell({ state, progress, error }) {
    const over = hasEnded(state);
    stop.hidden = over;
    bar.hidden = over;
    const words = endings[state] ?? (state === 'queued' ? 'Waits for its turn.' : `${capital(progress.stage ?? 'starting')} …`);
    if (stage.textContent !== words) stage.textContent = words;
    numbers.textContent = over || !progress.total ? '' : `${count(progress.done)} of ${count(progress.total)}`;
    if (progress.total && !over) Object.assign(bar, { max: progress.total, value: progress.done });
    else bar.removeAttribute('value');
    fill(foot, error ? h('p', { class: 'notice bad', role: 'alert' }, error) : null);
  }
}

const capital = text => text.charAt(0).toUpperCase() + text.slice(1);

/** The jobs of a kind that wait or run. */
export async function openJobs(query, signal) {
  const [queued, running] = await Promise.all(['queued', 'running'].map(state => get('/jobs', { ...query, state, limit: 50 }, signal)));
  return [...running.items, ...queued.items];
}
