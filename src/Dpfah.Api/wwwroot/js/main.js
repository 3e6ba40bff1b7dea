import { get } from './api.js';
import { h, fill, sayError } from './dom.js';
import { here, link } from './router.js';
import { showSession } from './session.js';
import * as search from './views/search.js';

/** A view has a title and `show(root, params, signal)`, which fills an element; the signal ends with the view. */
const views = {
  search: async () => search,
  catalogue: () => import('./views/catalogue.js'),
  models: () => import('./views/models.js'),
  health: () => import('./views/health.js'),
  duplicates: () => import('./views/duplicates.js'),
  jobs: () => import('./views/jobs.js'),
};

const main = document.getElementById('main');
const choice = document.getElementById('collection');
let leaving = new AbortController();
let shown = null;

/** Where the page was scrolled to is kept with each entry of the history: a new one begins at its top. */
history.scrollRestoration = 'manual';
let scrolling;
const keepScroll = () => history.replaceState({ ...history.state, scrolled: window.scrollY }, '');
window.addEventListener('scroll', () => {
  clearTimeout(scrolling);
  scrolling = setTimeout(keepScroll, 100);
}, { passive: true });
document.addEventListener('click', keepScroll, { capture: true });

async function show() {
  leaving.abort();
  clearTimeout(scrolling);
  const { hash } = location;
  const scrolled = history.state?.scrolled ?? 0;
  leaving = new AbortController();
  const { signal } = leaving;
  const { view, params } = here();
  for (const a of document.querySelectorAll('#nav a')) {
    a.href = link(a.dataset.view);
    if (a.dataset.view === view) {
      a.setAttribute('aria-current', 'page');
      a.scrollIntoView({ block: 'nearest', inline: 'nearest' }); // On a phone the bar is wider than the screen.
    } else {
      a.removeAttribute('aria-current');
    }
  }
  main.setAttribute('aria-busy', 'true');
  const again = shown === view;
  const focused = main.contains(document.activeElement) && document.activeElement.name;
  shown = view;
  try {
    if (!views[view]) throw new Error(`There is no page '${view}' here.`);
    const module = await views[view]();
    const collections = await listCollections(params.get('collection'), signal);
    if (signal.aborted) return;
    document.title = `${module.title} – Dpfah`;
    const collection = params.get('collection') ?? (collections.includes('default') || !collections.length ? 'default' : collections[0]);
    await module.show(main, { params, collection, signal, again });
    if (!signal.aborted) window.scrollTo(0, location.hash === hash ? scrolled : 0); // A view may go on to another address by itself.
  } catch (error) {
    if (error.name === 'AbortError' || signal.aborted) return;
    fill(main, h('h1', {}, 'That did not work'), h('p', { class: 'notice bad', role: 'alert' }, error.message),
      h('p', {}, h('a', { href: location.hash, on: { click: event => { event.preventDefault(); show(); } } }, 'Try again')));
    console.error(error);
  } finally {
    if (!signal.aborted) {
      main.setAttribute('aria-busy', 'false');
      if (!again && document.activeElement?.tagName !== 'INPUT') main.focus({ preventScroll: true });
      // What had the focus may be gone with the view that it was in: what was used and has been made anew is used on.
      if (again && document.activeElement === document.body) (focused && main.querySelector(`[name="${CSS.escape(focused)}"]`) || main).focus({ preventScroll: true });
    }
  }
}

let known = [];

/** Fills the choice of collections. It stays as it is when nothing has changed, so that it can be used meanwhile. */
async function listCollections(current, signal) {
  if (!known.length || document.visibilityState === 'visible') {
    const load = get('/collections', { limit: 500 }, signal).then(list => {
      const names = list.items.map(item => item.name);
      if (names.join('\n') !== known.join('\n') || !choice.options.length) fill(choice, names.map(name => h('option', { value: name }, name)));
      known = names;
    });
    if (!known.length) await load;
    else load.then(select).catch(() => {});
  }
  select();
  return known;

  function select() {
    const wanted = here().params.get('collection') ?? current ?? (known.includes('default') ? 'default' : known[0]);
    if (wanted && !known.includes(wanted)) choice.append(h('option', { value: wanted }, wanted));
    if (wanted) choice.value = wanted;
  }
}

choice.addEventListener('change', () => {
  // A query of another collection means nothing here: only the view and its tab stay.
  const { view, params } = here();
  location.hash = link(view, { collection: choice.value, tab: params.get('tab') });
});
// The address says what is shown: going to the content must not change it.
document.querySelector('.skip').addEventListener('click', event => {
  event.preventDefault();
  main.focus();
});
window.addEventListener('hashchange', show);
window.addEventListener('session-changed', () => showSession().catch(sayError));
window.addEventListener('collections-changed', () => listCollections(null).catch(sayError));
window.addEventListener('unhandledrejection', event => sayError(event.reason));

// A picture that is dropped or pasted anywhere is searched for, but where a view takes it itself.
for (const name of ['dragover', 'drop']) {
  window.addEventListener(name, event => {
    if (!event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    if (name === 'drop') search.searchFor(event.dataTransfer.files[0]);
  });
}
window.addEventListener('paste', event => {
  const file = [...event.clipboardData?.files ?? []].find(one => one.type.startsWith('image/'));
  if (file) search.searchFor(file);
});

showSession().catch(() => {}); // What is wrong is said where the view should be.
show();
