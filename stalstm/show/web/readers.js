// Recordings that are dropped on the page: frames in metres, camera space.

const FARTHEST = 100; // metres, as `runtime/litert.py`

// The metres of an SBU recording; see `datasets/sbu/recordings.py`.
const SBU = { origin: [1.28, 0.96, 0], scale: [-2.56, -1.92, 10 / 7.8125] };

// By the axis that points up: the axes that become x, y and z, and their signs;
// see `datasets/custom/layout.py`.
const UNITS = { m: 1, cm: 100, mm: 1000 };
const AXES = {
  x: [[1, 0, 2], [-1, 1, 1]],
  "-x": [[1, 0, 2], [1, -1, 1]],
  y: [[0, 1, 2], [1, 1, 1]],
  "-y": [[0, 1, 2], [-1, -1, 1]],
  z: [[0, 2, 1], [1, 1, -1]],
  "-z": [[0, 2, 1], [1, -1, 1]],
};

function fail(where, expected, received) {
  throw new Error(`${where}: expected ${expected}. Received: ${String(received).slice(0, 60)}`);
}

/**
 * A frame from nested lists.
 *
 * @param {*} skeleton `[joint][x, y, z]` or `[body][joint][x, y, z]`; null or
 *   an empty list for a body that is absent.
 * @param {object} metadata The model's `model.json`.
 * @param {string} where What errors call the frame.
 * @param {Function} convert Makes metres in camera space of x, y and z.
 */
export function toFrame(skeleton, metadata, where, convert = (point) => point) {
  const joints = metadata.joints.length;
  const frame = new Float32Array(metadata.bodies * joints * 3);
  let bodies = skeleton ?? [];
  if (!Array.isArray(bodies)) fail(where, "a list of bodies", bodies);
  if (bodies.length === joints && bodies.every((x) => x?.length === 3 && !Array.isArray(x[0]))) {
    bodies = [bodies];
  }
  if (bodies.length > metadata.bodies) {
    fail(where, `at most ${metadata.bodies} bodies`, bodies.length);
  }
  bodies.forEach((body, b) => {
    if (!body?.length) return; // absent
    if (body.length !== joints) fail(where, `${joints} joints`, body.length);
    body.forEach((point, j) => {
      const good = Array.isArray(point) && point.length === 3 && point.every(Number.isFinite);
      if (!good) fail(where, "three numbers a joint", JSON.stringify(point));
      const metres = convert(point);
      const far = metres.find((x) => Math.abs(x) > FARTHEST);
      if (far !== undefined) fail(where, `metres, none beyond ${FARTHEST}`, far);
      frame.set(metres, 3 * (b * joints + j));
    });
  });
  return frame;
}

/** Lines that are not empty, each with its place. */
function* linesOf(text, name) {
  let number = 0;
  for (const line of text.split(/\r\n|\r|\n/)) {
    number += 1;
    if (line.trim()) yield [line.trim(), `${name}, line ${number}`];
  }
}

function readSbu(name, text, metadata) {
  const { bodies, joints } = metadata;
  const fields = 1 + bodies * joints.length * 3;
  return Array.from(linesOf(text, name), ([line, where]) => {
    const values = line.replace(/,$/, "").split(",").map(Number);
    if (values.length !== fields) fail(where, `${fields} fields of SBU`, values.length);
    const skeleton = Array.from({ length: bodies }, (_, b) =>
      joints.map((_, j) => {
        const first = 1 + 3 * (b * joints.length + j);
        return values.slice(first, first + 3);
      }));
    return toFrame(
      skeleton,
      metadata,
      where,
      (point) => point.map((x, i) => SBU.origin[i] + SBU.scale[i] * x),
    );
  });
}

// A live page knows no later frames, so it cannot tell false bodies by their
// shape and movement as the reader of the data set does: the bodies that appear
// first are taken.
function readNtu(name, text, metadata) {
  const lines = linesOf(text, name);
  const next = (expected) => {
    const { value, done } = lines.next();
    if (done) fail(name, expected, "the end of the file");
    return value;
  };
  const count = (expected) => {
    const [line, where] = next(expected);
    if (!/^\d+$/.test(line)) fail(where, expected, line);
    return Number(line);
  };
  const places = new Map();
  return Array.from({ length: count("the number of frames") }, () => {
    const skeleton = Array(metadata.bodies).fill(null);
    let place = name;
    for (let n = count("the number of bodies"); n > 0; n--) {
      const [body, where] = next("a body line");
      place = where;
      const id = body.split(" ")[0];
      const joints = Array.from(
        { length: count("the number of joints") },
        () => next("a joint line")[0].split(" ").slice(0, 3).map(Number),
      );
      if (!places.has(id)) places.set(id, places.size);
      if (places.get(id) < skeleton.length) skeleton[places.get(id)] = joints;
    }
    return toFrame(skeleton, metadata, place);
  });
}

function readOwn(name, text, metadata) {
  const { unit = "m", up = "y", handedness = "right" } = metadata.training?.data?.reading ?? {};
  const [order, signs] = AXES[up];
  const depth = handedness === "left" ? -1 : 1;
  const convert = (point) =>
    order.map((axis, i) => (point[axis] * signs[i] * (i === 2 ? depth : 1)) / UNITS[unit]);
  const frames = [];
  let before = null;
  for (const [line, where] of linesOf(text, name)) {
    let record;
    try {
      record = JSON.parse(line);
    } catch {
      fail(where, "a JSON object", line);
    }
    if (typeof record !== "object" || !record || !("skeleton" in record)) {
      fail(where, 'an object with the key "skeleton"', line);
    }
    const number = record.frame ?? (before === null ? 0 : before + 1);
    if (!Number.isInteger(number) || (before !== null && number <= before)) {
      fail(where, "a frame number greater than the one before", number);
    }
    for (let gap = (before ?? number - 1) + 1; gap < number; gap++) {
      frames.push(toFrame([], metadata, where)); // nobody was there
    }
    frames.push(toFrame(record.skeleton, metadata, where, convert));
    before = number;
  }
  return frames;
}

const READERS = { txt: readSbu, skeleton: readNtu, jsonl: readOwn };

/** The frames of a recording, by the end of its name. */
export function readRecording(name, text, metadata) {
  const suffix = name.split(".").pop().toLowerCase();
  const reader = READERS[suffix];
  if (!reader) fail(name, "skeleton_pos.txt of SBU, .skeleton of NTU or .jsonl", suffix);
  const frames = reader(name, text, metadata);
  if (!frames.length) fail(name, "at least one frame", "none");
  return frames;
}
