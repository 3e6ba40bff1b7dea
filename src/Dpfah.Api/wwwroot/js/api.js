// The service's own public API, and nothing else.

const base = new URL('.', document.baseURI);
const keyName = 'dpfah-key';

/** The address of a path of the API. The page may lie under a prefix. */
export const address = path => new URL(path.replace(/^\//, ''), base);

/** What the service refused, in its words (RFC 9457). */
export class ApiError extends Error {
  constructor(status, problem) {
    super(problem?.detail ?? problem?.title ?? `The service answered ${status}.`);
    this.status = status;
    this.code = problem?.code;
    this.problem = problem;
  }
}

/** A path of ids and names, each escaped. */
export const path = (...parts) => '/' + parts.map(part => encodeURIComponent(part)).join('/');

/**
 * Sends a request.
 * @param {string} method
 * @param {string} target Path from the root of the service.
 * @param {{query?: object, json?: any, body?: BodyInit, headers?: object, signal?: AbortSignal}} [options]
 *   Empty values of the query are left out; arrays are repeated.
 * @returns {Promise<any>} The answer's JSON, or null when it has none.
 */
export async function send(method, target, options = {}) {
  const response = await sendRaw(method, target, options);
  const type = response.headers.get('Content-Type') ?? '';
  return response.status === 204 || !type.includes('json') ? null : response.json();
}

/** Sends a request and returns the response, which is a good one. */
export async function sendRaw(method, target, { query, json, body, headers, signal } = {}) {
  const url = address(target);
  for (const [name, value] of Object.entries(query ?? {})) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== null && one !== '') url.searchParams.append(name, one);
    }
  }
  const init = { method, signal, headers: { ...keyHeader(), ...headers } };
  if (json !== undefined) {
    init.body = JSON.stringify(json);
    init.headers['Content-Type'] = 'application/json';
  } else if (body !== undefined) {
    init.body = body;
  }
  let response;
  try {
    response = await fetch(url, init);
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new ApiError(0, { detail: 'The service does not answer. It may be stopped, or the network is down; what you see is from before.' });
  }
  if (response.ok) return response;
  if (response.status === 401 && await askForKey()) return sendRaw(method, target, { query, json, body, headers, signal });
  throw new ApiError(response.status, await response.json().catch(() => null));
}

export const get = (target, query, signal) => send('GET', target, { query, signal });

/** All items of a list that comes in pages, up to a limit. */
export async function all(target, query, signal, most = 2000) {
  const items = [];
  let cursor;
  do {
    const page = await get(target, { ...query, cursor }, signal);
    items.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor && items.length < most);
  return items;
}

/**
 * Shows a picture of the service in an <img>. With a key it is fetched, since an <img> sends none.
 * @param {HTMLImageElement} image
 * @param {string} target Its path.
 */
export async function showPicture(image, target) {
  if (!sessionStorage.getItem(keyName)) {
    image.src = address(target);
    return;
  }
  const response = await sendRaw('GET', target);
  const url = URL.createObjectURL(await response.blob());
  image.addEventListener('load', () => URL.revokeObjectURL(url), { once: true });
  image.src = url;
}

/**
 * Follows a job by its server-sent events until it has ended.
 * @param {number} id
 * @param {(kind: string, data: any) => void} hear Called for each state, progress, metric and log.
 * @param {AbortSignal} signal Stops following; the job goes on.
 */
export async function follow(id, hear, signal) {
  let last = '';
  while (!signal.aborted) {
    try {
      const response = await sendRaw('GET', path('jobs', id, 'events'), { headers: last ? { 'Last-Event-ID': last } : {}, signal });
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      let text = '';
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        const blocks = (text + value).split('\n\n');
        text = blocks.pop();
        for (const block of blocks) {
          const event = Object.fromEntries(block.split('\n').filter(line => !line.startsWith(':')).map(line => line.split(/: (.*)/s, 2)));
          if (!event.data) continue;
          last = event.id;
          hear(event.event, JSON.parse(event.data));
        }
      }
    } catch (error) {
      if (error.name === 'AbortError' || error.status >= 400) throw error;
      await new Promise(resolve => setTimeout(resolve, 1000)); // The service restarts: it goes on with the event after the last.
    }
  }
}

/** Waits for the end of a job. */
export async function ended(id, hear, signal) {
  await follow(id, hear ?? (() => {}), signal ?? new AbortController().signal);
  return get(path('jobs', id));
}

const keyHeader = () => {
  const key = sessionStorage.getItem(keyName);
  return key ? { Authorization: `Bearer ${key}` } : {};
};

let asking = null;

/** Asks for a key once, however many requests want one. */
function askForKey() {
  asking ??= new Promise(resolve => {
    const dialog = document.createElement('dialog');
    dialog.setAttribute('aria-label', 'Key');
    const form = document.createElement('form');
    form.method = 'dialog';
    const label = document.createElement('label');
    label.textContent = sessionStorage.getItem(keyName) ? 'That key is not valid. The service wants a key:' : 'The service wants a key:';
    const input = document.createElement('input');
    input.type = 'password';
    input.autocomplete = 'off';
    input.required = true;
    const button = document.createElement('button');
    button.textContent = 'Sign in';
    label.append(input);
    form.append(label, button);
    dialog.append(form);
    dialog.addEventListener('close', () => {
      dialog.remove();
      asking = null;
      if (input.value) sessionStorage.setItem(keyName, input.value);
      resolve(Boolean(input.value));
    });
    document.body.append(dialog);
    dialog.showModal();
  });
  return asking;
}
