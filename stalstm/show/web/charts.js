// The attention of the frames, and the probabilities of the classes after each
// of them, above a time axis that follows the player.

import uPlot from "uplot";
import { lineStyle } from "stalstm/colors";
import { add } from "stalstm/dom";

const HEIGHT = 125;
// Lines that are drawn: of many classes, those that are ever most probable.
const MOST = 8;

/** The classes with the largest probabilities of the clip, in their order. */
export function chosenClasses(clip) {
  if (!clip.after) return [];
  const number = clip.classes.length;
  const best = clip.classes.map((_, i) => {
    let most = 0;
    for (let t = i; t < clip.after.length; t += number) {
      if (clip.after[t] > most) most = clip.after[t]; // NaN is not
    }
    return [most, i];
  });
  best.sort((a, b) => b[0] - a[0]);
  return best.slice(0, MOST).map(([, i]) => i).sort((a, b) => a - b);
}

function chart(element, player, title, range, series, data, signal) {
  const text = getComputedStyle(element).getPropertyValue("--text");
  const grid = getComputedStyle(element).getPropertyValue("--grid");
  const axis = { stroke: text, grid: { stroke: grid, width: 1 }, ticks: { stroke: grid } };
  const plot = new uPlot(
    {
      title,
      width: element.clientWidth,
      height: HEIGHT,
      scales: { x: { time: false }, y: { range } },
      axes: [{ ...axis, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000] }, {
        ...axis,
        space: 20,
      }],
      series: [{ label: "frame" }, ...series],
      cursor: { drag: { x: false, y: false } },
      legend: { show: series.length > 1, live: false },
      hooks: { draw: [(u) => movePlayhead(u, player)] }, // the scale may have changed
    },
    data,
    element,
  );
  plot.over.addEventListener("click", () => player.seek(plot.posToVal(plot.cursor.left, "x") - 1));
  player.addEventListener("frame", () => movePlayhead(plot, player), { signal });
  const observer = new ResizeObserver(() =>
    plot.setSize({ width: element.clientWidth, height: HEIGHT })
  );
  observer.observe(element);
  signal.addEventListener("abort", () => {
    observer.disconnect();
    plot.destroy();
  });
  return plot;
}

/** The playhead is a line over the chart, so that nothing is drawn anew when it moves. */
function movePlayhead(plot, player) {
  const line = plot.over.querySelector(".playhead") ?? add(plot.over, "div", "playhead");
  line.style.left = `${plot.valToPos(player.frame + 1, "x")}px`;
}

/** What the clip has of beta and of probabilities. */
export class Charts {
  /**
   * @param {HTMLElement} element Where to draw.
   * @param {object} clip See `clip.js`.
   * @param {Player} player A click in a chart makes it seek.
   * @param {number[]} chosen Indices of the classes to draw.
   */
  constructor(element, clip, player, chosen) {
    this.clip = clip;
    this.plots = [];
    this.ending = new AbortController();
    const { signal } = this.ending;
    if (clip.beta) {
      const data = () => [this.#frames(), this.#values(clip.beta, 1, 0)];
      const range = (_plot, low, high) => [Math.min(0, low ?? 0), 1.05 * high || 1];
      const series = [{ label: "β", stroke: lineStyle(0).stroke, width: 2 }];
      this.plots.push([
        chart(element, player, "temporal attention β", range, series, data(), signal),
        data,
      ]);
    }
    if (clip.after) {
      const number = clip.classes.length;
      const data = () => [
        this.#frames(),
        ...chosen.map((i) => this.#values(clip.after, number, i)),
      ];
      const series = chosen.map((i) => ({
        label: clip.classes[i],
        width: 2,
        spanGaps: true,
        ...lineStyle(i),
      }));
      this.plots.push([
        chart(
          element,
          player,
          "probability after every frame",
          () => [0, 1],
          series,
          data(),
          signal,
        ),
        data,
      ]);
    }
  }

  /** Takes the charts away; the player no longer knows them. */
  dispose() {
    this.ending.abort();
  }

  /** Draws a clip again that has grown. */
  update() {
    for (const [plot, data] of this.plots) plot.setData(data());
  }

  #frames() {
    return Array.from({ length: this.clip.frames }, (_, t) => t + 1);
  }

  /** One number a frame; null where there is none yet. */
  #values(array, size, offset) {
    return this.#frames().map((t) => {
      const value = array[(t - 1) * size + offset];
      return Number.isNaN(value) ? null : value;
    });
  }
}
