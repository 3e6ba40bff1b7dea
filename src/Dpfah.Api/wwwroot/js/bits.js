// Codes drawn as bits.

const svgName = 'http://www.w3.org/2000/svg';

/** The bits of a code: two hex digits for 8 bits, the lowest bit first. */
export function bitsOf(hex) {
  const bits = [];
  for (let i = 0; i < hex.length; i += 2) {
    const byte = parseInt(hex.slice(i, i + 2), 16);
    for (let bit = 0; bit < 8; bit++) bits.push((byte >> bit) & 1);
  }
  return bits;
}

/** Numbers of the bits that differ. */
export function differing(a, b) {
  const [first, second] = [bitsOf(a), bitsOf(b)];
  return first.flatMap((bit, i) => bit === second[i] ? [] : [i]);
}

/**
 * Draws a code: a square a bit, full for 1; those that differ are marked.
 * @param {string} hex The code.
 * @param {{marked?: number[], name?: string}} [options]
 */
export function drawCode(hex, { marked = [], name = 'Code' } = {}) {
  const bits = bitsOf(hex);
  const columns = bits.length <= 64 ? 16 : 32;
  const rows = Math.ceil(bits.length / columns);
  const svg = document.createElementNS(svgName, 'svg');
  svg.setAttribute('class', 'code');
  svg.setAttribute('viewBox', `0 0 ${columns * 10} ${rows * 10}`);
  svg.setAttribute('role', 'img');
  const differ = new Set(marked);
  svg.setAttribute('aria-label', `${name}: ${hex}, ${bits.length} bits${marked.length ? `; bits ${marked.join(', ')} differ` : ''}`);
  bits.forEach((bit, i) => {
    const square = document.createElementNS(svgName, 'rect');
    square.setAttribute('x', (i % columns) * 10 + 1);
    square.setAttribute('y', Math.floor(i / columns) * 10 + 1);
    square.setAttribute('width', 8);
    square.setAttribute('height', 8);
    square.setAttribute('rx', 2);
    square.setAttribute('class', `${bit ? 'one' : 'zero'}${differ.has(i) ? ' differs' : ''}`);
    const title = document.createElementNS(svgName, 'title');
    title.textContent = `bit ${i} is ${bit}${differ.has(i) ? ', and differs' : ''}`;
    square.append(title);
    svg.append(square);
  });
  return svg;
}
