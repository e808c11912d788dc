// A clip as the page carries it, decoded.

const MILLIMETRES = 1000;

/** Bytes of base64; null where there are none. */
function bytes(text) {
  if (!text) return null;
  return Uint8Array.from(atob(text), (x) => x.charCodeAt(0)).buffer;
}

function floats(text) {
  return text ? new Float32Array(bytes(text)) : null;
}

export class Clip {
  /**
   * @param {object} shared joints, bones, sides and classes, see `shared` in
   *   `stalstm/show/clips.py`.
   * @param {object} data name, frames, bodies, positions, alpha, beta, after,
   *   answer and label, see `describe` there.
   */
  constructor(shared, data) {
    Object.assign(this, shared, data);
    this.positions = Float32Array.from(
      new Int32Array(bytes(data.positions)),
      (x) => x / MILLIMETRES,
    );
    this.alpha = floats(data.alpha);
    this.beta = floats(data.beta);
    this.after = floats(data.after);
    this.largestAlpha = this.alpha?.reduce((x, y) => Math.max(x, y), 0) || 1;
    const size = 3 * this.joints.length;
    this.there = [];
    for (let first = 0; first < this.positions.length; first += size) {
      this.there.push(this.positions.subarray(first, first + size).some((x) => x !== 0));
    }
  }

  /** Whether a body is there; `number` is frame * bodies + body. */
  present(number) {
    return this.there[number];
  }
}
