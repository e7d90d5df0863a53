/* What a press on a head does with the tool at the right: it is exchanged there, else it is cut. */
const exchanging = (value) => value.tool === "exchange";

/** The head `name` is exchanged or cut already. */
export const isTurned = (value, name) => (exchanging(value)
  ? value.exchange?.swaps ?? []
  : value.cuts ?? []).some((one) => one.part === name || (one.kind === "attention" && one.layer === Number(name.split(".")[0])));

/** -> {button, aria, short}: the words for it, of a head that is `turned` for taking it back. */
export const turning = (value, words, turned) => {
  const [there, back] = exchanging(value) ? ["swap", "unswap"] : ["cut", "uncut"];
  const key = ["turn", turned ? back : there].join(".");
  return { button: words[key], aria: words[`${key}.about`], short: words[`${key}.short`] };
};

/** Nothing can be exchanged as long as there is no second text. */
export const canTurn = (value) => !exchanging(value) || Boolean(value.exchange?.rows);

export const turn = (stage, part) => {
  if (canTurn(stage.value)) stage.act({ type: exchanging(stage.value) ? "swap" : "switch", part });
};
