/* What must hold for any drawing: words lie in their boxes and on nothing else, arrows lead from one thing to another.
   All in pixels of the screen; each function returns sentences about what is wrong, none if nothing is. */
(() => {
  const style = document.createElement("style");
  style.textContent = "* { transition: none !important; animation: none !important; }";
  document.head.append(style);

  const box = (element) => element.getBoundingClientRect();
  const children = (group, selector) => [...group.children].filter((child) => child.matches(selector));
  const seen = (element, top) => {
    for (let at = element; at && at !== top; at = at.parentElement) {
      if (getComputedStyle(at).opacity === "0") return false;
    }
    return element.checkVisibility();
  };
  /* The letters without the room above and below them that a line of text has. */
  const letters = (text) => {
    const { left, right, top, bottom } = box(text);
    const high = bottom - top;
    return { left, right, top: top + 0.27 * high, bottom: bottom - 0.25 * high, name: `‘${text.textContent}’` };
  };
  const meet = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1;
  const within = (a, b, slack = 1) => a.left >= b.left - slack && a.right <= b.right + slack && a.top >= b.top - slack && a.bottom <= b.bottom + slack;
  const texts = (drawing) => [...drawing.querySelectorAll("text")].filter((text) => text.textContent.trim() && seen(text, drawing));

  /* The box that words are written into: just before them, or the only one of their group. */
  const boxOf = (text, boxes) => {
    const before = text.previousElementSibling;
    if (before?.matches(boxes)) return before;
    const own = children(text.parentNode, boxes);
    return own.length === 1 && text.parentNode.localName === "g" ? own[0] : undefined;
  };

  /**
   * Words outside the drawing, outside their box, beside its middle, on other words or on a box that is not theirs.
   * boxes: what a box is · grounds: those of them on which other things may lie.
   */
  const words = (drawing, boxes, grounds = "none") => {
    const wrong = [];
    const whole = box(drawing);
    const all = texts(drawing);
    const shown = all.map(letters);
    shown.forEach((one, index) => {
      if (!within(one, whole)) wrong.push(`${one.name} leaves the drawing`);
      const around = boxOf(all[index], boxes);
      if (around) {
        const room = box(around);
        if (!within(one, room)) wrong.push(`${one.name} leaves its box`);
        // the dot of a leading space stands a little to the left of the middle
        const aside = (one.left + one.right - room.left - room.right) / 2;
        if (all[index].getAttribute("text-anchor") === "middle" && Math.abs(aside) > (one.name.startsWith("‘·") ? 4 : 2)) wrong.push(`${one.name} stands ${aside} beside the middle of its box`);
        if (children(all[index].parentNode, "text").length === 1) {
          const aloft = (one.top + one.bottom - room.top - room.bottom) / 2;
          if (room.height < 60 && Math.abs(aloft) > 0.16 * room.height) wrong.push(`${one.name} stands ${aloft} over or under the middle of its box`);
        }
      }
      for (const other of shown.slice(index + 1)) if (meet(one, other)) wrong.push(`${one.name} lies on ${other.name}`);
      for (const other of drawing.querySelectorAll(boxes)) {
        if (other !== around && !other.matches(grounds) && seen(other, drawing) && meet(one, box(other))) wrong.push(`${one.name} lies on a box`);
      }
    });
    return wrong;
  };

  /** Pictures {left, right, top, bottom} that leave the drawing or lie on words; one in a row with words has their middle. */
  const pictures = (drawing, all) => {
    const wrong = [];
    const shown = texts(drawing).map(letters);
    for (const picture of all) {
      const name = `a picture at ${Math.round(picture.left)}, ${Math.round(picture.top)}`;
      if (!within(picture, box(drawing), 2)) wrong.push(`${name} leaves the drawing`);
      for (const one of shown) if (meet(picture, one)) wrong.push(`${name} lies on ${one.name}`);
      for (const other of all) if (other !== picture && meet(picture, other)) wrong.push(`${name} lies on another`);
    }
    return wrong;
  };

  /** How wide `path` is at the height `y` of the screen, measured outwards from x; 0 where it is not. */
  const width = (path, x, y) => {
    const back = path.getScreenCTM().inverse();
    const filled = (at) => path.isPointInFill(new DOMPoint(at, y).matrixTransform(back));
    const end = (step) => {
      let at = x;
      while (filled(at + step) && Math.abs(at - x) < 200) at += step;
      return at;
    };
    return filled(x) ? end(0.125) - end(-0.125) : 0;
  };

  window.drawn = { box, children, letters, meet, pictures, seen, texts, width, within, words };
})();
