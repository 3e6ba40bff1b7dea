// Small figures. Each has one tab stop; arrow keys go from value to value, and what is looked at is told in words below.
import { h } from './dom.js';

const svgName = 'http://www.w3.org/2000/svg';

function s(tag, attributes, ...children) {
  const element = document.createElementNS(svgName, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/**
 * Bars of shares, each from 0 to 1, with a guide at the half.
 * @param {string} name What the figure shows.
 * @param {number[]} values
 * @param {(i: number) => string} describe A value in words.
 * @param {(i: number) => boolean} strange Whether a value is marked.
 */
export function bars(name, values, describe, strange) {
  const shapes = values.map((value, i) => s('rect', { x: i + 0.15, width: 0.7, y: 1 - value, height: value, class: strange(i) ? 'bar strange' : 'bar' }));
  const drawing = wide(name, values.length, [...shapes, rule(0, 0.5, values.length, 0.5)]);
  return figure(drawing, hits(drawing, values.map((_, i) => ({ x: i, y: 0, width: 1, height: 1 })), describe), ['100 %', '50 %', '0'], ['bit 0', `bit ${values.length - 1}`]);
}

/**
 * A falling or rising curve of shares over whole numbers from 0.
 * @param {string} name
 * @param {number[]} values From 0 to 1.
 * @param {(i: number) => string} describe
 * @param {string} unit Of the numbers.
 */
export function curve(name, values, describe, unit) {
  const n = values.length;
  const points = values.map((value, i) => `${i + 0.5},${1 - value}`).join(' ');
  const drawing = wide(name, n, [rule(0, 0.5, n, 0.5), s('polyline', { points, class: 'line' })]);
  return figure(drawing, hits(drawing, values.map((_, i) => ({ x: i, y: 0, width: 1, height: 1 })), describe), ['100 %', '50 %', '0'], ['0', `${n - 1} ${unit}`]);
}

/**
 * Points of two shares, that lie on the diagonal where both agree.
 * @param {string} name
 * @param {{x: number, y: number, weight: number}[]} points Shares from 0 to 1, and how much a point stands for.
 * @param {(i: number) => string} describe
 * @param {string} below What the horizontal axis is.
 * @param {string} beside What the vertical axis is.
 */
export function agreement(name, points, describe, below, beside) {
  const most = Math.max(...points.map(point => point.weight));
  const circles = points.map(({ x, y, weight }) => s('circle', { cx: x * 100, cy: 100 - y * 100, r: 2 + 4 * Math.sqrt(weight / most), class: 'dot' }));
  const drawing = s('svg', { viewBox: '-7 -7 114 114', role: 'group', 'aria-label': name, class: 'square' }, rule(0, 100, 100, 0), rule(0, 100, 100, 100), rule(0, 0, 0, 100), ...circles);
  return figure(drawing, hits(drawing, points.map(({ x, y }) => ({ x: x * 100 - 6, y: 94 - y * 100, width: 12, height: 12 })), describe), ['100 %', beside, '0'], ['0', below, '100 %']);
}

const rule = (x1, y1, x2, y2) => s('line', { x1, y1, x2, y2, class: 'rule' });

const wide = (name, width, shapes) =>
  s('svg', { viewBox: `0 0 ${width} 1`, preserveAspectRatio: 'none', role: 'group', 'aria-label': name }, ...shapes);

/** Places over a drawing that tell what is there when they are pointed at or focused. */
function hits(drawing, places, describe) {
  const told = h('p', { class: 'told quiet' }, 'Point at the figure, or go through it by the arrow keys.');
  const all = places.map((place, i) => {
    const hit = s('rect', { ...place, class: 'hit', role: 'img', 'aria-label': describe(i), tabindex: i ? -1 : 0 });
    for (const event of ['pointerenter', 'focus']) hit.addEventListener(event, () => { told.textContent = describe(i); });
    return hit;
  });
  drawing.append(...all);
  drawing.addEventListener('keydown', event => {
    const from = all.indexOf(event.target);
    const to = { ArrowRight: from + 1, ArrowUp: from + 1, ArrowLeft: from - 1, ArrowDown: from - 1, Home: 0, End: all.length - 1 }[event.key];
    if (from < 0 || !all[to]) return;
    event.preventDefault();
    all[from].setAttribute('tabindex', -1);
    all[to].setAttribute('tabindex', 0);
    all[to].focus();
  });
  return told;
}

const figure = (drawing, told, left, below) => h('div', { class: 'figure' },
  h('div', { class: 'left', 'aria-hidden': 'true' }, left.map(text => h('span', {}, text))),
  drawing,
  h('div', { class: 'below', 'aria-hidden': 'true' }, below.map(text => h('span', {}, text))),
  told);
