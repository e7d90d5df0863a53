/* Numbers as unit cells: one cell is 10,000 numbers of the model. What changes is drawn in the colour of L2. */
const GAP = 1.1;
const RING = 6.2;

const colour = (name) => {
  const probe = document.createElement("i");
  probe.style.color = `var(${name})`;
  document.querySelector("#glossary").append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
};

/** How many pixels `n` cells take in rows of `columns`. */
export const sizeOf = (n, columns, pitch) => ({ width: columns * pitch + 2, height: Math.ceil((n + 1) / columns) * pitch + 3 });

/** n cells, the first `changed` of them changed; `extra`: a part of one cell that is new beside them, drawn to scale, with a ring so that it is found. */
export const paintCells = (canvas, { n, columns, pitch, changed = 0, extra = 0 }) => {
  const density = Math.max(2, devicePixelRatio);
  const { width, height } = sizeOf(n, columns, pitch);
  canvas.width = width * density;
  canvas.height = height * density;
  Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
  const pen = canvas.getContext("2d");
  pen.scale(density, density);
  const [base, new_] = [colour("--l1-cell"), colour("--l2")];
  const side = pitch - GAP;
  for (let index = 0; index < n; index += 1) {
    pen.fillStyle = index < changed ? new_ : base;
    pen.fillRect((index % columns) * pitch, Math.floor(index / columns) * pitch, side, side);
  }
  if (!extra) return;
  const [x, y] = [(n % columns) * pitch + 3, Math.floor(n / columns) * pitch];
  pen.fillStyle = new_;
  pen.fillRect(x, y, Math.max(0.9, side * extra), side);
  Object.assign(pen, { strokeStyle: new_, lineWidth: 1.4 });
  pen.beginPath();
  pen.arc(x + 0.5, y + side / 2, RING, 0, 2 * Math.PI);
  pen.stroke();
};
