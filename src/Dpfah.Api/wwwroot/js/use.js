// From a model to searches with it: one button, which says what follows before anything is done.
import { get, path, send } from './api.js';
import { actionButton, ask, h, plural, say } from './dom.js';
import { go } from './router.js';

/** A button that hashes a collection by a model, compares, and lets the model take over when it does better. */
export function useButton(model, collection) {
  return actionButton('Use this model for searches', async () => {
    const base = path('collections', collection, 'generations');
    const { items } = await get(base);
    const active = items.find(one => one.state === 'active');
    const there = items.find(one => one.generation.model === model);
    const inTheWay = items.find(one => one.state === 'ready' || one.state === 'filling');
    if (there || inTheWay) {
      say(there ? `${collection} has codes of ${model} already, as generation ${there.generation.id}.`
        : `Generation ${inTheWay.generation.id} of ${collection} stands in the way: delete it or wait for it, then go on here.`);
      return go('models', { tab: 'generations', model, collection });
    }
    const said = text => h('span', { class: 'said' }, text);
    if (!await ask(`Use ${model} for searches of ${collection}?`, h('span', {},
      said(`All ${plural(active.pictures, 'picture')} are hashed by it from their stored previews. Searches go on with ${active.generation.model} meanwhile.`),
      said('Then both are compared on labelled pictures. If it does better, it takes over at once: results and distances change, and open result lists end. Otherwise you are asked.'),
      said(`The codes of ${active.generation.model} are kept, so that you can go back.`)), 'Hash and compare', { danger: false })) return;
    const job = await send('POST', base, { json: { model, activate: 'when-better' } });
    say(`${collection} is being hashed by ${model}, as job ${job.id}.`);
    go('models', { tab: 'generations', collection });
  }, { class: 'primary' });
}
