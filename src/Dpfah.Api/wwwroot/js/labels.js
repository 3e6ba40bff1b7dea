// Labels of one picture: shown, added, taken away.
import { send, path } from './api.js';
import { h, fill, say, sayError } from './dom.js';

/** The labels that a filter asks for, on a line of their own; a click takes one away. */
export const chosenLabels = (labels, change) => labels.length ? h('div', { class: 'chosen-labels' }, labels.map(one => h('button', {
  type: 'button', class: 'label chosen', 'aria-label': `No longer only ${one}`, on: { click: () => change(labels.filter(other => other !== one)) },
}, one, ' ×'))) : null;

/**
 * @param {string} collection
 * @param {{id: string, labels: string[]}} item The picture; its labels are kept up to date.
 * @param {(labels: string[]) => void} [changed] Told what they are now.
 */
export function labelEditor(collection, item, changed) {
  const chips = h('span', { class: 'chips' });
  const input = h('input', { type: 'text', maxlength: 128, 'aria-label': `New label of ${item.id}`, placeholder: 'new label' });
  const form = h('form', {
    class: 'label-editor',
    on: {
      submit: event => {
        event.preventDefault();
        const added = input.value.trim();
        if (added && !item.labels.includes(added)) write([...item.labels, added]);
        input.value = '';
      },
    },
  }, chips, input, h('button', { type: 'submit' }, 'Add label'));
  draw();
  return form;

  function draw() {
    fill(chips, item.labels.map(label => h('button', {
      type: 'button', class: 'label chosen', 'aria-label': `Take the label ${label} away`, on: { click: () => write(item.labels.filter(one => one !== label)) },
    }, label, ' ×')));
  }

  async function write(labels) {
    try {
      item.labels = (await send('PATCH', path('collections', collection, 'images', item.id), { json: { labels } })).labels;
      draw();
      changed?.(item.labels);
      say(item.labels.length ? `${item.id} is now labelled ${item.labels.join(', ')}.` : `${item.id} has no label now.`);
    } catch (error) {
      sayError(error);
    }
  }
}
