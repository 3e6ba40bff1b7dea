// The service's own public API, and nothing else.

const base = new URL('.', document.baseURI);

/** The address of a path of the API. The page may lie under a prefix, which paths that the service tells begin with. */
export const address = path => new URL(path.startsWith(base.pathname) ? path : path.replace(/^\//, ''), base);

/** What the service refused, in its words (RFC 9457). */
export class ApiError extends Error {
  constructor(status, problem, retryAfter) {
    super(problem?.detail ?? problem?.title ?? `The service answered ${status}.`);
    this.status = status;
    this.code = problem?.code;
    this.problem = problem;
    /** Seconds after which the service wants to be asked again; null when it does not say. */
    this.retryAfter = Number.parseFloat(retryAfter) || null;
  }
}

/** A path of ids and names, each escaped. */
export function path(...parts) {
  for (const part of parts) {
    // Browsers take these out of a path, escaped or not: what is meant for a picture would reach its collection.
    if (part === '.' || part === '..') throw new Error(`A browser cannot name '${part}' in an address. Change it by another client of the API.`);
  }
  return '/' + parts.map(part => encodeURIComponent(part)).join('/');
}

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
  const init = { method, signal, headers: { ...headers } };
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
  throw new ApiError(response.status, await response.json().catch(() => null), response.headers.get('Retry-After'));
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
 * Sends again what the service was too busy for, when it says.
 * @param {() => Promise<any>} request
 * @param {AbortSignal} [signal]
 * @param {number} [most] Seconds to wait in all before it is given up.
 */
export async function patiently(request, signal, most = 120) {
  for (let waited = 0; ;) {
    try {
      return await request();
    } catch (error) {
      if (![429, 503].includes(error.status) || waited >= most) throw error;
      const seconds = Math.min(error.retryAfter ?? 2, 30);
      waited += seconds;
      await pause(seconds * 1000, signal);
    }
  }
}

/** Waits; throws an AbortError when the signal comes meanwhile. */
export const pause = (milliseconds, signal) => new Promise((resolve, reject) => {
  const stop = () => reject(new DOMException('Stopped.', 'AbortError'));
  if (signal?.aborted) return stop();
  const timer = setTimeout(() => {
    signal?.removeEventListener('abort', stop);
    resolve();
  }, milliseconds);
  signal?.addEventListener('abort', () => {
    clearTimeout(timer);
    stop();
  }, { once: true });
});

/** Does something for each item, a few at a time, in order. */
export async function inParallel(items, most, work) {
  const rest = items.values();
  await Promise.all(Array.from({ length: most }, async () => {
    for (const item of rest) await work(item);
  }));
}

/**
 * Sends a file, and tells how much of it has gone, which fetch() cannot.
 * @param {string} target
 * @param {Blob} file
 * @param {{query?: object, type?: string, progress?: (sent: number, total: number) => void, signal?: AbortSignal}} [options]
 */
export async function upload(target, file, { query, type, progress, signal } = {}) {
  const url = address(target);
  for (const [name, value] of Object.entries(query ?? {})) if (value) url.searchParams.append(name, value);
  const request = new XMLHttpRequest();
  const answer = new Promise((resolve, reject) => {
    request.addEventListener('load', resolve);
    request.addEventListener('abort', () => reject(new DOMException('Stopped.', 'AbortError')));
    request.addEventListener('error', () => reject(new ApiError(0, {
      detail: 'The upload was cut off: the service ended it or does not answer, or the file has changed since it was chosen.',
    })));
  });
  request.upload.addEventListener('progress', event => progress?.(event.loaded, event.total));
  signal?.addEventListener('abort', () => request.abort(), { once: true });
  request.open('POST', url);
  if (type) request.setRequestHeader('Content-Type', type);
  request.send(file);
  await answer;
  let body = null;
  try {
    body = JSON.parse(request.responseText);
  } catch {
    // An answer from something between, which is no JSON: its status says enough.
  }
  if (request.status < 300) return body;
  if (request.status === 401 && await askForKey()) return upload(target, file, { query, type, progress, signal });
  throw new ApiError(request.status, body, request.getResponseHeader('Retry-After'));
}

/**
 * The first of an answer's lines of JSON.
 * @returns {Promise<{items: any[], more: boolean}>}
 */
export async function lines(target, most, signal) {
  const response = await sendRaw('GET', target, { signal });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  const items = [];
  let text = '';
  for (;;) {
    const { done, value } = await reader.read();
    const found = (text + (value ?? '')).split('\n');
    text = found.pop();
    for (const line of found) if (line) items.push(JSON.parse(line));
    if (done) return { items, more: false };
    if (items.length > most) {
      reader.cancel().catch(() => {});
      return { items: items.slice(0, most), more: true };
    }
  }
}

/**
 * Makes a link that saves what the service answers.
 * @param {HTMLAnchorElement} anchor
 * @param {string} target
 * @param {string} name Of the file.
 */
export function saveBy(anchor, target, name) {
  anchor.href = address(target);
  anchor.download = name;
  return anchor;
}

/**
 * Shows a picture of the service in an <img>.
 * @param {HTMLImageElement} image
 * @param {string} target Its path.
 */
export async function showPicture(image, target) {
  image.src = address(target);
}

/**
 * Follows a job by its server-sent events until it has ended.
 * @param {number} id
 * @param {(kind: string, data: any) => void} hear Called for each state, progress, metric and log.
 * @param {AbortSignal} signal Stops following; the job goes on.
 */
export async function follow(id, hear, signal) {
  let last = '';
  let state = null;
  while (!signal.aborted) {
    try {
      const response = await sendRaw('GET', path('jobs', id, 'events'), { headers: last ? { 'Last-Event-ID': last } : {}, signal });
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      let text = '';
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        const blocks = (text + value).split('\n\n');
        text = blocks.pop();
        for (const block of blocks) {
          const event = Object.fromEntries(block.split('\n').filter(line => !line.startsWith(':')).map(line => line.split(/: (.*)/s, 2)));
          if (!event.data) continue;
          last = event.id;
          const data = JSON.parse(event.data);
          if (event.event === 'state') state = data.state;
          hear(event.event, data);
        }
      }
      // A service that stops ends the stream as well, and the job goes on after its start.
      if (hasEnded(state) || hasEnded((await get(path('jobs', id), {}, signal)).state)) return;
    } catch (error) {
      if (error.name === 'AbortError' || (error.status >= 400 && error.status !== 503)) throw error;
    }
    await pause(1000, signal);
  }
}

/** Whether a job in this state has ended. */
export const hasEnded = state => ['succeeded', 'failed', 'cancelled'].includes(state);

/** Waits for the end of a job. */
export async function ended(id, hear, signal) {
  await follow(id, hear ?? (() => {}), signal ?? new AbortController().signal);
  return get(path('jobs', id));
}

let asking = null;

/** Signs in once, however many requests need it; false when no key was given. */
const askForKey = () => asking ??= signIn().finally(() => { asking = null; });

/** Turns a key into a cookie, which no script can read; links and pictures send it as well. */
async function signIn() {
  for (let text = 'The service wants a key:'; ;) {
    const key = await keyDialog(text);
    if (!key) return false;
    const response = await fetch(address('/session'), {
      method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ key }),
    }).catch(() => null);
    if (response?.ok) {
      window.dispatchEvent(new Event('session-changed'));
      return true;
    }
    text = response?.status === 401
      ? 'That key is not valid. The service wants a key:'
      : (await response?.json().catch(() => null))?.detail ?? 'The service does not answer. Try again:';
  }
}

/** Asks for a key; empty when the dialog was closed without one. */
function keyDialog(text) {
  return new Promise(resolve => {
    const dialog = document.createElement('dialog');
    dialog.setAttribute('aria-label', 'Key');
    const form = document.createElement('form');
    form.method = 'dialog';
    const label = document.createElement('label');
    label.textContent = text;
    const input = document.createElement('input');
    input.type = 'password';
    input.autocomplete = 'off';
    input.required = true;
    const button = document.createElement('button');
    button.textContent = 'Sign in';
    button.value = 'given'; // Closed in another way, no key was given.
    label.append(input);
    form.append(label, button);
    dialog.append(form);
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(dialog.returnValue === 'given' ? input.value.trim() : '');
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
