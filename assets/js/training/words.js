/* Token ids of a continuation as text. */

/** world: of `load`; ids of tokens that follow each other -> text. Bytes of half a character become �. */
export const textOf = (world, ids) => {
  const written = ids.map((id) => world.vocabulary[id] ?? "").join("");
  if (!world.in_bytes) return written.normalize("NFC");
  return new TextDecoder().decode(Uint8Array.from(written, (sign) => sign.codePointAt(0)));
};
