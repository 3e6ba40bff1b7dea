// The address says what is shown: #/search?collection=fashion&id=a1. Back, forward and shared links come by themselves.

/** The view and the parameters of the address. */
export function here() {
  const [view, query] = location.hash.replace(/^#\/?/, '').split('?', 2);
  return { view: view || 'search', params: new URLSearchParams(query ?? '') };
}

/**
 * The address of a view.
 * @param {string} view
 * @param {object} params Empty values are left out; arrays are repeated. The collection is kept where none is given.
 */
export function link(view, params = {}) {
  const query = new URLSearchParams();
  const collection = params.collection ?? here().params.get('collection');
  for (const [name, value] of Object.entries({ ...params, collection })) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== null && one !== '') query.append(name, one);
    }
  }
  const text = query.toString();
  return `#/${view}${text ? `?${text}` : ''}`;
}

/** Goes to a view. */
export function go(view, params, { replace = false } = {}) {
  const target = link(view, params);
  if (replace) {
    history.replaceState(null, '', target);
    window.dispatchEvent(new HashChangeEvent('hashchange'));
  } else {
    location.hash = target;
  }
}

/** Goes to the same view with some parameters changed. */
export function change(changes, options) {
  const { view, params } = here();
  const all = {};
  for (const name of new Set(params.keys())) all[name] = params.getAll(name);
  go(view, { ...all, ...changes }, options);
}
