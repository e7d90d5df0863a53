"use strict";
/* The heatmaps of the panel: a tensor with one row for each token, or the pattern of one attention head. */
(() => {
  const SIGMAS = 3; // as in the thumbnails: the colours end there
  const MOUSE = { row: 14, room: 72, text: 12 };   // px: most of a row, most of a heatmap, least of a name in a dense one
  const FINGER = { row: 24, room: 240, text: 24 };
  const SQUARE = { names: 46, gap: 14, most: 260 };
  const num = (value, digits = 2) => lab.signedNumber(value, digits);
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const spread = (values) => { const middle = mean(values); return Math.sqrt(mean(values.map((value) => (value - middle) ** 2))); };
  const rowOf = (values, part, row) => Array.from(values.subarray(row * part.columns, (row + 1) * part.columns));
  const named = (token) => (token.space ? "·" : "") + lab.readable(token);
  const plain = (token) => lab.readable(token).trim() || "␣";
  lab.tensors = { mean, spread, rowOf, named, plain };

  const fingers = () => (innerWidth <= 900 ? FINGER : MOUSE);

  const ramp = (at, low, high, scale = "ramp") => lab.html("span", { class: "range" }, at, `${low} `).append(lab.html("i", { class: scale }), ` ${high}`);

  /** The rows that have a name when each needs `every` rows: the marked one always, and no other too close to it or to the edge. */
  const namedRows = (rows, every, marked) => {
    const first = every > 3 ? Math.floor(every / 2) : 0;
    return Array.from({ length: rows }, (_, row) => row).filter((row) => row === marked || (row % every === first && Math.abs(row - marked) >= every));
  };

  /** The names of the rows, each a button that marks its token. */
  const names = (at, panel, rows, rowHeight, letter, look, on) => {
    const size = fingers();
    const buttons = namedRows(rows, Math.ceil(size.text / rowHeight), look.row).map((row) => {
      const token = panel.tokens[row];
      const button = lab.html("button", { "aria-pressed": String(row === look.row), style: `top:${Math.max(7, (row + 0.5) * rowHeight)}px`, "data-key": `${letter}${row}`, title: named(token) }, at, named(token));
      button.addEventListener("click", () => on.mark(row));
      for (const [event, word] of [["pointerenter", token.word], ["focus", token.word], ["pointerleave", null], ["blur", null]]) button.addEventListener(event, () => on.point(word));
      return { button, token };
    });
    return (word) => { for (const { button, token } of buttons) button.classList.toggle("pointed", token.word === word); };
  };

  /** What a full heatmap tells the rest of the page, and hears from it. */
  const shared = (panel, on) => ({ point: (row) => on.point(row === null ? null : panel.tokens[row].word), mark: on.mark });

  /** One heatmap: rows are tokens, at the left their names, at the right each row's standard deviation -> {values, point(word)}. */
  lab.tensorRows = (at, panel, part, letter, look, words, on) => {
    const values = lab.heat.floats(part);
    const range = SIGMAS * spread(Array.from(values)) || 1;
    const size = fingers();
    const rowHeight = Math.max(2, Math.min(size.row, Math.floor(size.room / part.rows)));
    const frame = lab.html("div", { class: rowHeight < MOUSE.row ? "heat dense" : "heat" }, at);
    const title = lab.html("div", { class: "heat-title" }, frame);
    lab.html("i", { class: letter }, title, letter);
    const label = lab.html("span", { title: part.label }, title, part.label);
    const whole = lab.html("button", { class: "link whole", hidden: true, "data-key": `whole-${letter}` }, title, words.heat_whole);
    ramp(title, num(-range), num(range));
    lab.html("span", { class: "right" }, title, words.std);
    const left = lab.html("div", { class: "heat-names" }, frame);
    const picture = lab.html("div", { class: "heat-picture" }, frame);
    const numbers = lab.html("div", { class: "heat-numbers" }, frame);
    const light = names(left, panel, part.rows, rowHeight, letter, look, on);
    for (const row of namedRows(part.rows, Math.ceil(MOUSE.text / rowHeight), look.row)) {
      lab.html("span", { class: row === look.row ? "on" : "", style: `top:${Math.max(7, (row + 0.5) * rowHeight)}px` }, numbers, num(spread(rowOf(values, part, row))));
    }
    const about = (row, column) => {
      const of = part.names?.length ? lab.fill(words.next_at, { token: plain(panel.tokens[row]), next: part.names[column].trim() || "␣" }) : lab.fill(words.value_at, { token: plain(panel.tokens[row]), column });
      return `${of}: ${num(values[row * part.columns + column], 4)}`;
    };
    const full = lab.fullHeatmap(
      lab.html("div", {}, picture), letter,
      { rows: part.rows, columns: part.columns, values, low: -range, high: range, scale: "signed", row: look.row, same: `${panel.side} ${panel.name} ${part.data}` },
      {
        width: Math.max(120, picture.clientWidth), rowHeight, kind: words.heat_kind, about, loading: words.heat_loading,
        label: `${part.label}, ${lab.fill(words.cells, { rows: part.rows, columns: part.columns, low: num(-range), high: num(range) })}. ${words.heat_keys}`,
      },
      { ...shared(panel, on), zoom: (seen) => { label.textContent = seen ? lab.fill(words.heat_zoomed, { first: seen[0], last: seen[1] }) : part.label; whole.hidden = !seen; } },
    );
    whole.addEventListener("click", () => full.zoom(0));
    return { values, point: (word) => { light(word); full.point((row) => panel.tokens[row].word === word); } };
  };

  /** Every head small, as a button; the chosen one in full -> {point(word)}. */
  lab.tensorHeads = (at, panel, look, words, on) => {
    const { heads, rows, data } = panel.heads;
    const frame = lab.html("div", { class: "panel-heads" }, at);
    const colours = lab.heat.scales();
    const bytes = lab.heat.bytes(data);
    const across = heads <= 6 ? 3 : 4;
    const small = Math.floor((130 - 4 * (across - 1)) / across);
    const side = lab.html("div", {}, frame);
    const list = lab.html("div", { class: "head-list", role: "group", "aria-label": words.attention, style: `grid-template-columns: repeat(${across}, ${small}px)` }, side);
    for (let head = 0; head < heads; head += 1) {
      const name = lab.fill(words.head, { n: head });
      const button = lab.html("button", { "aria-pressed": String(head === panel.head), "aria-label": name, title: name, "data-key": `head${head}` }, list);
      const canvas = lab.html("canvas", { "aria-hidden": "true" }, button);
      lab.heat.attention(lab.heat.pen(canvas, small, small), { x: 0, y: 0, w: small, h: small }, rows, bytes, head * rows * rows, 255, colours);
      lab.html("span", {}, button, String(head));
      button.addEventListener("click", () => on.head(head));
    }
    lab.html("p", { class: "about" }, side, `${words.reads}. ${words.weight}.`);

    const large = lab.html("div", { class: "head-full" }, frame);
    const title = lab.html("div", { class: "heat-title" }, large);
    lab.html("b", {}, title, lab.fill(words.head, { n: panel.head }));
    ramp(title, "0", "1", "ramp weights");
    const tokens = panel.pattern.rows;
    const size = Math.min(SQUARE.most, large.clientWidth - SQUARE.names);
    const rowHeight = size / tokens;
    const left = lab.html("div", { class: "heat-names", style: `height:${size}px` }, large);
    const light = names(left, panel, tokens, rowHeight, "head", look, on);
    const values = lab.heat.floats(panel.pattern);
    for (let row = 0; row < tokens; row += 1) values.fill(NaN, row * tokens + row + 1, (row + 1) * tokens); // not seen
    const about = (row, column) => {
      const [token, other] = [row, column].map((index) => plain(panel.tokens[index]));
      return column > row ? lab.fill(words.not_seen, { token, other }) : `‘${token}’ → ‘${other}’: ${num(values[row * tokens + column], 4)}`;
    };
    const full = lab.fullHeatmap(
      lab.html("div", { class: "weights" }, large), "head",
      { rows: tokens, columns: tokens, values, low: 0, high: 1, scale: "attention", row: look.row, same: `${panel.side} ${panel.name} ${panel.head} ${panel.pattern.data}` },
      { width: size, rowHeight, kind: words.heat_kind, about, loading: words.heat_loading, label: `${lab.fill(words.head, { n: panel.head })}, ${lab.fill(words.cells, { rows: tokens, columns: tokens, low: "0", high: "1" })}. ${words.heat_keys}` },
      { ...shared(panel, on), zoom() {} },
    );
    const below = lab.html("div", { class: "head-columns", "aria-hidden": "true" }, large);
    if (rowHeight >= 34) panel.tokens.forEach((token) => lab.html("span", { style: `width:${rowHeight}px` }, below, lab.fit(named(token), rowHeight - 2, 14)));
    return { point: (word) => { light(word); full.point((row) => panel.tokens[row].word === word); } };
  };
})();
