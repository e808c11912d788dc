// Colours that a grey print and the colour-blind tell apart.

// Matplotlib's cividis, at nine places from 0 to 1.
const CIVIDIS = [
  [0, 34, 78],
  [26, 56, 111],
  [67, 78, 108],
  [96, 100, 110],
  [124, 123, 120],
  [155, 146, 119],
  [188, 171, 109],
  [222, 197, 92],
  [254, 232, 56],
];

/** The colour of a share of the largest attention, as CSS. */
export function attentionColor(share) {
  const place = Math.max(0, Math.min(share, 1)) * (CIVIDIS.length - 1);
  const low = Math.min(Math.floor(place), CIVIDIS.length - 2);
  const part = place - low;
  const mixed = CIVIDIS[low].map((x, i) => Math.round(x + part * (CIVIDIS[low + 1][i] - x)));
  return `rgb(${mixed.join(",")})`;
}

// Okabe and Ito, and dashes from the second round on.
const LINES = [
  "#0072b2",
  "#e69f00",
  "#009e73",
  "#cc79a7",
  "#d55e00",
  "#56b4e9",
  "#b8a800",
  "#777777",
];

/** Colour and dashes of the line of a class. */
export function lineStyle(number) {
  const round = Math.floor(number / LINES.length);
  return { stroke: LINES[number % LINES.length], dash: round ? [6, 2 * round] : undefined };
}
