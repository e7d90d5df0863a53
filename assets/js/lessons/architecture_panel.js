"use strict";
/* The panel beside the two drawings: one tensor in full, its distribution, formula and line of code; or what is lit. */
(() => {
  const SIGMAS = 3; // as in the thumbnails: the colours end there
  const HISTOGRAM = { height: 76, base: 56, bins: 35 };
  const SYMBOLS = { x: "ink-2", y: "model-ink", μ: "mu", σ: "sigma", Q: "q", K: "k", V: "v" };
  const num = (value, digits = 2) => lab.signedNumber(value, digits);

  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const spread = (values) => { const middle = mean(values); return Math.sqrt(mean(values.map((value) => (value - middle) ** 2))); };
  const length = (values) => Math.hypot(...values);
  const rowOf = (values, part, row) => Array.from(values.subarray(row * part.columns, (row + 1) * part.columns));
  const named = (token) => (token.space ? "·" : "") + lab.readable(token);
  const plain = (token) => lab.readable(token).trim() || "␣";

  const heading = (at, panel, words, on) => {
    const head = lab.html("div", { class: "panel-head" }, at);
    lab.html("h2", {}, head, panel.title);
    if (panel.twins) {
      const pair = lab.html("div", { class: "seg", role: "group", "aria-label": words.picture }, head);
      for (const side of ["gpt1", "gpt2"]) {
        const there = panel.twins.includes(side);
        const button = lab.html("button", { "aria-pressed": String(side === panel.side), disabled: !there, "data-key": `side-${side}` }, pair, side === "gpt1" ? "GPT-1" : "GPT-2");
        button.addEventListener("click", () => on.pick(side, panel.name));
      }
      const close = lab.html("button", { class: "close", "aria-label": words.close, title: words.close, "data-key": "close" }, head, "×");
      close.addEventListener("click", () => on.close());
    }
    if (panel.name) {
      const about = lab.html("p", { class: "about" }, at);
      lab.html("code", {}, about, panel.name);
      about.append(` ${lab.shapeOf(panel.shape)}`);
    }
    lab.rich(lab.html("p", { class: "panel-say" }, at), panel.say);
  };

  /** One heatmap: rows are tokens, at the left their names, at the right each row's standard deviation. */
  const heatmap = (at, panel, part, letter, label, look, words, on) => {
    const values = lab.heat.floats(part.data);
    const range = SIGMAS * spread(Array.from(values)) || 1;
    const rowHeight = Math.max(2, Math.min(15, Math.floor(84 / part.rows)));
    const frame = lab.html("div", { class: rowHeight < 15 ? "heat dense" : "heat" }, at);
    const title = lab.html("div", { class: "heat-title" }, frame);
    lab.html("i", { class: letter }, title, letter);
    lab.html("span", {}, title, label);
    lab.html("span", { class: "range" }, title, `−${num(range)} `).append(lab.html("i", { class: "ramp" }), ` ${num(range)}`);
    lab.html("span", { class: "right" }, title, words.std);
    const names = lab.html("div", { class: "heat-names" }, frame);
    const picture = lab.html("div", { class: "heat-picture" }, frame);
    const canvas = lab.html("canvas", { role: "img", "aria-label": lab.fill(words.cells, { rows: part.rows, columns: part.columns, low: num(-range), high: num(range) }) }, picture);
    const numbers = lab.html("div", { class: "heat-numbers" }, frame);
    const width = Math.max(120, picture.clientWidth);
    lab.heat.signed(lab.heat.pen(canvas, width, rowHeight * part.rows), { x: 0, y: 0, w: width, h: rowHeight * part.rows }, part.rows, part.columns, values, range, lab.heat.scales());
    const selected = lab.html("div", { class: "heat-row" }, picture);
    Object.assign(selected.style, { top: `${look.row * rowHeight - 2}px`, height: `${rowHeight + 4}px` });
    const every = Math.ceil(12 / rowHeight); // names of 12 px in a dense tensor
    for (let row = 0; row < part.rows; row += 1) {
      const on_ = row === look.row;
      if (row % every && !on_ || Math.abs(row - look.row) < every && !on_) continue;
      const button = lab.html("button", { "aria-pressed": String(on_), style: `top:${Math.max(7, (row + 0.5) * rowHeight)}px`, "data-key": `${letter}${row}` }, names, named(panel.tokens[row]));
      button.addEventListener("click", () => on.mark(row));
      lab.html("span", { class: on_ ? "on" : "", style: `top:${Math.max(7, (row + 0.5) * rowHeight)}px` }, numbers, num(spread(rowOf(values, part, row))));
    }
    canvas.addEventListener("pointermove", (event) => {
      const row = Math.min(part.rows - 1, Math.floor(event.offsetY / rowHeight));
      const column = Math.min(part.columns - 1, Math.floor((event.offsetX / width) * part.columns));
      if (row < 0 || column < 0) return;
      canvas.title = `${lab.fill(words.value_at, { token: plain(panel.tokens[row]), column })}: ${num(values[row * part.columns + column], 4)}`;
      on.point(panel.tokens[row].word);
    });
    canvas.addEventListener("pointerleave", () => on.point(null));
    canvas.addEventListener("click", (event) => on.mark(Math.min(part.rows - 1, Math.floor(event.offsetY / rowHeight))));
    return values;
  };

  /** The numbers of one token: what went in as an outline, what comes out as bars. */
  const histogram = (at, panel, before, after, token, words) => {
    const width = Math.max(240, at.clientWidth);
    const { height, base, bins } = HISTOGRAM;
    const [left, right] = [10, width - 108];
    const shown = before ?? after;
    const reach = 3.5 * Math.max(spread(shown), spread(after)) || 1; // what lies beyond is in the outermost bars
    const x = (value) => left + ((value + reach) / (2 * reach)) * (right - left);
    const counts = (values) => {
      const bars = Array(bins).fill(0);
      for (const value of values) bars[Math.max(0, Math.min(bins - 1, Math.floor(((value + reach) / (2 * reach)) * bins)))] += 1;
      return bars;
    };
    const out = counts(after);
    const into = before && counts(before);
    const most = Math.max(...out, ...(into ?? [0]));
    const y = (count) => base - (count / most) * 44;
    const step = (right - left) / bins;
    const drawing = lab.canvas(at, width, height, lab.fill(words.histogram, { token: plain(token), n: after.length }));
    out.forEach((count, index) => count && lab.svg("rect", { class: "bin", x: left + index * step + 0.4, y: y(count), width: step - 0.8, height: base - y(count) }, drawing));
    if (into) lab.svg("path", { class: "outline", d: `M${left} ${base}${into.map((count, index) => `V${y(count)}H${left + (index + 1) * step}`).join("")}V${base}` }, drawing);
    lab.svg("path", { class: "axis", d: `M${left} ${base + 0.5}H${right}` }, drawing);
    for (const value of [-reach, 0, reach]) lab.svg("text", { x: x(value), y: base + 17, "text-anchor": value < 0 ? "start" : value > 0 ? "end" : "middle", class: "mute" }, drawing, num(value, reach < 2 ? 2 : 1));
    const [middle, sigma] = [mean(shown), spread(shown)];
    lab.svg("path", { class: "mu", d: `M${x(middle)} 8V${base}` }, drawing);
    lab.svg("text", { class: "mu-name", x: x(middle) - 5, y: 11, "text-anchor": "end" }, drawing, "μ");
    lab.svg("path", { class: "sigma", d: `M${x(middle)} 13H${Math.min(right, x(middle + sigma))}m0 -4v8` }, drawing);
    lab.svg("text", { class: "sigma-name", x: Math.min(right, x(middle + sigma)) + 5, y: 18 }, drawing, "σ");
    lab.svg("text", { x: width, y: 14, "text-anchor": "end", class: "mute" }, drawing, lab.fill(words.numbers, { n: lab.count(after.length) }));
    lab.svg("text", { x: width, y: 34, "text-anchor": "end", class: "mute" }, drawing, words.length);
    lab.svg("text", { x: width, y: 54, "text-anchor": "end", style: "font-weight:700;font-size:14px" }, drawing, before ? `${num(length(before), 1)} → ${num(length(after), 1)}` : num(length(after), 1));
    return { middle, sigma };
  };

  const formula = (at, panel, numbers, token, words) => {
    const row = lab.html("div", { class: "panel-formula" }, at);
    lab.formula(lab.html("div", {}, row), panel.formula, SYMBOLS);
    const where = lab.html("div", { class: "where" }, row);
    for (const [symbol, shape] of panel.where) {
      const pair = lab.html("span", {}, where);
      lab.html("i", {}, pair, symbol);
      pair.append(` ${shape}`);
    }
    if (!panel.norm || !numbers) return;
    const values = lab.html("span", {}, where, `${lab.fill(words.of_token, { token: plain(token) })} `);
    lab.html("b", { class: "mu" }, values, `μ ${num(numbers.middle)}`);
    values.append(" ");
    lab.html("b", { class: "sigma" }, values, `σ ${num(numbers.sigma)}`);
  };

  const code = (at, panel) => {
    const list = lab.html("div", { class: "panel-code", tabindex: 0 }, at);
    for (const [side, line] of panel.code) {
      lab.html("span", { class: `${side}${side === panel.side ? " on" : ""}` }, list, side === "gpt1" ? "GPT-1" : "GPT-2");
      lab.html("code", { class: side === panel.side ? "on" : "" }, list, line);
    }
  };

  const tensor = (at, panel, look, words, on) => {
    const x = panel.x && heatmap(at, panel, panel.x, "x", words.entering, look, words, on);
    const y = heatmap(at, panel, panel.y, "y", panel.note || words.leaving, look, words, on);
    const before = x && rowOf(x, panel.x, look.row);
    const after = rowOf(y, panel.y, look.row);
    const numbers = histogram(lab.html("div", { class: "histogram" }, at), panel, before, after, panel.tokens[look.row], words);
    formula(at, panel, numbers, panel.tokens[look.row], words);
    code(at, panel);
  };

  const heads = (at, panel, look, words, on) => {
    const { heads: n, rows, of, data } = panel.heads;
    const values = lab.heat.floats(data);
    const grid = lab.html("div", { class: "panel-heads" }, at);
    const colours = lab.heat.scales();
    for (let head = 0; head < n; head += 1) {
      const cell = lab.html("figure", {}, grid);
      const size = Math.min(98, Math.max(64, cell.clientWidth));
      const canvas = lab.html("canvas", { role: "img", "aria-label": lab.fill(words.head, { n: head }) }, cell);
      lab.heat.attention(lab.heat.pen(canvas, size, size), { x: 0, y: 0, w: size, h: size }, rows, values, head * rows * rows, 1, colours);
      lab.html("figcaption", {}, cell, lab.fill(words.head, { n: head }));
      canvas.addEventListener("pointermove", (event) => {
        const [row, column] = [event.offsetY, event.offsetX].map((place) => Math.max(0, Math.min(rows - 1, Math.floor((place / size) * rows))));
        const token = (index) => plain(panel.tokens[index + of - rows]);
        canvas.title = column > row ? "" : `${token(row)} → ${token(column)}: ${num(values[(head * rows + row) * rows + column], 3)}`;
        on.point(panel.tokens[row + of - rows].word);
      });
      canvas.addEventListener("pointerleave", () => on.point(null));
    }
    lab.html("p", { class: "about" }, at, `${words.reads}. ${words.weight}.`);
    formula(at, panel, null, null, words);
    code(at, panel);
  };

  const table = (at, rows, words) => {
    const made = lab.html("table", { class: "panel-table" }, at);
    const head = lab.html("tr", {}, lab.html("thead", {}, made));
    for (const [name, cls] of [["", ""], ["GPT-1", "gpt1"], ["GPT-2", "gpt2"]]) lab.html(name ? "th" : "td", { scope: name ? "col" : null, class: cls }, head, name);
    const body = lab.html("tbody", {}, made);
    for (const [name, ...values] of rows) {
      const line = lab.html("tr", {}, body);
      lab.html("th", { scope: "row" }, line, name);
      for (const value of values) lab.html("td", {}, line, value);
    }
  };

  const change = (at, panel, words) => {
    table(at, panel.rows, words);
    for (const cut of panel.cuts) {
      const line = lab.html("div", { class: `cut ${cut.side}` }, at);
      lab.html("b", {}, line, `${cut.side === "gpt1" ? "GPT-1" : "GPT-2"} · ${cut.count}`);
      const chips = lab.html("div", {}, line);
      for (const token of cut.tokens) lab.html("span", { class: token.part_of ? "token part" : "token", title: lab.aboutToken(token, words) }, chips, named(token));
      if (cut.more) lab.html("span", { class: "about" }, chips, lab.fill(words.more, { n: cut.more }));
    }
    lab.html("p", { class: "about source" }, at, panel.source);
  };

  /** Equation (2) with the lit term in a frame, and below it that term's place in both models. */
  const EQUATION = [
    [["msub", "h", "0"], "=", ["embed", "U", ["msub", "W", "e"]], ["position", "+", ["msub", "W", "p"]]],
    [["msub", "h", "l"], "=", ["blocks", "transformer_block", "(", ["msub", "h", ["mrow", "l", "−", "1"]], ")"]],
    [["mrow", "P", "(", "u", ")"], "=", ["unembed", "softmax", "(", ["msub", "h", "n"], ["msubsup", "W", "e", "T"], ")"]],
  ];
  lab.equationTwo = (at, lit, light) => {
    const names = ["embed", "position", "blocks", "unembed"];
    for (const line of EQUATION) {
      const row = lab.html("div", { class: "equation-line" }, at);
      for (const part of line) {
        const term = Array.isArray(part) && names.includes(part[0]);
        const place = term ? lab.html("button", { class: "equation-term", "aria-pressed": String(part[0] === lit), "data-key": `eq-${part[0]}` }, row) : lab.html("span", {}, row);
        lab.formula(place, term ? ["mrow", ...part.slice(1)] : Array.isArray(part) ? part : ["mrow", part]).setAttribute("display", "inline");
        if (term) place.addEventListener("click", () => light(part[0]));
      }
    }
  };

  const term = (at, panel, look, words, on) => {
    lab.equationTwo(lab.html("div", { class: "equation" }, at), look.lit, on.light);
    const pair = lab.html("div", { class: "term-pair" }, at);
    for (const { side, places } of panel.columns) {
      const block = lab.html("div", { class: `term-values ${side}` }, pair);
      lab.html("b", {}, block, side === "gpt1" ? "GPT-1" : "GPT-2");
      for (const place of places) {
        const line = lab.html("p", {}, block);
        lab.html("i", {}, line, place.symbol);
        lab.html("span", {}, line, place.shape);
        lab.html("b", { title: words.std }, line, place.std);
        lab.html("small", {}, line, place.values);
      }
    }
    lab.html("p", { class: "about source" }, at, panel.source);
  };

  /** value: the picture · look: {row (counted from 0), lit} · on: {pick, close, mark, point, light, open} */
  lab.architecturePanel = (at, value, look, words, on) => {
    const { panel } = value;
    at.replaceChildren();
    at.className = `panel ${panel ? (panel.side ?? "both") : "both"}`;
    if (!panel) return;
    heading(at, panel, words, on);
    if (panel.kind === "tensor") tensor(at, panel, look, words, on);
    else if (panel.kind === "heads") heads(at, panel, look, words, on);
    else if (panel.kind === "change") change(at, panel, words);
    else if (panel.kind === "term") term(at, panel, look, words, on);
    else {
      const open = lab.html("button", { class: "quiet", "data-key": "open-ln" }, at, lab.fill(words.open_ln, { n: value.columns[1].open }));
      open.addEventListener("click", () => on.pick("gpt2", `blocks.${value.columns[1].open}.ln1.hook_normalized`));
    }
  };
})();
