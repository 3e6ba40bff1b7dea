// What models were measured to be: figures as words, numbers and charts.
import { all, get, path, showPicture } from './api.js';
import { fixed, h } from './dom.js';
import { go } from './router.js';

/** What the metrics are called, in the order in which they are shown. Shares from 0 to 1 unless said otherwise. */
export const metricNames = {
  map: ['mAP', 'Mean average precision of the whole ranking by Hamming distance'],
  precisionAt10: ['P@10', 'Share of right pictures among the first 10'],
  precisionAt100: ['P@100', 'Share of right pictures among the first 100'],
  tieAwareMap: ['mAP, ties averaged', 'As mAP, whatever the order among equal distances'],
  fineMap: ['mAP, as searched', 'Equal distances in the order of the signatures, as searches have it'],
  finePrecisionAt10: ['P@10, as searched', 'Equal distances in the order of the signatures, as searches have it'],
  precisionInBall: ['P within 2 bits', 'Share of right pictures among those at most 2 bits away'],
  mapWithTraining: ['mAP, training pictures too', 'The training pictures are searched in as well, as in the collection'],
  precisionAt10WithTraining: ['P@10, training pictures too', 'The training pictures are searched in as well, as in the collection'],
  trainingMap: ['mAP of training pictures', 'Far above mAP: the model knows its pictures by heart'],
  distanceWithin: ['Bits to right pictures', 'Mean distance to pictures that share a label, in bits'],
  distanceBetween: ['Bits to others', 'Mean distance to all other pictures, in bits'],
  balance: ['Balance', 'The smaller share of a bit\'s two values; 0.5 is best'],
  distinctShare: ['Distinct codes', 'Different codes over pictures'],
  quantizationError: ['Quantisation error', 'How far real codes lie from their signs'],
};

export const metricTitle = name => metricNames[name]?.[0] ?? name;

/** The names of some metrics in their order; those that are not known come last. */
export function ordered(names) {
  const known = Object.keys(metricNames);
  const rank = name => known.includes(name) ? known.indexOf(name) : known.length;
  return [...new Set(names)].sort((a, b) => rank(a) - rank(b));
}

/** Those that are shown first; the others are for those who want to know more. */
export const headline = ['map', 'precisionAt10'];

export const metric = (values, name) => fixed(values?.[name], 3);

/** All models with what they were measured to be. */
export async function measuredModels(signal) {
  const models = await all('/models', { limit: 500 }, signal);
  const measured = await Promise.all(models.map(model => get(path('models', model.name, 'evaluation'), { limit: 50 }, signal)));
  return models.map((model, i) => ({ ...model, evaluations: measured[i].items, plots: measured[i].plots }));
}

/** The measurement that says most here: the newest on this collection, else the newest. */
export const measurementFor = (model, collection) =>
  model.evaluations.find(one => one.result.collection === collection) ?? model.evaluations[0];

/** A figure's numbers. */
export const figure = (model, name, signal) => get(path('models', model, 'plots', `${name}.json`), {}, signal);

/** How the points of a model's map show their pictures, and where they lead. */
export function pointPictures(collection, signal) {
  if (!collection) return { picture: () => {} };
  return {
    picture: (image, point) => {
      const wanted = path('collections', collection, 'images', point.id, 'preview');
      if (!signal.aborted) showPicture(image, wanted).catch(() => {});
    },
    open: point => go('search', { id: point.id, collection }),
  };
}

/** Something that may be wider than the window: it is moved sideways, by keys as well. */
export const wide = (name, ...children) => h('div', { class: 'table', tabindex: 0, role: 'region', 'aria-label': name }, ...children);
