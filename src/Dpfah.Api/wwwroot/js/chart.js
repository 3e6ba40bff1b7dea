// Curves, drawn with uPlot in the colours of the theme.
import uPlot from '../lib/uplot/uPlot.esm.js';
import { address } from './api.js';
import { h, fill } from './dom.js';

const dark = matchMedia('(prefers-color-scheme: dark)');
const dashes = [[], [6, 4], [2, 3], [8, 3, 2, 3]];

/** How many colours the theme has for curves and labels: --c0 and so on. The last one stands for all others. */
export const colours = 12;

/** What a CSS colour variable is in the theme of now, as a canvas takes it. */
export function themeColour(name) {
  const probe = h('span', { style: { color: `var(--${name})`, display: 'none' } });
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

/** Calls when the theme changes, for as long as the signal lasts. */
export const onTheme = (action, signal) => dark.addEventListener('change', action, { signal });

/** A list of what each colour stands for. */
export const legend = names => h('ul', { class: 'legend' }, names.map((name, i) => h('li', {}, swatch(i), name)));

/** A dot in a colour of the theme. */
export const swatch = i => h('span', { class: 'swatch', style: { background: `var(--c${Math.min(i, colours - 1)})` }, 'aria-hidden': 'true' });

/**
 * A chart of curves that share their axes.
 * @param {{title: string, x: string, y: string, range?: [number, number], xRange?: [number, number], whole?: boolean, signal: AbortSignal}} options
 *   The title, what the axes are, their ranges where these are known before, whether x counts something.
 * @returns {{element: HTMLElement, update: (curves: {name: string, x: number[], y: number[]}[]) => void}}
 */
export function chart({ title, x, y, range, xRange, whole = false, signal }) {
  styleSheet();
  const place = h('div', { class: 'plot', role: 'img' });
  const keys = h('div');
  const reading = h('p', { class: 'reading quiet' });
  const element = h('figure', { class: 'chart' }, h('figcaption', {}, title, h('span', { class: 'quiet' }, ` by ${x}`)), place, keys, reading);
  let plot = null, curves = [];
  draw();

  const size = () => ({ width: Math.max(200, place.clientWidth), height: 230 });
  const watcher = new ResizeObserver(() => plot?.setSize(size()));
  watcher.observe(place);
  signal.addEventListener('abort', () => {
    watcher.disconnect();
    plot?.destroy();
  });
  onTheme(draw, signal);
  return { element, update };

  function update(changed) {
    const same = plot && changed.length === curves.length && changed.every((curve, i) => curve.name === curves[i].name);
    curves = changed;
    place.setAttribute('aria-label', `${title}. ${curves.map(inWords).join('; ') || 'Nothing yet'}.`);
    if (same) return plot.setData(joined());
    fill(keys, legend(curves.map(curve => curve.name)));
    draw();
  }

  function joined() {
    return uPlot.join(curves.map(once));
  }

  function draw() {
    plot?.destroy();
    plot = null;
    fill(place, curves.length ? null : h('p', { class: 'empty' }, 'Nothing yet.'));
    if (!curves.length) return;
    const [text, line] = [themeColour('quiet'), themeColour('line')];
    const axis = { stroke: text, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 }, font: '12px system-ui', labelFont: '12px system-ui' };
    plot = new uPlot({
      ...size(),
      scales: { x: { time: false, ...xRange ? { range: xRange } : {} }, y: range ? { range } : {} },
      axes: [{ ...axis, size: 34, incrs: whole ? [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000] : undefined }, { ...axis, size: 52 }],
      legend: { show: false },
      cursor: { drag: { x: false, y: false }, points: { size: 6 } },
      series: [{}, ...curves.map((curve, i) => ({
        label: curve.name,
        stroke: themeColour(`c${Math.min(i, colours - 1)}`),
        width: 2,
        dash: dashes[Math.floor(i / 4) % dashes.length],
        spanGaps: true,
        points: { show: curve.x.length < 40, size: 5 },
      }))],
      hooks: { setCursor: [read] },
    }, joined(), place);
  }

  function read(self) {
    const at = self.cursor.idx;
    if (at === null || at === undefined) {
      reading.textContent = '';
      return;
    }
    const where = self.data[0][at];
    const values = curves.map(curve => [curve.name, valueAt(curve, where)]).filter(([, value]) => value !== null);
    reading.textContent = `${x} ${whole ? where : where.toFixed(2)}: ${values.map(([name, value]) => `${name} ${short(value)}`).join(', ')}`;
  }
}

const short = value => Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(3);

function inWords({ name, x, y }) {
  if (!x.length) return `${name}: nothing yet`;
  const at = [...new Set([0, Math.floor((x.length - 1) / 2), x.length - 1])];
  return `${name}: ${at.map(i => `${short(y[i])} at ${short(x[i])}`).join(', ')}`;
}

/** Each x once, as a chart of several curves needs it. */
function once({ x, y }) {
  const keep = x.map((_, i) => i).filter(i => i === 0 || x[i] > x[i - 1]);
  return [keep.map(i => x[i]), keep.map(i => y[i])];
}

/** The value of a curve between its points; null outside of them. */
function valueAt({ x, y }, where) {
  const after = x.findIndex(value => value >= where);
  if (after < 0 || (after === 0 && x[0] > where)) return null;
  if (x[after] === where || after === 0) return y[after];
  const share = (where - x[after - 1]) / (x[after] - x[after - 1]);
  return y[after - 1] + share * (y[after] - y[after - 1]);
}

function styleSheet() {
  const href = address('lib/uplot/uPlot.min.css').href;
  if (!document.querySelector(`link[href="${href}"]`)) document.head.append(h('link', { rel: 'stylesheet', href }));
}
