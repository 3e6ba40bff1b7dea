// Near duplicates: groups side by side; one is kept, others are deleted, or two are marked as different after all.
import { all, get, inParallel, path, patiently, saveBy, send } from '../api.js';
import { h, fill, count, plural, time, actionButton, ask, say, empty } from '../dom.js';
import { change, link } from '../router.js';
import { card } from '../card.js';
import { jobBox } from '../job.js';

export const title = 'Duplicates';

/** A phone shows few at once: what is below is still reached. */
const isNarrow = matchMedia('(max-width: 760px)').matches;
const groupsAtOnce = isNarrow ? 5 : 10;
const membersAtOnce = isNarrow ? 4 : 8;
const requestsAtOnce = 4;

/** Pictures of a group from which on it is said that they are hardly duplicates. */
const manyInGroup = 50;

export async function show(root, { params, collection, signal }) {
  const [{ generation }, done, ...going] = await Promise.all([
    get(path('collections', collection), {}, signal),
    params.get('job') ? get(path('jobs', params.get('job')), {}, signal).then(job => [job]) : jobs('succeeded'),
    jobs('running'), jobs('queued'),
  ]);
  if (signal.aborted) return;
  const running = going.flat();
  const most = Math.min(Math.floor(generation.bits / 4), 32);
  const distance = h('input', { type: 'number', name: 'distance', min: 0, max: most, required: true, inputmode: 'numeric', value: 0 });
  const activity = h('div');
  const groups = h('div');
  const marks = markList(collection, signal);
  fill(root,
    h('h1', {}, 'Near duplicates'),
    h('form', {
      class: 'filters', 'aria-label': 'Search for near duplicates',
      on: {
        submit: async event => {
          event.preventDefault();
          try {
            watch(await send('POST', path('collections', collection, 'duplicates'), { json: { distance: Number(distance.value) } }));
          } catch (error) {
            say(error.message, 'bad');
          }
        },
      },
    },
      h('label', {}, 'At most ', distance, ' bits apart'),
      h('button', { class: 'primary' }, 'Find duplicates')),
    h('p', { class: 'summary' }, `Of ${generation.bits} bits. 0 finds equal codes; more finds looser likeness, and joins chains of pictures into one group.`),
    activity, groups, marks.element);
  running.forEach(watch);
  if (done.length) await showGroups(groups, { collection, job: done[0], generation, marks, signal });
  else if (!running.length) fill(groups, empty('Nobody has searched this collection for near duplicates yet.'));

  function jobs(state) {
    return get('/jobs', { kind: 'duplicates', collection, state, limit: state === 'succeeded' ? 1 : 5 }, signal).then(list => list.items);
  }

  function watch(job) {
    if (!running.length) groups.querySelector('.empty')?.remove();
    const box = jobBox(job, {
      signal,
      live: true,
      ended(over) {
        if (over.state !== 'succeeded') return;
        box.element.remove();
        say(over.result.groups
          ? `${plural(over.result.groups, 'group')} with ${plural(over.result.inGroups, 'picture')} of ${count(over.result.pictures)}, at most ${plural(over.result.distance, 'bit')} apart.`
          : `No two of the ${plural(over.result.pictures, 'picture')} are at most ${plural(over.result.distance, 'bit')} apart.`);
        if (params.get('job')) change({ job: null });
        else showGroups(groups, { collection, job: over, generation, marks, signal }).catch(error => say(error.message, 'bad'));
      },
    });
    activity.prepend(box.element);
  }
}

async function showGroups(root, { collection, job, generation, marks, signal }) {
  const target = path('collections', collection, 'duplicates', job.id);
  const list = h('div', { 'aria-busy': 'true' });
  const more = h('p', { class: 'more' });
  await marks.load();
  let shown = 0;
  const first = await get(target, { limit: groupsAtOnce }, signal);
  if (signal.aborted) return;
  fill(root,
    h('div', { class: 'row section' },
      h('h2', {}, plural(first.groups, 'group')),
      first.groups ? saveBy(h('a', { class: 'button' }, 'Export'), `${target}/export`, `${collection}-duplicates-${job.id}.ndjson`) : null),
    h('p', { class: 'quiet' }, `${count(first.inGroups)} of ${plural(first.comparedPictures, 'picture')}, at most ${plural(first.distance, 'bit')} apart, found `, time(job.finishedAt), ' by ', h('a', { href: link('jobs', { id: job.id }) }, `job ${job.id}`)),
    job.result.generation === generation.id ? null : h('p', { class: 'notice' }, `These were found by codes of ${job.result.model}. Searches use ${generation.model} now: find them again.`),
    first.items[0]?.pictures > manyInGroup ? h('p', { class: 'notice' }, `Such large groups are hardly duplicates: a network that was trained on classes gives near codes to all of a class. Try ${first.distance ? 'a smaller distance, or ' : ''}a collection whose model knows no classes.`) : null,
    list, more);
  add(first);

  function add(page) {
    shown += page.items.length;
    list.append(...page.items.map(group => groupSection(collection, target, group, marks, signal)));
    list.setAttribute('aria-busy', 'false');
    fill(more,
      page.nextCursor ? actionButton('Show more', async () => add(await get(target, { limit: groupsAtOnce, cursor: page.nextCursor }, signal))) : null,
      shown || page.nextCursor ? null : empty(first.groups ? 'Nothing is left of these groups: all was tidied up.' : 'There are no near duplicates at this distance.'));
  }
}

function groupSection(collection, target, group, marks, signal) {
  let left = group.pictures;
  const isLarge = group.pictures > manyInGroup;
  const heading = h('h3');
  const grid = h('div', { class: 'grid' });
  const more = h('p', { class: 'more' });
  const section = h('section', { class: 'box group', 'aria-label': `Group ${group.group}` }, heading, grid, more);
  const waiting = [...group.members];
  let cursor = null;
  let isAll = group.members.length === group.pictures;
  showSome(membersAtOnce);
  tell();
  return section;

  function tell() {
    heading.textContent = left > 1 ? `Group ${group.group}: ${plural(left, 'picture')}` : `Group ${group.group}: one picture is left`;
    // Nothing can be done with one that is alone.
    if (left < 2) for (const button of grid.querySelectorAll('.card button')) button.disabled = true;
  }

  async function showSome(size) {
    grid.append(...waiting.splice(0, size).map(member));
    fill(more, waiting.length || !isAll ? actionButton(`Show ${count(Math.min(48, left - grid.children.length))} more of ${count(left)}`, async () => {
      if (!waiting.length) await readMore();
      await showSome(48);
    }) : null);
  }

  /** Reads the members that came with none: the first of them come with their group. */
  async function readMore() {
    const there = new Set([...cards().map(element => element.dataset.id), ...waiting.map(one => one.id)]);
    const page = await get(`${target}/groups/${group.group}`, { limit: 500, cursor }, signal);
    cursor = page.nextCursor;
    isAll = !cursor;
    waiting.push(...page.items.filter(one => !there.has(one.id)));
  }

  async function everybody() {
    while (!isAll) await readMore();
    return [...cards().map(element => element.dataset.id), ...waiting.map(one => one.id)];
  }

  function cards() {
    return [...grid.children];
  }

  function member(one) {
    const note = h('p', { class: 'quiet marked' }, 'Marked as no duplicate: the next search leaves it out.');
    const tellMarked = () => { note.hidden = !group.members.every(other => other.id === one.id || marks.has(one.id, other.id)); };
    marks.element.addEventListener('loaded', tellMarked);
    tellMarked();
    const element = card(one, link('search', { collection, id: one.id }), {
      name: `Search with ${one.id}`,
      extra: [
        h('p', { class: 'quiet distance' }, h('span', { class: 'id' }, one.id), one.distance ? ` ${plural(one.distance, 'bit')} from the first` : ''),
        note,
        h('div', { class: 'actions' },
          isLarge ? null : actionButton('Keep only this', () => keep(one), { 'aria-label': `Keep only this: ${one.id}` }),
          actionButton('Delete', () => remove(one, element), { class: 'danger', 'aria-label': `Delete ${one.id}` }),
          actionButton('Not a duplicate', () => differ(one), { 'aria-label': `Not a duplicate: ${one.id}`, title: 'Keeps it out of this group in later searches' })),
      ],
    });
    element.dataset.id = one.id;
    return element;
  }

  async function keep(one) {
    const others = (await everybody()).filter(id => id !== one.id);
    if (!await ask(`Keep only ${one.id}?`, `The other ${others.length === 1 ? 'picture' : plural(others.length, 'picture')} of the group ${others.length === 1 ? 'is' : 'are'} deleted from ${collection}: ${shortList(others)}. They cannot be brought back, only added again.`, `Delete ${plural(others.length, 'picture')}`)) return;
    const failed = [];
    await inParallel(others, requestsAtOnce, async id => {
      try {
        await deletePicture(collection, id);
        gone(id);
      } catch (error) {
        failed.push(`${id}: ${error.message}`);
      }
    });
    const text = `${plural(others.length - failed.length, 'picture')} ${others.length - failed.length === 1 ? 'was' : 'were'} deleted; ${one.id} stays.`;
    say(failed.length ? `${text} ${plural(failed.length, 'picture')} could not be deleted. ${failed[0]}` : text, failed.length ? 'bad' : 'good');
    if (!failed.length) leave();
    tell();
  }

  async function remove(one) {
    if (!await ask('Delete this picture?', `${one.id} is deleted from ${collection} with all its codes. It cannot be brought back, only added again.`, 'Delete')) return;
    await deletePicture(collection, one.id);
    gone(one.id);
    say(`${one.id} was deleted.`);
    tell();
  }

  /** In a group of more than two it is marked against each of the others: against one alone it would come back by another. */
  async function differ(one) {
    const others = (await everybody()).filter(id => id !== one.id);
    if (others.length > 1 && !await ask(`Is ${one.id} like none of these?`, `It is marked as no duplicate of the other ${count(others.length)} of the group. The marks outlive new codes, and can be taken back below.`, 'Mark it', { danger: false })) return;
    await inParallel(others, requestsAtOnce, id => patiently(() => send('POST', path('collections', collection, 'not-duplicates'), { json: { first: one.id, second: id } }), signal));
    await marks.load();
    say(others.length === 1
      ? `${one.id} and ${others[0]} are marked as no duplicates: they are in no group together from the next search on.`
      : `${one.id} is marked as no duplicate of the other ${count(others.length)}: the next search leaves it out of this group.`);
  }

  function gone(id) {
    left--;
    const at = waiting.findIndex(one => one.id === id);
    if (at >= 0) waiting.splice(at, 1);
    cards().find(element => element.dataset.id === id)?.remove();
  }

  function leave() {
    const next = section.nextElementSibling ?? section.previousElementSibling;
    section.remove();
    next?.querySelector('a')?.focus();
  }
}

const pairKey = (a, b) => JSON.stringify([a, b].sort());

const shortList = ids => ids.length <= 4 ? ids.join(', ') : `${ids.slice(0, 3).join(', ')} and ${count(ids.length - 3)} others`;

async function deletePicture(collection, id) {
  await patiently(() => send('DELETE', path('collections', collection, 'images', id))).catch(error => {
    if (error.status !== 404) throw error; // Somebody else was faster: it is gone.
  });
}

/** The pairs that are marked as no duplicates. */
function markList(collection, signal) {
  const summary = h('summary', {}, 'Marked as no duplicates');
  const list = h('ul', { class: 'marks' });
  const element = h('details', { class: 'box', hidden: true }, summary, list);
  const most = 500;
  let known = new Set();
  return { element, load, has: (a, b) => known.has(pairKey(a, b)) };

  async function load() {
    const pairs = await all(path('collections', collection, 'not-duplicates'), { limit: most }, signal, most);
    element.hidden = !pairs.length;
    summary.textContent = `${pairs.length >= most ? `The first ${most} pairs` : plural(pairs.length, 'pair')} marked as no duplicates`;
    fill(list, pairs.map(({ first, second, createdAt, createdBy }) => h('li', {},
      h('a', { href: link('search', { collection, id: first }), class: 'id' }, first), ' and ',
      h('a', { href: link('search', { collection, id: second }), class: 'id' }, second),
      h('span', { class: 'quiet' }, ' ', time(createdAt), createdBy && createdBy !== 'local' ? ` by ${createdBy}` : ''), ' ',
      actionButton('Undo', async () => {
        await send('DELETE', path('collections', collection, 'not-duplicates'), { query: { first, second } });
        say(`${first} and ${second} may be shown as duplicates again, from the next search on.`);
        await load();
      }, { 'aria-label': `Undo: ${first} and ${second}` }))));
    known = new Set(pairs.map(({ first, second }) => pairKey(first, second)));
    element.dispatchEvent(new Event('loaded'));
  }
}
