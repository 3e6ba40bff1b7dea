// Points in the plane that one can move about in: wheel, drag, pinch and keys.
import { colours, onTheme, swatch, themeColour } from './chart.js';
import { h, fill, plural } from './dom.js';

const farthest = 60;
const near = 12;

/**
 * @param {{points: {id: string, label: string, x: number, y: number}[], name: string, signal: AbortSignal,
 *   picture: (image: HTMLImageElement, point: object) => void, open?: (point: object) => void}} options
 *   `picture` shows a point's picture, `open` follows a click on it.
 */
export function scatter({ points, name, signal, picture, open }) {
  const labels = labelsOf(points);
  const colourOf = new Map(labels.flatMap((one, i) => one.holds.map(label => [label, i])));
  const kinds = points.map(point => colourOf.get(point.label));
  const hidden = new Set();

  const canvas = h('canvas', { tabindex: 0, role: 'application', 'aria-label': `${name}: ${plural(points.length, 'point')}`, 'aria-describedby': 'scatter-help' });
  const image = h('img', { alt: '', width: 96, height: 96 });
  const words = h('span');
  const tip = h('div', { class: 'tip', hidden: true, role: 'status' }, image, words);
  const help = h('p', { class: 'quiet', id: 'scatter-help' }, matchMedia('(hover: none)').matches
    ? `Drag to move, pinch to zoom. Touch a point to see its picture${open ? '; touch it again to search with it' : ''}.`
    : `Drag to move, hold Ctrl and turn the wheel to zoom. With keys: arrows, + and −, 0 for all; the point in the middle is told${open ? ', Enter searches with it' : ''}.`,
  open ? ' Searches are by the model that the collection uses now.' : '');
  const zoomButton = (text, label, factor) => h('button', { type: 'button', 'aria-label': label, on: { click: () => zoom(factor, width / 2, height / 2) } }, text);
  const element = h('div', { class: 'scatter' },
    h('div', { class: 'scatter-stage' }, canvas, tip,
      h('div', { class: 'scatter-buttons' }, zoomButton('+', 'Zoom in', 1.6), zoomButton('−', 'Zoom out', 1 / 1.6),
        h('button', { type: 'button', 'aria-label': 'Show all points', on: { click: () => home() } }, '⤢'))),
    h('ul', { class: 'legend' }, labels.map((label, i) => h('li', {}, h('button', {
      type: 'button', class: 'key', 'aria-pressed': 'true', on: { click: event => toggle(i, event.currentTarget) },
    }, swatch(label.colour), label.name, h('span', { class: 'quiet' }, ` ${label.count}`))))),
    help);

  const context = canvas.getContext('2d');
  let width = 0, height = 0, ratio = 1, fit = null, view = { scale: 1, x: 0, y: 0 }, dots = null, ringColour = '', wanted = false, shown = -1, byKeys = false;

  const watcher = new ResizeObserver(resize);
  watcher.observe(canvas);
  signal.addEventListener('abort', () => watcher.disconnect());
  onTheme(() => {
    dots = null;
    draw();
  }, signal);
  image.addEventListener('load', () => {
    image.hidden = false;
    placeTip();
  });
  listen();
  return element;

  function resize() {
    const before = fit;
    [width, height, ratio] = [canvas.clientWidth, canvas.clientHeight, devicePixelRatio];
    if (!width) return;
    [canvas.width, canvas.height] = [Math.round(width * ratio), Math.round(height * ratio)];
    fit = fitting(points, width, height);
    if (!before) home();
    draw();
  }

  function home() {
    view = { scale: 1, x: 0, y: 0 };
    draw();
  }

  // On the canvas, in CSS pixels.
  function placeOf(i) {
    return [(points[i].x * fit.scale + fit.x) * view.scale + view.x, (points[i].y * fit.scale + fit.y) * view.scale + view.y];
  }

  function draw() {
    if (wanted) return;
    wanted = true;
    requestAnimationFrame(() => {
      wanted = false;
      paint();
    });
  }

  function paint() {
    if (!fit) return;
    const radius = Math.min(9, 3.2 * Math.sqrt(Math.max(1, view.scale))) * ratio;
    if (!dots || dots.radius !== radius || dots.width !== canvas.width || dots.height !== canvas.height) {
      dots = painter(canvas.width, canvas.height, radius, labels.map(({ colour }) => themeColour(`c${colour}`)));
      ringColour = themeColour('text');
    }
    const [scale, dx, dy] = [fit.scale * view.scale * ratio, (fit.x * view.scale + view.x) * ratio, (fit.y * view.scale + view.y) * ratio];
    dots.clear();
    for (const behind of hidden.size ? [true, false] : [false]) {
      for (let i = 0; i < points.length; i++) {
        if (hidden.has(kinds[i]) === behind) dots.put(points[i].x * scale + dx, points[i].y * scale + dy, kinds[i], behind ? 0.12 : 0.9);
      }
    }
    context.putImageData(dots.image, 0, 0);
    if (byKeys) show(nearest(width / 2, height / 2, Infinity));
    if (shown >= 0) ring(shown);
    placeTip();
  }

  function ring(i) {
    const [x, y] = placeOf(i);
    context.beginPath();
    context.arc(x * ratio, y * ratio, dots.radius + 3 * ratio, 0, 2 * Math.PI);
    context.lineWidth = 2 * ratio;
    context.strokeStyle = ringColour;
    context.stroke();
  }

  function nearest(x, y, within) {
    let best = -1, least = within * within;
    for (let i = 0; i < points.length; i++) {
      if (hidden.has(kinds[i])) continue;
      const [px, py] = placeOf(i);
      const distance = (px - x) ** 2 + (py - y) ** 2;
      if (distance < least) [best, least] = [i, distance];
    }
    return best;
  }

  function show(i) {
    if (i === shown) return;
    shown = i;
    tip.hidden = i < 0;
    canvas.style.cursor = i >= 0 && open ? 'pointer' : '';
    if (i < 0) return draw();
    fill(words, h('strong', {}, points[i].label), ' ', h('span', { class: 'id' }, points[i].id));
    image.hidden = true;
    // One that is only passed over is not fetched.
    setTimeout(() => {
      if (shown === i && !signal.aborted) picture(image, points[i]);
    }, 60);
    draw();
  }

  function placeTip() {
    if (shown < 0 || tip.hidden) return;
    const [x, y] = placeOf(shown);
    const [w, t] = [tip.offsetWidth, tip.offsetHeight];
    tip.style.left = `${Math.max(4, Math.min(width - w - 4, x > width / 2 ? x - w - 14 : x + 14))}px`;
    tip.style.top = `${Math.max(4, Math.min(height - t - 4, y - t / 2))}px`;
  }

  function zoom(factor, x, y) {
    const scale = Math.min(farthest, Math.max(0.5, view.scale * factor));
    const real = scale / view.scale;
    view = { scale, x: x - (x - view.x) * real, y: y - (y - view.y) * real };
    draw();
  }

  function pan(dx, dy) {
    view = { ...view, x: view.x + dx, y: view.y + dy };
    draw();
  }

  function toggle(i, button) {
    if (hidden.has(i)) hidden.delete(i);
    else hidden.add(i);
    button.setAttribute('aria-pressed', String(!hidden.has(i)));
    if (shown >= 0 && hidden.has(kinds[shown])) show(-1);
    draw();
  }

  function listen() {
    const down = new Map();
    let moved = 0, before = -1, chosen = -1;
    const at = event => {
      const box = canvas.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    canvas.addEventListener('wheel', event => {
      if (!event.ctrlKey && !event.metaKey) return; // The page scrolls on.
      event.preventDefault();
      byKeys = false;
      zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0015)), ...at(event));
    }, { passive: false });
    canvas.addEventListener('pointerdown', event => {
      canvas.setPointerCapture(event.pointerId);
      byKeys = false;
      if (!down.size) [moved, before, chosen] = [0, shown, -1];
      down.set(event.pointerId, at(event));
    });
    canvas.addEventListener('pointermove', event => {
      const [x, y] = at(event);
      const last = down.get(event.pointerId);
      if (!last) {
        byKeys = false;
        return show(nearest(x, y, near));
      }
      if (down.size === 1) {
        moved += Math.abs(x - last[0]) + Math.abs(y - last[1]);
        if (moved > 3) pan(x - last[0], y - last[1]);
      } else {
        const [other] = [...down].find(([id]) => id !== event.pointerId).slice(1);
        const span = point => Math.hypot(point[0] - other[0], point[1] - other[1]) || 1;
        moved = Infinity;
        pan((x - last[0]) / 2, (y - last[1]) / 2);
        zoom(span([x, y]) / span(last), (x + other[0]) / 2, (y + other[1]) / 2);
      }
      down.set(event.pointerId, [x, y]);
    });
    canvas.addEventListener('pointerup', event => {
      down.delete(event.pointerId);
      if (moved > 3) return;
      const found = nearest(...at(event), near * (event.pointerType === 'touch' ? 2 : 1));
      // A finger does not hover: the first touch shows, the second opens.
      if (found >= 0 && open && (event.pointerType !== 'touch' || found === before)) chosen = found;
      else show(found);
    });
    // Not before the click: it ends what one does here, and belongs to this address.
    canvas.addEventListener('click', () => {
      if (chosen >= 0) open(points[chosen]);
      chosen = -1;
    });
    canvas.addEventListener('pointercancel', event => down.delete(event.pointerId));
    canvas.addEventListener('pointerleave', event => event.pointerType !== 'touch' && !down.size && !byKeys && show(-1));
    canvas.addEventListener('blur', () => {
      byKeys = false;
      show(-1);
    });
    canvas.addEventListener('keydown', event => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const step = 60;
      const keys = {
        ArrowLeft: () => pan(step, 0), ArrowRight: () => pan(-step, 0), ArrowUp: () => pan(0, step), ArrowDown: () => pan(0, -step),
        '+': () => zoom(1.4, width / 2, height / 2), '=': () => zoom(1.4, width / 2, height / 2), '-': () => zoom(1 / 1.4, width / 2, height / 2), 0: home,
        Enter: () => shown >= 0 && open?.(points[shown]),
      };
      if (!keys[event.key]) return;
      event.preventDefault();
      byKeys = event.key !== 'Enter';
      keys[event.key]();
    });
  }
}

/** From the data to the canvas, with a margin; the same scale both ways. */
function fitting(points, width, height) {
  let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity];
  for (const { x, y } of points) {
    [left, right] = [Math.min(left, x), Math.max(right, x)];
    [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
  }
  const margin = 16;
  const scale = Math.min((width - 2 * margin) / (right - left || 1), (height - 2 * margin) / (bottom - top || 1));
  return { scale, x: width / 2 - scale * (left + right) / 2, y: height / 2 - scale * (top + bottom) / 2 };
}

/** Labels with their colours; of very many the commonest, and one for all others. */
function labelsOf(points) {
  const counts = new Map();
  for (const { label } of points) counts.set(label, (counts.get(label) ?? 0) + 1);
  const common = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  const told = common.slice(0, common.length <= colours ? colours : colours - 1).sort((a, b) => a[0] < b[0] ? -1 : 1);
  const rest = common.slice(told.length);
  return [
    ...told.map(([label, n], colour) => ({ name: label, holds: [label], count: n, colour })),
    ...rest.length ? [{ name: 'other labels', holds: rest.map(([label]) => label), count: rest.reduce((sum, [, n]) => sum + n, 0), colour: colours - 1 }] : [],
  ];
}

/** Writes dots into an image: many times as fast as a canvas draws them, which is what keeps thousands of points smooth. */
function painter(width, height, radius, names) {
  const image = new ImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  const rgb = names.map(rgbOf);
  const reach = Math.ceil(radius);
  const stamp = [];
  for (let y = -reach; y <= reach; y++) {
    for (let x = -reach; x <= reach; x++) {
      const cover = Math.min(1, Math.max(0, radius + 0.5 - Math.hypot(x, y)));
      if (cover > 0) stamp.push([x, y, cover]);
    }
  }
  const [xs, ys, covers] = [Int32Array.from(stamp, one => one[0]), Int32Array.from(stamp, one => one[1]), Float32Array.from(stamp, one => one[2])];
  return { image, width, height, radius, clear: () => pixels.fill(0), put };

  function put(centreX, centreY, colour, opacity) {
    const [cx, cy] = [Math.round(centreX), Math.round(centreY)];
    if (cx < -reach || cy < -reach || cx >= width + reach || cy >= height + reach) return;
    const [r, g, b] = rgb[colour];
    for (let i = 0; i < xs.length; i++) {
      const [x, y] = [cx + xs[i], cy + ys[i]];
      if (x < 0 || y < 0 || x >= width || y >= height) continue;
      const at = y * width + x, below = pixels[at], alpha = covers[i] * opacity;
      const under = below >>> 24, over = alpha * 255, sum = over + under * (1 - alpha), share = over / sum;
      const mix = (shift, value) => ((below >> shift) & 255) * (1 - share) + value * share;
      pixels[at] = (sum << 24) | (mix(16, b) << 16) | (mix(8, g) << 8) | mix(0, r);
    }
  }
}

/** Red, green and blue of a colour as CSS computes it, 0 to 255. */
function rgbOf(text) {
  const brush = new OffscreenCanvas(1, 1).getContext('2d');
  brush.fillStyle = text;
  brush.fillRect(0, 0, 1, 1);
  return [...brush.getImageData(0, 0, 1, 1).data].slice(0, 3);
}
