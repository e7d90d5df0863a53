/* A run's vectors as the graphs take them: cut into pieces, each matrix by itself and all vectors as one, in the order of a graph's inputs. */

/** flat.h.0.attn.c_attn.weight -> ["flat", "h.0.attn.c_attn.weight"]; a name without a dot -> [name, null]. */
export const apart = (name) => {
  const dot = name.indexOf(".");
  return dot < 0 ? [name, null] : [name.slice(0, dot), name.slice(dot + 1)];
};

export const size = (dims) => dims.reduce((product, dim) => product * dim, 1);
const piecesOf = (whole, inputs) => Object.entries(inputs).filter(([name]) => apart(name)[0] === whole).map(([name, [, dims]]) => [apart(name)[1], dims]);

/** A flat vector -> {piece: view of its memory}. inputs: a graph's, of the manifest. */
export const cut = (flat, inputs) => {
  let at = 0;
  return Object.fromEntries(piecesOf("flat", inputs).map(([piece, dims]) => [piece, flat.subarray(at, at += size(dims))]));
};

/** The inverse of `cut`, as a copy. */
export const join = (pieces) => {
  const all = Object.values(pieces);
  const whole = new Float32Array(all.reduce((sum, piece) => sum + piece.length, 0));
  all.reduce((at, piece) => { whole.set(piece, at); return at + piece.length; }, 0);
  return whole;
};

/** The mask of a flat vector -> {piece: as fine as the graph wants it}: a number for each row, each column, each number, or for the whole piece. */
export const cutMask = (mask, inputs) => {
  const whole = cut(mask, inputs);
  const dimsOf = Object.fromEntries(piecesOf("flat", inputs));
  return Object.fromEntries(piecesOf("trained", inputs).map(([piece, dims]) => {
    const width = dimsOf[piece].at(-1);
    const nColumns = dims.at(-1);
    return [piece, Float32Array.from({ length: size(dims) }, (_, i) => whole[piece][Math.floor(i / nColumns) * width + (i % nColumns)])];
  }));
};

/** Give the memory of a vector's pieces back now, where the browser can, and not when it next looks for garbage. */
export const drop = (pieces) => { for (const buffer of new Set(Object.values(pieces).map((piece) => piece.buffer))) buffer.transfer?.(0); };
