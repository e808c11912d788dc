// The attention of the frames, and the probabilities of the classes after each
// of them, above a time axis that follows the player.

import uPlot from "uplot";
import { lineStyle } from "stalstm/colors";

const HEIGHT = 150;
// Lines that are drawn: of many classes, those that are ever most probable.
const MOST = 8;

/** The classes with the largest probabilities of the clip, in their order. */
export function chosenClasses(clip) {
  const number = clip.classes.length;
  const best = clip.classes.map((_, i) => {
    let most = 0;
    for (let t = i; t < clip.after.length; t += number) {
      most = Math.max(most, clip.after[t]);
    }
    return [most, i];
  });
  best.sort((a, b) => b[0] - a[0]);
  return best.slice(0, MOST).map(([, i]) => i).sort((a, b) => a - b);
}

function chart(element, player, title, range, series, data) {
  const text = getComputedStyle(element).getPropertyValue("--text");
  const grid = getComputedStyle(element).getPropertyValue("--grid");
  const axis = { stroke: text, grid: { stroke: grid, width: 1 }, ticks: { stroke: grid } };
  const plot = new uPlot(
    {
      title,
      width: element.clientWidth,
      height: HEIGHT,
      scales: { x: { time: false }, y: { range } },
      axes: [{ ...axis, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000] }, axis],
      series: [{ label: "frame" }, ...series],
      cursor: { drag: { x: false, y: false } },
      legend: { show: series.length > 1, live: false },
      hooks: { draw: [(u) => drawPlayhead(u, player, text)] },
    },
    data,
    element,
  );
  plot.over.addEventListener("click", () => player.seek(plot.posToVal(plot.cursor.left, "x") - 1));
  player.addEventListener("frame", () => plot.redraw(false, false));
  const observer = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: HEIGHT }));
  observer.observe(element);
}

function drawPlayhead(plot, player, color) {
  const x = plot.valToPos(player.frame + 1, "x", true);
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.strokeStyle = color;
  ctx.lineWidth = 2;
  ctx.beginPath();
  ctx.moveTo(x, bbox.top);
  ctx.lineTo(x, bbox.top + bbox.height);
  ctx.stroke();
  ctx.restore();
}

/** Draws what the clip has of beta and probabilities. */
export function charts(element, clip, player) {
  const frames = Array.from({ length: clip.frames }, (_, t) => t + 1);
  if (clip.beta) {
    chart(
      element, player, "temporal attention β", (u, low, high) => [Math.min(0, low), high * 1.05 || 1],
      [{ label: "β", stroke: lineStyle(0).stroke, width: 2 }], [frames, [...clip.beta]],
    );
  }
  if (clip.after) {
    const number = clip.classes.length;
    const chosen = chosenClasses(clip);
    chart(
      element, player, "probability after every frame", () => [0, 1],
      chosen.map((i) => ({ label: clip.classes[i], width: 2, ...lineStyle(i) })),
      [frames, ...chosen.map((i) => frames.map((_, t) => {
        const value = clip.after[t * number + i];
        return Number.isNaN(value) ? null : value; // no answer yet
      }))],
    );
  }
}
