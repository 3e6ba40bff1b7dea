// Who is signed in, and the way out.
import { get, send } from './api.js';
import { h, fill, sayError } from './dom.js';

const box = document.getElementById('session');

/** Shows in the header who is signed in by a key; nothing where no key is needed. */
export async function showSession() {
  const session = await get('/session');
  const limits = session.collections ? `${session.role}, ${session.collections.join(', ')}` : session.role;
  fill(box, session.signedIn && [
    h('span', { class: 'quiet', title: limits }, session.name),
    h('button', { type: 'button', on: { click: () => signOut().catch(sayError) } }, 'Sign out'),
  ]);
  box.hidden = !session.signedIn;
}

async function signOut() {
  await send('DELETE', '/session');
  sessionStorage.clear(); // Pictures that were searched for.
  location.reload(); // Nothing of what was seen stays.
}
