/* Tensors on a canvas: signed ones blue, white, orange around 0; attention in one hue. Never one element per cell. */

const decode = (data) => Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const rgb = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
const mix = (from, to, share) => from.map((part, i) => Math.round(part + (to[i] - part) * share));

/** 256 colours of each scale, in the page's theme. */
const scales = () => {
  const [neg, zero, pos] = ["--heat-neg", "--zero", "--pos"].map((name) => rgb(css(name)));
  const [light, dark] = ["--attn-0", "--attn-1"].map((name) => rgb(css(name)));
  const signed = Array.from({ length: 256 }, (_, byte) => {
    const share = (byte - 128) / 127;
    return mix(zero, share < 0 ? neg : pos, Math.min(1, Math.abs(share)) ** 0.8);
  });
  return { signed, attention: Array.from({ length: 256 }, (_, byte) => mix(light, dark, byte / 255)), edge: css("--edge"), closed: rgb(css("--card")) };
};

/** Paint `rows` × `columns` cells into `box` of a 2D context; colourOf(index) gives [r, g, b]. */
const paint = (pen, box, rows, columns, colourOf, edge) => {
  const image = new ImageData(columns, rows);
  for (let index = 0; index < rows * columns; index += 1) image.data.set([...colourOf(index), 255], 4 * index);
  const small = new OffscreenCanvas(columns, rows);
  small.getContext("2d").putImageData(image, 0, 0);
  pen.imageSmoothingEnabled = false;
  pen.drawImage(small, box.x, box.y, box.w, box.h);
  if (!edge) return;
  pen.strokeStyle = edge;
  pen.lineWidth = 0.8;
  pen.strokeRect(box.x - 0.5, box.y - 0.5, box.w + 1, box.h + 1);
};

export const heat = {
  scales,
  bytes: decode,

  /** part: {top, data} of three bytes a value, low byte first -> floats between -top and top. */
  floats({ top, data }) {
    const bytes = decode(data);
    const values = new Float32Array(bytes.length / 3);
    const step = top / (2 ** 23 - 1);
    for (let at = 0; at < values.length; at += 1) values[at] = (((bytes[3 * at] << 8) | (bytes[3 * at + 1] << 16) | (bytes[3 * at + 2] << 24)) >> 8) * step;
    return values;
  },

  /** A canvas of `width` × `height` CSS pixels, sharp on every screen -> its 2D context. */
  pen(canvas, width, height) {
    const density = Math.max(2, devicePixelRatio);
    Object.assign(canvas, { width: Math.round(width * density), height: Math.round(height * density) });
    Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
    const pen = canvas.getContext("2d");
    pen.scale(density, density);
    return pen;
  },

  /** thumb: {rows, columns, data} of bytes around 128. */
  thumbnail(pen, box, thumb, colours) {
    const bytes = decode(thumb.data);
    paint(pen, box, thumb.rows, thumb.columns, (index) => colours.signed[bytes[index]], colours.edge);
  },

  /** values: floats, coloured from -range to range. */
  signed(pen, box, rows, columns, values, range, colours) {
    const byte = (value) => Math.round(Math.max(-1, Math.min(1, value / range)) * 127 + 128);
    paint(pen, box, rows, columns, (index) => colours.signed[byte(values[index])]);
  },

  /** values: `rows` × `rows` weights from `start` on, from 0 to `top`; what a token cannot see is left blank. */
  attention(pen, box, rows, values, start, top, colours) {
    const colourOf = (index) => (index % rows > Math.floor(index / rows) ? colours.closed : colours.attention[Math.round((255 * values[start + index]) / top)]);
    paint(pen, box, rows, rows, colourOf, colours.edge);
  },
};
