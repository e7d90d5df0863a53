/* Inside the sandboxed frame: bertviz's own view of what the page sends, made to fit. A script by itself, whose text bertviz_frame.js
   puts into the frame's HTML: nothing is imported, and all it can reach is the frame. Tokens come as data and are drawn as text. */
(() => {
  const LABELS = 22; // px for the numbers of the heads over their squares
  const COMFORT = 580; // px that a picture may be high where enlarging it decides
  // what bertviz draws, in its own pixels: first column and row, width; and how much larger it may get
  const PICTURE = {
    head: { left: 0, top: -LABELS, width: 335, most: 1.7 },
    model: { left: -6, top: -6, width: 976, most: 1.35 },
    neuron: { left: 0, top: 0, width: 1004, most: 1.3 },
    folded: { left: 0, top: 0, width: 415, most: 1.5 },
  };
  const FORWARDED = ["PageUp", "PageDown", "Escape"]; // a presenter's keys are the page's
  const root = document.getElementById("bertviz");
  const tell = (message) => parent.postMessage(message, "*"); // the frame has no origin that the page could be told by
  let shown = null;

  const element = (tag, attributes, at, text) => {
    const made = tag === "text" || tag === "title" ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    if (text !== undefined) made.textContent = text;
    at?.append(made);
    return made;
  };
  const all = (selector) => [...root.querySelectorAll(selector)];
  const mouse = (target, type) => target.dispatchEvent(new MouseEvent(type, { bubbles: type === "click" }));
  const expanded = () => root.querySelector("#expanded")?.getAttribute("visibility") === "visible";

  /* ---- what bertviz's Python writes around its script ---- */
  const controls = ({ kind, said }) => {
    if (kind === "model") return;
    const line = element("div", { id: "controls" }, root);
    const choice = (id, name) => element("select", { id }, element("label", {}, line, `${name} `));
    choice("layer", said.layer);
    if (kind === "neuron") {
      choice("att_head", said.head);
      const button = element("button", { type: "button", id: "unfold" }, line);
      button.addEventListener("click", () => { unfold(); dress(); });
    }
  };

  /** bertviz opens and closes its computation by a small sign that only shows under the pointer. */
  const unfold = () => mouse(root.querySelector(expanded() ? "#expanded #leftText rect:last-child" : "#collapsed #leftText rect:last-child"), "click");

  /** What the learner has chosen in the view, to find it again in one drawn anew. */
  const chosen = () => {
    const found = {};
    for (const [name, id] of [["layer", "#layer"], ["head", "#att_head"]]) if (root.querySelector(id)) found[name] = Number(root.querySelector(id).value);
    const squares = all('[role="checkbox"]');
    if (squares.length) found.heads = squares.flatMap((square, index) => (square.getAttribute("aria-checked") === "true" ? [index] : []));
    return found;
  };

  const draw = (message) => {
    const before = shown ? chosen() : {};
    for (const name of Object.keys(before)) if (String(shown.params[name]) !== String(message.params[name])) delete before[name]; // the page has moved on
    shown = message;
    const { kind, params, colours, palette, scheme, dark } = message;
    const html = document.documentElement;
    html.style.colorScheme = dark ? "dark" : "light";
    for (const [name, value] of Object.entries(colours)) html.style.setProperty(name, value);
    root.replaceChildren();
    controls(message);
    element("div", { id: "vis" }, root);
    window.bertviz_params = { ...params, ...before };
    window.bertviz_palette = palette && { light: palette };
    const own = scheme ? Object.create(window.d3, { schemeCategory10: { value: scheme } }) : window.d3;
    window.bertviz_views[kind]((names, view) => view(window.jQuery, own));
    if (kind === "neuron") {
      unfold();
      mouse(all("#expanded #leftText > g").at(-1), "mouseover");
    }
    dress();
  };

  /* ---- after each drawing of bertviz's: size, words, keyboard ---- */
  const fit = () => {
    const svg = root.querySelector("#vis > svg");
    if (!svg) return;
    const { left, top, width, most } = PICTURE[shown.kind === "neuron" && !expanded() ? "folded" : shown.kind];
    const drawn = parseFloat(svg.getAttribute("height"));
    const height = shown.kind === "neuron" ? Math.max(124, drawn - 50) : drawn - top;
    const room = innerWidth / width;
    const scale = Math.max(shown.kind === "head" ? Math.min(1, room) : 1, Math.min(most, room, shown.kind === "model" ? room : Math.max(1, COMFORT / height)));
    svg.setAttribute("viewBox", `${left} ${top} ${width} ${height}`);
    Object.assign(svg.style, { width: `${width * scale}px`, height: `${height * scale}px` });
  };

  /** Words of bertviz's own; never those of a token, which stand deeper. */
  const translate = () => {
    const { said, kind } = shown;
    const own = kind === "model" ? all("#vis > svg > text") : all("#heading text, #heading tspan").filter((one) => !one.firstElementChild);
    const exact = { Heads: said.head, Layers: said.layer, "Query ": `${said.query} `, "Key ": `${said.key} `, "q × k (elementwise)": said.product, "No token selected": said.none };
    for (const one of own) {
      const detail = /^Layer (\d+), Head (\d+)$/.exec(one.textContent);
      if (detail) one.textContent = said.detail.replace("{layer}", detail[1]).replace("{head}", detail[2]);
      else if (Object.hasOwn(exact, one.textContent)) one.textContent = exact[one.textContent];
    }
    // three headings stand over the middle of what they name, whatever their language
    for (const [index, by] of [32, 27, 72].entries()) {
      const heading = root.querySelectorAll("#heading > text")[index];
      if (!heading || heading.getAttribute("text-anchor")) continue;
      heading.setAttribute("text-anchor", "middle");
      heading.setAttribute("x", Number(heading.getAttribute("x")) + by);
      for (const part of heading.children) part.removeAttribute("y"); // else each would begin at the middle
    }
  };

  /** Let `items` be walked through with the arrow keys, `columns` a row. `label(i)`, `enter` and `leave` as under a pointer, `press` as a click. */
  const walk = (items, columns, label, { enter, leave, press, role = "button" }) => items.forEach((item, index) => {
    if (item.dataset.walked) return;
    item.dataset.walked = index;
    for (const [name, value] of Object.entries({ tabindex: index ? -1 : 0, role, "aria-label": label(index) })) item.setAttribute(name, value);
    item.addEventListener("focus", () => enter?.(item));
    item.addEventListener("blur", () => leave?.(item));
    item.addEventListener("keydown", (event) => {
      const by = { ArrowUp: -columns, ArrowDown: columns, ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (by && items[index + by]) items[index + by].focus();
      else if (press && (event.key === "Enter" || event.key === " ")) press(item);
      else return;
      event.preventDefault();
    });
  });
  const over = { enter: (item) => mouse(item, "mouseover"), leave: (item) => { mouse(item, "mouseleave"); mouse(item.parentNode.parentNode, "mouseleave"); } };
  const named = (items) => {
    walk(items, 1, (index) => shown.names[index], over);
    items.forEach((item, index) => { if (!item.querySelector("title")) element("title", {}, item, shown.names[index]); });
  };

  const dressed = {
    head() {
      for (const side of ["#left", "#right"]) named(all(`${side} .background`).map((one) => one.parentNode));
      const squares = all("#vis > svg > g:not([id]) > rect");
      const state = (square) => square.setAttribute("aria-checked", String(square.getAttribute("fill") === square.dataset.on));
      walk(squares, squares.length, (index) => `${shown.said.head} ${index}`, { role: "checkbox", press: (square) => mouse(square, "click") });
      squares.forEach((square, index) => {
        square.dataset.on ??= all("#attention > g")[index].querySelector("line").getAttribute("stroke");
        state(square);
        if (square.parentNode.querySelectorAll("text").length <= index) element("text", { x: 20 * index + 10, y: -6, "text-anchor": "middle", "font-size": 14, "aria-hidden": "true" }, square.parentNode, String(index));
      });
    },
    model() {
      const { include_layers: layers, include_heads: heads } = shown.params;
      const where = (index) => shown.said.detail.replace("{layer}", layers[Math.floor(index / heads.length)]).replace("{head}", heads[index % heads.length]);
      walk(all(".attn_background").map((one) => one.parentNode.lastElementChild), heads.length, where, { press: (item) => mouse(item, "click") });
      all(".detail > g").filter((one) => one.querySelector(":scope > .token")).forEach((item, index) => { item.dataset.token = index % shown.names.length; });
      named(all(".detail > g[data-token]").slice(0, shown.names.length));
      const detail = root.querySelector("rect.detail:not([data-seen])");
      if (!detail) return;
      detail.dataset.seen = 1;
      const vis = root.querySelector("#vis");
      vis.scrollLeft += Math.max(0, detail.getBoundingClientRect().right + 4 - vis.getBoundingClientRect().right);
    },
    neuron() {
      for (const part of ["#expanded", "#collapsed"]) named(all(`${part} #leftText > g`));
      const button = root.querySelector("#unfold");
      button.textContent = expanded() ? shown.said.collapse : shown.said.expand;
      button.setAttribute("aria-expanded", String(expanded()));
    },
  };

  const changes = new MutationObserver(() => dress());
  const dress = () => {
    fit();
    translate();
    dressed[shown.kind]();
    changes.observe(root, { childList: true, subtree: true, attributes: true, attributeFilter: [shown.kind === "neuron" ? "visibility" : "fill"] });
    changes.takeRecords(); // what dressing itself has changed
    measure();
  };

  let high = 0;
  const measure = () => {
    const height = Math.ceil(document.body.getBoundingClientRect().height);
    if (height !== high) tell({ type: "height", height: high = height });
  };

  /* ---- with the page ---- */
  document.addEventListener("change", (event) => {
    if (event.target.id !== "layer" || shown.layers.includes(Number(event.target.value))) return;
    event.stopImmediatePropagation(); // of another block only the page can have the numbers
    tell({ type: "layer", layer: Number(event.target.value) });
  }, true);
  addEventListener("keydown", (event) => { if (FORWARDED.includes(event.key)) tell({ type: "key", key: event.key }); });
  addEventListener("error", (event) => tell({ type: "failed", why: String(event.message) }));
  let pointed = null;
  root.addEventListener("mouseover", ({ target }) => {
    if (!pointed) tell({ type: "pointed" });
    pointed = target;
  });
  const leave = () => {
    for (let at = pointed; at && at !== root; at = at.parentElement) mouse(at, "mouseleave");
    pointed = null;
  };
  addEventListener("message", ({ source, data }) => {
    if (source !== parent) return;
    if (data?.type === "draw") draw(data);
    if (data?.type === "leave") leave(); // a frame in a process of its own does not always hear that the pointer has left it
  });
  addEventListener("resize", () => { if (shown) { fit(); measure(); } });
  console.log = () => {}; // bertviz tells the version of d3 and coordinates
  tell({ type: "ready" });
})();
