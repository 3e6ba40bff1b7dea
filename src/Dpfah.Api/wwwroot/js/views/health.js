// How well the codes of a collection use their bits.
import { get, path } from '../api.js';
import { h, fill, count, every, fixed, plural, time, sayError, empty } from '../dom.js';
import { link } from '../router.js';
import { agreement, bars, curve } from '../plot.js';

export const title = 'Codes';

const lookAgainMs = 1500;

export async function show(root, { collection, signal }) {
  const read = () => get(path('collections', collection), {}, signal);
  let shown = await read();
  if (signal.aborted) return;
  const body = h('div');
  fill(root, h('h1', {}, 'Codes'), body);
  tell(shown);
  // It is measured beside the requests: the answer may have none yet, or that of before the last changes.
  every(lookAgainMs, async () => {
    if (shown.health && shown.health.pictures === shown.pictures && shown.health.computedAt === body.dataset.at) return;
    try {
      shown = await read();
    } catch (error) {
      sayError(error);
      throw error;
    }
    if (!signal.aborted && shown.health?.computedAt !== body.dataset.at) tell(shown);
  }, signal).catch(() => {});

  function tell(now) {
    body.dataset.at = now.health?.computedAt ?? '';
    if (!now.pictures) return fill(body, empty('There is nothing in this collection yet. ', h('a', { href: link('catalogue', { collection }) }, 'Add pictures'), '.'));
    if (!now.health) return fill(body, h('p', { class: 'notice', role: 'status' }, `The codes of ${collection} have not been measured yet: that is being done. This page looks again.`));
    return fill(body, ...contents(now));
  }
}

function contents({ name, generation, drift, health }) {
  const { balance, entropy, correlation, distinctCodes, largestGroup, pictures, sameLabel } = health;
  const meanEntropy = entropy.reduce((sum, one) => sum + one, 0) / entropy.length;
  const weakest = entropy.indexOf(Math.min(...entropy));
  return [
    h('p', { class: 'quiet' }, `${name}: ${plural(pictures, 'picture')}, codes of ${generation.bits} bits by ${generation.model}, measured `, time(health.computedAt)),
    drift ? h('p', { class: 'notice bad' }, `This service computes codes otherwise (${drift.running}) than those that are stored were (${drift.stored}): ${count(drift.flippedBits)} of ${count(drift.comparedBits)} bits of ${plural(drift.pictures, 'picture')} came out differently. Make new codes of the same model.`) : null,
    h('div', { class: 'boxes numbers' },
      number('Distinct codes', count(distinctCodes), `of ${plural(pictures, 'picture')}`,
        'The more, the finer pictures are told apart. A network that was trained on classes gives few: there the finer signature puts equal codes in order.'),
      number('Largest group', plural(largestGroup, 'picture'), 'with one and the same code',
        'Good is a group no larger than a class. If it holds most of the pictures, the codes tell little.'),
      number('Entropy', fixed(meanEntropy, 3), `bits a bit on average; the least is ${fixed(entropy[weakest], 3)}, of bit ${weakest}`,
        '1 is best: the bit halves the pictures. A bit near 0 is the same for nearly all of them.'),
      number('Largest correlation', fixed(correlation.largest, 2).replace('-', '−'), `of bits ${correlation.bits.join(' and ')}; ${fixed(correlation.mean, 2)} on average`,
        'Near 0 is good: bits that always go together, or against each other, tell the same thing twice.')),
    h('section', { class: 'box' },
      h('h2', {}, 'Balance of the bits'),
      h('p', { class: 'quiet' }, 'In how many of the pictures\' codes each bit is set. Near 50 % is good; below 20 % and above 80 % are marked.'),
      bars('Balance of the bits', balance,
        i => `Bit ${i} is set in ${percent(balance[i])} of the codes; its entropy is ${fixed(entropy[i], 3)}`,
        i => Math.abs(balance[i] - 0.5) > 0.3)),
    sameLabel ? sameLabelBoxes(sameLabel) : h('section', { class: 'box' },
      h('h2', {}, 'Same label by distance'),
      h('p', { class: 'quiet' }, 'How likely two pictures have a label in common cannot be told: too few pictures have labels, or there is but one label.')),
  ];
}

function sameLabelBoxes(fit) {
  const { probability, reliability } = fit;
  return h('div', { class: 'boxes wide' },
    h('section', { class: 'box' },
      h('h2', {}, 'Same label by distance'),
      h('p', { class: 'quiet' }, 'How likely two pictures have a label in common, by how many bits differ. Good codes begin near 100 % and fall soon.'),
      curve('Probability of a common label by distance', probability, i => `${plural(i, 'bit')} apart: ${percent(probability[i])} have a label in common`, 'bits apart'),
      h('p', { class: 'quiet' }, `Fitted on ${plural(fit.fittedPairs, 'pair')} of ${plural(fit.fittedPictures, 'picture')}; ${count(fit.labelledPictures)} have labels.`)),
    h('section', { class: 'box' },
      h('h2', {}, 'How far that can be relied on'),
      h('p', { class: 'quiet' }, 'What was foretold against what was found, on pictures that were not used for the fit. Good points lie on the line; large ones stand for many pairs.'),
      agreement('Foretold and found probability', reliability.map(one => ({ x: one.predicted, y: one.observed, weight: one.pairs })),
        i => `Foretold ${percent(reliability[i].predicted)}, found ${percent(reliability[i].observed)} of ${plural(reliability[i].pairs, 'pair')}`, 'foretold', 'found'),
      h('p', { class: 'quiet' }, `The mean error is ${percent(fit.calibrationError)}, the largest ${percent(fit.largestError)}, of ${plural(fit.testedPairs, 'pair')} of ${plural(fit.testedPictures, 'picture')}.`)));
}

const percent = share => `${(100 * share).toFixed(1)} %`;

const number = (name, value, what, good) => h('section', { class: 'box' },
  h('h2', {}, name), h('p', {}, h('span', { class: 'big' }, value), ' ', what), h('p', { class: 'quiet' }, good));
