// The exported model that takes one frame at a time, run by LiteRT.js.

import { loadAndCompile, loadLiteRt, Tensor } from "@litertjs/core";

/**
 * Starts LiteRT.js without loading a file.
 *
 * @param {Uint8Array} wasm The module of `litert_wasm.wasm`.
 * @param {Uint8Array} script `litert_wasm.js`, which begins it.
 */
export async function startRuntime(wasm, script) {
  // Emscripten's way to hand the module over; LiteRT.js passes it on. LiteRT
  // writes all that it says where errors go.
  const printErr = (
    text,
  ) => (/^(INFO|WARNING)/.test(text) ? console.debug(text) : console.error(text));
  self.Module = { wasmBinary: wasm, printErr };
  const url = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
  // LiteRT.js takes a path for a script by its end.
  await loadLiteRt(`${url}#.js`);
}

export class FrameModel {
  /**
   * @param {Uint8Array} file A `frame_*.tflite`.
   * @param {object} metadata Its `model.json`.
   */
  static async load(file, metadata) {
    const model = new FrameModel();
    model.compiled = await loadAndCompile(file, { accelerator: "wasm" });
    model.metadata = metadata;
    model.shape = [1, metadata.bodies, metadata.joints.length, 3];
    const state = model.compiled.getInputDetails().find((x) => x.name === "state");
    model.stateShape = [...state.shape];
    return model;
  }

  stream() {
    return new Stream(this);
  }

  /** Runs the model once. All values are typed arrays; `ended` is 0 or 1. */
  async run(frame, ended, state) {
    const inputs = {
      frame: new Tensor(frame, this.shape),
      ended: new Tensor(Int32Array.of(ended), [1]),
      state: new Tensor(state, this.stateShape),
    };
    const outputs = await this.compiled.run(inputs);
    const values = {};
    for (const [name, tensor] of Object.entries(outputs)) {
      values[name] = tensor.toTypedArray().slice(); // that of the tensor will be gone
    }
    // The memory of a tensor is given back by hand.
    for (const tensor of [...Object.values(inputs), ...Object.values(outputs)]) tensor.delete();
    return values;
  }
}

/** Feeds a model one frame at a time; as `Stream` of `runtime/litert.py`. */
export class Stream {
  constructor(model) {
    this.model = model;
    this.begin();
  }

  begin() {
    const size = this.model.stateShape.reduce((x, y) => x * y);
    this.state = new Float32Array(size);
    this.sent = 0;
    this.frames = 0;
    this.counted = 0; // by the model, which begins again beyond 2^31
  }

  /**
   * Takes the next frame, `bodies * joints * 3` metres. Returns the answer so
   * far: frames that it covers, bodies that have appeared, probabilities, and
   * the attentions of its latest frame.
   */
  async step(frame) {
    const answer = await this.#take(frame, 0);
    this.sent += 1;
    return answer;
  }

  /** Ends the stream: the answers that the last step still lagged behind. */
  async rest() {
    const late = [];
    const nothing = new Float32Array(this.model.shape.reduce((x, y) => x * y));
    while (this.frames < this.sent) {
      const before = this.frames;
      const answer = await this.#take(nothing, 1);
      if (answer.frames > before) late.push(answer);
    }
    this.begin();
    return late;
  }

  async #take(frame, ended) {
    const { state, frames, bodies, ...answer } = await this.model.run(frame, ended, this.state);
    this.state = state;
    if (frames[0] !== this.counted) this.frames += 1;
    this.counted = frames[0];
    return { ...answer, frames: this.frames, bodies: bodies[0] };
  }
}
