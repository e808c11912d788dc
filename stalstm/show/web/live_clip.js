// A clip that grows with a stream, for the same viewer and charts as `Clip`.

/** An array of `size` numbers for each of `frames` frames; none are known. */
function unknown(frames, size) {
  return new Float32Array(frames * size).fill(NaN);
}

export class LiveClip {
  /**
   * @param {object} shared joints, bones, sides and classes.
   * @param {object} metadata The model's `model.json`.
   * @param {number} most Number of frames that it can hold.
   */
  constructor(shared, metadata, most) {
    Object.assign(this, shared);
    this.name = "live";
    this.bodies = metadata.bodies;
    this.frames = 0;
    this.answered = 0;
    const joints = this.bodies * this.joints.length;
    this.positions = new Float32Array(most * joints * 3);
    this.after = unknown(most, this.classes.length);
    this.alpha = null;
    this.beta = null;
    if (metadata.attentions.includes("spatial_attention")) {
      this.alpha = new Float32Array(most * joints);
    }
    if (metadata.attentions.includes("temporal_attention")) this.beta = unknown(most, 1);
    this.largestAlpha = 1;
    this.there = [];
  }

  /** Whether a body is there; `number` is frame * bodies + body. */
  present(number) {
    return this.there[number];
  }

  /** Appends a frame, `bodies * joints * 3` metres. */
  add(frame) {
    this.positions.set(frame, this.frames * frame.length);
    const size = 3 * this.joints.length;
    for (let first = 0; first < frame.length; first += size) {
      this.there.push(frame.subarray(first, first + size).some((x) => x !== 0));
    }
    this.frames += 1;
  }

  /** Takes the answer about the first `answer.frames` frames. */
  answer(answer) {
    if (answer.frames <= this.answered) return; // it lags behind
    this.answered = answer.frames;
    const last = answer.frames - 1;
    this.after.set(answer.probabilities, last * this.classes.length);
    if (this.alpha) {
      const alpha = answer.spatial_attention;
      // Later frames have none of their own yet: they are shown with this one.
      for (let t = last; t < this.frames; t++) this.alpha.set(alpha, t * alpha.length);
      this.largestAlpha = alpha.reduce((x, y) => Math.max(x, y), this.largestAlpha);
    }
    if (this.beta) this.beta.set(answer.temporal_attention, last);
  }
}
