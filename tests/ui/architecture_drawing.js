/* What the tests of the two drawings of 「GPT-1 vs GPT-2」 ask in the page, on top of `drawn` of tests/harness/drawing.js. */
(() => {
  /** The picture as Python would have sent it of deeper models, or of more heads. */
  drawn.change = (n_layer, open, n_head) => {
    const stage = lab.active();
    const value = structuredClone((window.original ??= stage.value));
    for (const column of value.columns) {
      const out = column.side === "gpt1" ? "ln2.hook_normalized" : "hook_resid_post";
      const { tensors } = column;
      for (const name of Object.keys(tensors)) {
        if (name.startsWith("blocks.2.")) tensors[name.replace("blocks.2.", `blocks.${open}.`)] = tensors[name];
      }
      for (let layer = 0; layer < n_layer; layer += 1) {
        const name = `blocks.${layer}.${out}`;
        tensors[name] = { ...tensors[`blocks.2.${out}`], std: 1 + layer / 8 };
      }
      Object.assign(column, { n_layer, open, n_head, model: "local/a-model-with-a-name-that-is-long" });
    }
    stage.value = Object.assign(value, { blocks: n_layer, open });
    stage.paint();
  };

  /** Words that lie on the stream, where no box is between. */
  drawn.onStream = () => lab.active().drawings.filter((one) => one.svg).flatMap(({ svg }) => {
    const stream = svg.querySelector(".stream");
    const back = stream.getScreenCTM().inverse();
    return drawn.texts(svg).filter((text) => !text.parentNode.querySelector(":scope > .box")).flatMap((text) => {
      const { left, right, top, bottom, name } = drawn.letters(text);
      const on = [0, 0.25, 0.5, 0.75, 1].some((share) => stream.isPointInFill(new DOMPoint(left + share * (right - left), (top + bottom) / 2).matrixTransform(back)));
      return on ? [`${name} lies on the stream`] : [];
    });
  });

  /** Thumbnails that lie on words or on each other. */
  drawn.thumbnails = () => lab.active().drawings.filter((one) => one.svg).flatMap((one) => {
    const { left, top } = drawn.box(one.svg);
    const on = ({ x, y, w, h }) => ({ left: left + x, right: left + x + w, top: top + y, bottom: top + y + h });
    return drawn.pictures(one.svg, one.thumbs.map(on));
  });

  /** Arrow heads that touch nothing, lines that begin or end nowhere; in pixels of the drawing. */
  drawn.arrows = () => lab.active().drawings.filter((one) => one.svg).flatMap((one) => {
    const { svg, spine } = one;
    const origin = drawn.box(svg);
    const stream = svg.querySelector(".stream");
    const place = (element) => {
      const { left, right, top, bottom } = drawn.box(element);
      return [left - origin.left, right - origin.left, top - origin.top, bottom - origin.top];
    };
    const things = [...svg.querySelectorAll(".box, .sum circle, .next-token > rect")].map(place)
      .concat(one.thumbs.map(({ x, y, w, h }) => [x, x + w, y, y + h]))
      .concat([...svg.querySelectorAll("text")].filter((text) => text.textContent === "…").map(place));
    const edge = (x, y, side, slack) => things.some(([left, right, top, bottom]) =>
      y > top && y < bottom && Math.abs(x - (side === "left" ? left : right)) <= slack);
    const onStream = (x, y, sign) => Math.abs(x - spine - sign * drawn.width(stream, origin.left + spine, origin.top + y) / 2) <= 1.5;
    const heads = [...svg.querySelectorAll(".head")].map((head) => {
      const [, x, y, run] = head.getAttribute("d").match(/M([-\d.]+) ([-\d.]+)l([-\d.]+)/).map(Number);
      return { x, y, sign: -Math.sign(run) };
    });
    const wrong = heads.filter(({ x, y, sign }) => !edge(x, y, sign > 0 ? "left" : "right", 2.5)).map(({ x, y }) => `the head at ${x}, ${y} touches nothing`);
    const lines = [...svg.querySelectorAll(".leg")].map((line) => line.getAttribute("d").match(/M([-\d.]+) ([-\d.]+)H([-\d.]+)/).slice(1).map(Number));
    for (const [from, y, to] of lines) {
      const [left, right] = [Math.min(from, to), Math.max(from, to)];
      const head = heads.find((one) => one.y === y && (one.sign > 0 ? one.x >= right && one.x - right <= 7 : one.x <= left && left - one.x <= 7));
      if (!head) { wrong.push(`the line at ${y} has no head`); continue; }
      const begins = head.sign > 0 ? edge(left, y, "right", 1.5) || onStream(left, y, 1) : edge(right, y, "left", 2.5);
      if (!begins) wrong.push(`the line at ${y} begins nowhere`);
    }
    if (lines.length !== heads.length) wrong.push("a head without a line");
    for (const hair of svg.querySelectorAll(".hair")) {
      const [from, y, to] = hair.getAttribute("d").match(/M([-\d.]+) ([-\d.]+)H([-\d.]+)/).slice(1).map(Number);
      if (!edge(from, y, "right", 4)) wrong.push(`the hair at ${y} begins nowhere`);
      if (!edge(to, y, "left", 1.5) && !onStream(to, y, -1)) wrong.push(`the hair at ${y} ends nowhere`);
    }
    return wrong;
  });

  /** {side: [[name of a tensor, px]]}: the stream beside each sum, LN and bar. */
  drawn.widths = () => Object.fromEntries(lab.active().drawings.map(({ svg, spine, pre, column, height }) => {
    const origin = drawn.box(svg);
    const stream = svg.querySelector(".stream");
    const at = (y) => drawn.width(stream, origin.left + spine, origin.top + y);
    const found = [];
    const inside = `blocks.${column.open}.`;
    const out = pre ? "hook_resid_post" : "ln2.hook_normalized";
    const sums = [...svg.querySelectorAll(".s-init circle")].map((one) => Number(one.getAttribute("cy")));
    const after = pre ? ["hook_resid_mid", "hook_resid_post"] : ["ln1.hook_normalized", "ln2.hook_normalized"];
    const before = ["hook_resid_pre", pre ? "hook_resid_mid" : "ln1.hook_normalized"];
    sums.forEach((y, half) => found.push([inside + before[half], at(y + 15)], [inside + ["hook_resid_mid", "hook_resid_post"][half], at(y - 15)], [inside + after[half], at(y - 49)]));
    let above = "blocks.0.hook_resid_pre";
    const bars = [...svg.querySelectorAll(".bar")].map((bar) => ({ box: drawn.box(bar.querySelector(".strip")), name: bar.querySelector("text").textContent.match(/\d+/g).map(Number) }));
    for (const { box, name } of bars) {
      found.push([`blocks.${name.at(-1)}.${out}`, at(box.top - origin.top + 0.5)]);
      found.push([name[0] ? `blocks.${name[0] - 1}.${out}` : above, at(box.bottom - origin.top - 0.5)]);
    }
    const bend = Number(svg.querySelector(".bend").getAttribute("stroke-width"));
    found.push([pre ? "ln_final.hook_normalized" : `blocks.${column.n_layer - 1}.${out}`, bend]);
    found.push(["hook_embed", at(height - 34)], [above, at(height - 57)]);
    return [column.side, found];
  }));

  /** Of each thumbnail, whether some of its cells have the colours that their bytes stand for. */
  drawn.colours = async () => {
    const main = document.querySelector('script[src*="/js/main.js"]').src;
    const { heat } = await import(new URL("views/heatmap.js", main));
    const scales = heat.scales();
    return lab.active().drawings.flatMap(({ canvas, thumbs, column }) => {
      const density = canvas.width / parseFloat(canvas.style.width);
      const pen = canvas.getContext("2d");
      return thumbs.map((thumb) => {
        const pattern = thumb.head !== undefined;
        const { rows, data } = pattern ? column.heads : thumb.thumb;
        const columns = pattern ? rows : thumb.thumb.columns;
        const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
        const first = pattern ? thumb.head * rows * rows : 0;
        const cells = [[0, 0], [rows - 1, 0], [rows - 1, Math.floor(columns / 2)], [Math.floor(rows / 2), 1]];
        return cells.every(([row, column]) => {
          const [x, y] = [thumb.x + ((column + 0.5) * thumb.w) / columns, thumb.y + ((row + 0.5) * thumb.h) / rows];
          const painted = pen.getImageData(Math.floor(x * density), Math.floor(y * density), 1, 1).data;
          const byte = bytes[first + row * columns + column];
          const colour = pattern ? (column > row ? scales.closed : scales.attention[byte]) : scales.signed[byte];
          return colour.every((part, index) => Math.abs(part - painted[index]) < 4);
        });
      });
    });
  };

  /** The frames of the marked tokens against the thumbnails: how many there are, and how many lie where their row is. */
  drawn.frames = () => lab.active().drawings.map(({ thumbs, column, marks, tokens }) => {
    const frames = [...marks.querySelectorAll("rect")].map((rect) => ["x", "y", "width", "height"].map((name) => Number(rect.getAttribute(name))));
    const pointed = column.tokens.flatMap((token, row) => (tokens.find((one) => one.token === token)?.group.classList.contains("pointed") ? [row] : []));
    const expected = thumbs.flatMap((thumb) => pointed.map((row) => {
      const rows = thumb.head === undefined ? thumb.thumb.rows : column.heads.rows;
      const high = thumb.h / rows;
      return [thumb.x + thumb.w / 2, thumb.y + thumb.h - (column.tokens.length - row - 0.5) * high, thumb.w, high];
    }));
    const near = (frame, [x, y, w, h]) => Math.abs(frame[0] + frame[2] / 2 - x) < 1 && Math.abs(frame[1] + frame[3] / 2 - y) < 1
      && Math.abs(frame[2] - w - 3) < 1 && Math.abs(frame[3] - h - 2) < 1;
    return { frames: frames.length, expected: expected.length, found: expected.filter((one) => frames.some((frame) => near(frame, one))).length, pointed: pointed.length };
  });

  /** The bars of one side from bottom to top: their blocks, and where their mark is from the right end and from the middle. */
  drawn.bars = (side) => [...document.querySelectorAll(`#architecture .arch-column.${side} .bar`)].map((bar) => {
    const [strip, mark] = [".strip", ".fold-mark"].map((one) => drawn.box(bar.querySelector(one)));
    const blocks = bar.querySelector("text").textContent.match(/\d+/g).map(Number);
    return { y: strip.y, blocks, right: strip.right - mark.right, aloft: (strip.top + strip.bottom - mark.top - mark.bottom) / 2 };
  });

  const numbers = (element, ...names) => names.map((name) => Number(element.getAttribute(name)));
  const columnsOfBoard = () => [...document.querySelectorAll(".arch-board > :is(.gpt1, .gpt2)")].filter((one) => one.querySelector(".ground"));

  /** [words, x, y, anchor] of all that stands outside the columns. */
  drawn.boardTexts = () => [...document.querySelectorAll(".arch-board > text")].map((one) => [one.textContent, ...numbers(one, "x", "y"), one.getAttribute("text-anchor")]);

  /** Pictures on the board that leave it, or lie on words or on each other. */
  drawn.boardPictures = () => {
    const board = document.querySelector(".arch-board");
    return drawn.pictures(board, [...board.querySelectorAll("image")].map(drawn.box));
  };

  /** Arrows of the board that touch no box: each line is followed by its head, whose tip comes first. */
  drawn.boardArrows = () => columnsOfBoard().flatMap((column) => {
    const boxes = [...column.querySelectorAll(".part-box, .next, .plus circle")].map((one) => (one.tagName === "circle"
      ? [one.cx.baseVal.value - 17, one.cx.baseVal.value + 17, one.cy.baseVal.value - 17, one.cy.baseVal.value + 17]
      : [one.x.baseVal.value, one.x.baseVal.value + one.width.baseVal.value, one.y.baseVal.value, one.y.baseVal.value + one.height.baseVal.value]));
    const heads = [...column.querySelectorAll(":scope > path[fill^='var']")].filter((one) => one.getAttribute("d").endsWith("Z"));
    const wrong = heads.length === 5 ? [] : [`${heads.length} arrows`]; // in and out of two parts, and to the next token
    for (const head of heads) {
      const [x, y] = head.getAttribute("d").match(/-?[\d.]+/g).map(Number);
      if (!boxes.some(([left, right, top, bottom]) => y > top && y < bottom && Math.min(Math.abs(x - left), Math.abs(x - right)) <= 4.5)) wrong.push(`the head at ${x}, ${y} touches nothing`);
      const [from, fromY] = head.previousElementSibling.getAttribute("d").match(/-?[\d.]+/g).map(Number);
      const beside = x > from ? from <= 178 && from >= 168 : false; // beside the stream
      const onBox = boxes.some(([left, right, top, bottom]) => fromY > top && fromY < bottom && Math.min(Math.abs(from - left), Math.abs(from - right)) <= 4.5);
      if (!beside && !onBox) wrong.push(`the line to ${x}, ${y} begins nowhere`);
    }
    return wrong;
  });

  /** {side: [[name of a tensor, px]]}: the stream of the board below and above each sum, above each LN's place, at both ends. */
  drawn.boardWidths = () => Object.fromEntries(columnsOfBoard().map((at) => {
    const column = lab.active().value.columns.find((one) => at.classList.contains(one.side));
    const [stream, pre] = [at.querySelector(".stream"), column.side === "gpt2"];
    const out = pre ? "hook_resid_post" : "ln2.hook_normalized";
    const inside = `blocks.${column.open}.`;
    const sums = [...at.querySelectorAll(".plus circle")].map((one) => numbers(one, "cx", "cy"));
    const screen = stream.getScreenCTM();
    const width = (y) => {
      const point = new DOMPoint(sums[0][0], y).matrixTransform(screen);
      return drawn.width(stream, point.x, point.y) / screen.a;
    };
    const after = pre ? ["hook_resid_mid", "hook_resid_post"] : ["ln1.hook_normalized", "ln2.hook_normalized"];
    const before = ["hook_resid_pre", pre ? "hook_resid_mid" : "ln1.hook_normalized"];
    const found = sums.flatMap(([, y], half) => [
      [inside + before[half], width(y + 22)], [inside + ["hook_resid_mid", "hook_resid_post"][half], width(y - 22)], [inside + after[half], width(y - 64)],
    ]);
    const last = `blocks.${column.n_layer - 1}.${out}`;
    found.push([last, width(168)], [pre ? "ln_final.hook_normalized" : last, width(135)], ["blocks.0.hook_resid_pre", width(611)]);
    found.push([pre ? "ln_final.hook_normalized" : last, numbers(at.querySelector(".stream-line"), "stroke-width")[0]]);
    return [column.side, found];
  }));

  /** Whether the large head's cells have the colours of its weights. */
  drawn.boardHead = async () => {
    const main = document.querySelector('script[src*="/js/main.js"]').src;
    const { heat } = await import(new URL("views/heatmap.js", main));
    const { pattern } = lab.active().value.panel;
    const image = new Image();
    image.src = [...document.querySelectorAll(".arch-board > image")].at(-1).getAttribute("href");
    await image.decode();
    const pen = new OffscreenCanvas(image.width, image.height).getContext("2d");
    pen.drawImage(image, 0, 0);
    const [values, scales, size] = [heat.floats(pattern), heat.scales(), image.width / pattern.rows];
    return [...Array(pattern.rows ** 2).keys()].every((index) => {
      const [row, column] = [Math.floor(index / pattern.rows), index % pattern.rows];
      const painted = pen.getImageData(Math.floor((column + 0.5) * size), Math.floor((row + 0.5) * size), 1, 1).data;
      const colour = column > row ? scales.closed : scales.attention[Math.round(255 * values[index])];
      return colour.every((part, at) => Math.abs(part - painted[at]) < 5);
    });
  };

  const heatmap = async () => (await import(new URL("views/heatmap.js", document.querySelector('script[src*="/js/main.js"]').src))).heat;
  const rowsOf = async (part) => {
    const values = (await heatmap()).floats(part);
    return Array.from({ length: part.rows }, (_, row) => Array.from(values.subarray(row * part.columns, (row + 1) * part.columns)));
  };
  /** The numbers of one heatmap of the panel ("x" or "y"), row by row. */
  drawn.rowsOf = (letter) => rowsOf(lab.active().value.panel[letter]);

  /** The histogram of the panel in its own pixels, and the numbers that it is of. */
  drawn.histogram = async () => {
    const { value } = lab.active();
    const { panel } = value;
    const row = value.row < 0 || value.row >= panel.tokens.length ? panel.tokens.length - 1 : value.row;
    const place = document.querySelector("#architecture .histogram");
    const svg = place.querySelector("svg");
    const path = (selector) => svg.querySelector(selector)?.getAttribute("d").match(/-?[\d.]+/g).map(Number);
    const axes = [...svg.querySelectorAll(".axis")].map((one) => {
      const d = one.getAttribute("d");
      const [left, y, end] = d.match(/-?[\d.]+/g).map(Number);
      return [left, d.includes("h") ? left + end : end, y];
    });
    const outline = svg.querySelector(".outline")?.getAttribute("d").match(/V-?[\d.]+(?=H)/g).map((one) => Number(one.slice(1)));
    const [mu, sigma] = [path(".mu")?.[0], path(".sigma")];
    return {
      width: Number(svg.getAttribute("width")), room: place.clientWidth, axes, outline, mu, sigma: sigma && [sigma[0], sigma[2]],
      bars: [...svg.querySelectorAll("rect.bin")].map((one) => numbers(one, "x", "y", "width", "height")),
      texts: [...svg.querySelectorAll("text")].map((one) => [one.textContent, ...numbers(one, "x", "y")]),
      rows: { x: panel.x ? (await rowsOf(panel.x))[row] : [], hat: panel.layer_norm ? Array.from((await heatmap()).floats(panel.layer_norm.hat)) : [], y: (await rowsOf(panel.y))[row] },
    };
  };

  /** A chart of curves: the points of its lines and bands, its plane [left, right, floor, roof], its ticks. */
  drawn.chart = (svg) => {
    const points = (d) => d.match(/[ML]-?[\d.]+ -?[\d.]+/g).map((one) => one.slice(1).split(" ").map(Number));
    const grid = [...svg.querySelectorAll(".grid")].map((one) => one.getAttribute("d").match(/-?[\d.]+/g).map(Number));
    const height = Number(svg.getAttribute("height"));
    const at = [...svg.querySelectorAll("text[text-anchor=end]")].filter((one) => numbers(one, "x")[0] < grid[0][0]);
    return {
      lines: [...svg.querySelectorAll("path[stroke]")].map((one) => points(one.getAttribute("d"))),
      bands: [...svg.querySelectorAll("path[opacity]")].map((one) => points(one.getAttribute("d"))),
      plane: [grid[0][0], grid[0][2], height - 40, 30],
      ticks: at.map((one) => [one.textContent, numbers(one, "y")[0] - 5]),
    };
  };
})();
