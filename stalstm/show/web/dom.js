// What the pages build their elements with.

import { attentionColor } from "stalstm/colors";

/** Appends an element, with a class and a text if they are given. */
export function add(parent, tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  parent.append(element);
  return element;
}

export function percent(share) {
  return `${(100 * share).toFixed(1)} %`;
}

/** Says what the colours and sizes of a scene mean. */
export function legend(panel, clip, largest) {
  const element = add(panel, "p", "legend");
  for (const side of ["left", "right"]) {
    if (!clip.sides.includes(side)) continue;
    add(element, "span", `swatch ${side}`);
    element.append(` ${side} `);
  }
  if (!clip.alpha) return;
  element.append(" attention α: 0 ");
  const bar = add(element, "span", "bar");
  const stops = Array.from({ length: 9 }, (_, i) => attentionColor(i / 8));
  bar.style.background = `linear-gradient(90deg, ${stops.join(", ")})`;
  element.append(` ${largest}, and the larger the joint`);
}
