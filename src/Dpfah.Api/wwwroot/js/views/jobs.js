// Jobs: the newest first, live.
import { get, hasEnded, path } from '../api.js';
import { h, fill, every, actionButton, sayError, empty } from '../dom.js';
import { change, link } from '../router.js';
import { jobBox, kindNames } from '../job.js';

export const title = 'Jobs';

const pageSize = 20;
const lookMs = 2500;

/** A browser opens few connections to one service: not all jobs that run can be followed by events. */
const followedAtOnce = 2;

export function show(root, { params, signal }) {
  return params.get('id') ? showOne(root, params.get('id'), signal) : showList(root, params, signal);
}

async function showOne(root, id, signal) {
  const job = await get(path('jobs', id), {}, signal);
  if (signal.aborted) return;
  fill(root,
    h('h1', {}, `Job ${id}`),
    h('p', {}, h('a', { href: link('jobs', {}) }, 'All jobs')),
    jobBox(job, { signal, live: true, log: true }).element);
}

async function showList(root, params, signal) {
  const filter = { kind: params.get('kind'), state: params.get('state') };
  const list = h('div', { class: 'jobs' });
  const more = h('p', { class: 'more' });
  const boxes = new Map();
  let followed = 0;
  const choice = (name, text, options) => h('label', {}, `${text} `, h('select', { name, on: { change: event => change({ [name]: event.target.value }) } },
    h('option', { value: '' }, 'all'),
    options.map(([value, words]) => h('option', { value, selected: filter[name] === value }, words))));
  fill(root,
    h('h1', {}, 'Jobs'),
    h('div', { class: 'filters', role: 'group', 'aria-label': 'Filter' },
      choice('kind', 'Kind', kindNames),
      choice('state', 'State', ['queued', 'running', 'succeeded', 'failed', 'cancelled'].map(state => [state, state]))),
    list, more);
  const first = await page();
  if (signal.aborted) return;
  first.items.forEach(job => place(job, false));
  showMore(first.nextCursor);
  every(lookMs, look, signal);

  function page(cursor) {
    return get('/jobs', { ...filter, limit: pageSize, cursor }, signal);
  }

  function place(job, atTop) {
    const known = boxes.get(job.id);
    if (known) {
      if (!known.isFollowed) known.update(job);
    } else {
      const box = jobBox(job, { signal, ended: () => { followed--; box.isFollowed = false; } });
      boxes.set(job.id, box);
      if (atTop) list.prepend(box.element);
      else list.append(box.element);
    }
    const box = boxes.get(job.id);
    if (job.state === 'running' && !box.isFollowed && followed < followedAtOnce) {
      followed++;
      box.isFollowed = true;
      box.follow();
    }
    list.querySelector('.empty')?.remove();
  }

  /** New jobs, and how those are that are not followed by events. */
  async function look() {
    try {
      const { items } = await page();
      if (signal.aborted) return;
      for (const job of items.reverse()) place(job, true);
      const seen = new Set(items.map(job => job.id));
      for (const box of boxes.values()) {
        // It no longer meets the filter, or newer ones have pushed it off the first page.
        if (!seen.has(box.job.id) && !hasEnded(box.job.state) && !box.isFollowed) box.update(await get(path('jobs', box.job.id), {}, signal));
      }
    } catch (error) {
      // The service may be starting anew: what is shown is from before, and it is looked at again.
      if (error.status !== 0 && error.status !== 503) sayError(error);
    }
  }

  function showMore(cursor) {
    if (!boxes.size) fill(list, empty(filter.kind || filter.state ? 'No job meets the filter.' : 'Nothing was asked for yet: imports, trainings and searches for duplicates are jobs.'));
    fill(more, cursor ? actionButton('Show more', async () => {
      const next = await page(cursor);
      next.items.forEach(job => place(job, false));
      showMore(next.nextCursor);
    }) : null);
  }
}
