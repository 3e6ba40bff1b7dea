// A picture in a grid.
import { showPicture } from './api.js';
import { h } from './dom.js';

/**
 * @param {{id: string, preview: string, labels: string[]}} item
 * @param {string} href Where a click leads.
 * @param {{name?: string, click?: (event: Event) => void, extra?: any}} [options] What a screen reader calls the link; what a click does
 *   instead; what stands below.
 */
export function card({ id, preview, labels }, href, { name, click, extra } = {}) {
  const image = h('img', { alt: '', loading: 'lazy', decoding: 'async', width: 160, height: 160 });
  showPicture(image, preview).catch(() => {});
  return h('div', { class: 'card' },
    h('a', { class: 'picture', href, title: id, 'aria-label': name, on: click ? { click } : undefined }, image),
    h('div', { class: 'caption' }, captionOf(id, labels)),
    extra);
}

/** A picture's labels; its id where it has none. */
export const captionOf = (id, labels) => labels.length
  ? labels.map(label => h('span', { class: 'label' }, label))
  : h('span', { class: 'id' }, id);
