// The page of one clip, of two side by side, or of many to choose from.

import { Charts, chosenClasses } from "stalstm/charts";
import { Clip } from "stalstm/clip";
import { add, legend, percent } from "stalstm/dom";
import { Player } from "stalstm/player";
import { Viewer } from "stalstm/viewer";

const SIDE_BY_SIDE = 2;

function verdict(clip) {
  if (!clip.answer || clip.label === null) return ["", ""];
  if (clip.label === clip.answer.label) return ["right", "right"];
  return ["wrong", `wrong: it is ${clip.label}`];
}

function heading(panel, clip) {
  add(panel, "h2", "", clip.name);
  const line = add(panel, "p", "answer");
  if (clip.answer) {
    add(line, "strong", "", clip.answer.label);
    line.append(` ${percent(clip.answer.probability)}`);
  } else {
    line.append("no answer");
  }
  add(line, "span", ...verdict(clip));
}

const KEYS = [
  ["space", "play or pause"],
  ["← →", "a frame"],
  ["home end", "first or last frame"],
  ["+ −", "speed"],
];

/** Shows clips side by side. Returns how to end it, and what tests drive. */
function show(root, clips, rate) {
  const ending = new AbortController();
  const player = new Player(Math.max(...clips.map((x) => x.frames)), rate);
  const panels = add(root, "div", "panels");
  // One scale, so that clips can be compared.
  const largest = Math.max(...clips.map((x) => x.largestAlpha));
  for (const clip of clips) clip.largestAlpha = largest;
  const viewers = clips.map((clip) => {
    const panel = add(panels, "section", "panel");
    heading(panel, clip);
    const viewer = new Viewer(add(panel, "div", "scene"), clip);
    legend(panel, clip, largest.toFixed(2));
    new Charts(add(panel, "div", "charts"), clip, player, chosenClasses(clip));
    return viewer;
  });
  const bar = add(root, "div", "controls");
  player.controls(bar, ending.signal);
  const reset = add(bar, "button", "", "reset view");
  reset.onclick = () => viewers.forEach((x) => x.reset());
  const help = add(root, "p", "legend", "drag to turn, right-drag to pan, wheel to zoom; ");
  for (const [key, meaning] of KEYS) {
    add(help, "kbd", "", key);
    help.append(` ${meaning} `);
  }
  player.addEventListener("frame", () => viewers.forEach((x) => x.show(player.frame)));
  player.seek(0);
  const end = () => {
    ending.abort();
    player.pause();
    viewers.forEach((x) => x.dispose());
    root.replaceChildren();
  };
  return { player, viewers, end };
}

/** A list of clips beside the one that was chosen. */
function gallery(root, data) {
  root.className = "gallery";
  const list = add(root, "nav", "list");
  const stage = add(root, "div");
  const shown = {};
  const choose = (number) => {
    shown.end?.();
    Object.assign(shown, show(stage, [new Clip(data.shared, data.clips[number])], data.rate));
    [...list.children].forEach((x, i) => x.setAttribute("aria-current", i === number));
  };
  data.clips.forEach((clip, number) => {
    const button = add(list, "button", verdict(clip)[0]);
    add(button, "strong", "", clip.answer?.label ?? "no answer");
    if (clip.answer) button.append(` ${percent(clip.answer.probability)}`);
    if (verdict(clip)[0] === "wrong") button.append(` — it is ${clip.label}`);
    add(button, "small", "", clip.name);
    button.onclick = () => choose(number);
  });
  choose(0);
  return shown;
}

/** Starts the page; `data` is what view.py has written. */
export function start(root, data) {
  if (data.clips.length > SIDE_BY_SIDE) return gallery(root, data);
  return show(root, data.clips.map((x) => new Clip(data.shared, x)), data.rate);
}
