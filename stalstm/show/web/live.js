// The live page: the exported frame model, fed one frame at a time.

import { Charts, chosenClasses } from "stalstm/charts";
import { Clip } from "stalstm/clip";
import { add, legend, percent } from "stalstm/dom";
import { FrameModel, startRuntime } from "stalstm/frame_model";
import { LiveClip } from "stalstm/live_clip";
import { Player } from "stalstm/player";
import { readRecording, toFrame } from "stalstm/readers";
import { Viewer } from "stalstm/viewer";

// Frames whose time is averaged.
const TIMED = 30;
// Frames of a clip, and seconds of a pause, that a user may set.
const LONGEST = 100_000;
const LONGEST_PAUSE = 3600;

/** A stream of frames into the model, and what is shown of it. */
class Live {
  constructor(root, data, model) {
    this.data = data;
    this.model = model;
    this.stream = model.stream();
    this.working = Promise.resolve();
    this.answers = []; // of this clip
    this.times = [];
    this.most = data.frames;
    this.pause = 2; // seconds
    this.player = new Player(0, data.rate);
    this.clip = new LiveClip(data.shared, model.metadata, this.most);
    this.#build(root);
    this.#begin();
  }

  /** Takes a frame, `bodies * joints * 3` metres; null ends the clip. */
  push(frame) {
    clearTimeout(this.timer);
    if (frame) this.timer = setTimeout(() => this.push(null), 1000 * this.pause);
    this.working = this.working.then(() => this.#work(frame));
    return this.working;
  }

  /** Plays frames as a camera would, `rate` a second. */
  async play(frames, rate) {
    this.stop();
    const turn = {};
    this.turn = turn;
    await this.push(null);
    for (const frame of frames) {
      if (this.turn !== turn) return;
      await this.push(frame);
      if (rate) await new Promise((done) => setTimeout(done, 1000 / rate));
    }
    if (this.turn === turn) await this.push(null);
  }

  /** Begins a new clip, of at most so many frames. */
  async beginAnew(most) {
    await this.push(null);
    this.most = most;
    this.#begin();
  }

  /** Stops what plays or is connected. */
  stop() {
    this.turn = null;
    this.socket?.close();
    this.socket = null;
  }

  /** Takes frames from a websocket: see docs/live.md. */
  connect(address) {
    this.stop();
    this.#say(`connecting to ${address}`);
    const socket = new WebSocket(address);
    this.socket = socket;
    let number = 0;
    socket.onopen = () => this.#say(`connected to ${address}`);
    socket.onerror = () => this.#fail(new Error(`${address}: no connection`));
    socket.onclose = () => {
      if (this.socket !== socket) return;
      this.push(null);
      this.#say(`${address} has closed the connection`);
    };
    socket.onmessage = ({ data }) => {
      number += 1;
      try {
        const where = `${address}, message ${number}`;
        const message = JSON.parse(data);
        if (message.end) this.push(null);
        else this.push(toFrame(message.skeleton, this.model.metadata, where));
      } catch (error) {
        this.#fail(error);
      }
    };
  }

  async #work(frame) {
    try {
      if (frame) await this.#take(frame);
      else await this.#end();
    } catch (error) {
      this.#fail(error);
    }
  }

  async #take(frame) {
    if (this.clip.frames >= this.most) await this.#end();
    if (this.ended) this.#begin();
    const begin = performance.now();
    const answer = await this.stream.step(frame);
    this.times.push(performance.now() - begin);
    if (this.times.length > TIMED) this.times.shift();
    this.clip.add(frame);
    this.#answer(answer);
    const follows = this.player.frame >= this.player.frames - 1;
    this.player.frames = this.clip.frames;
    if (this.clip.frames === 1) this.viewer.reset();
    if (follows) this.player.seek(this.clip.frames - 1);
    this.charts.update();
  }

  /** Ends the clip: with smoothing, its last answers come now. */
  async #end() {
    if (!this.clip.frames || this.ended) return;
    for (const answer of await this.stream.rest()) this.#answer(answer);
    this.ended = true;
    this.charts.update();
    this.player.seek(this.player.frame);
    this.#say(`ended after ${this.clip.frames} frames; the next frame begins anew`);
  }

  #answer(answer) {
    this.clip.answer(answer);
    if (!answer.frames) return;
    const least = this.model.metadata.least_bodies;
    if (answer.bodies < least) {
      this.label.textContent = `no answer yet, ${answer.bodies} of ${least} bodies`;
      return;
    }
    this.answers.push(answer);
    const probabilities = [...answer.probabilities];
    const best = probabilities.indexOf(Math.max(...probabilities));
    if (!this.drawn.includes(best)) this.#draw();
    this.label.textContent = this.clip.classes[best];
    this.probability.textContent = percent(probabilities[best]);
    const mean = this.times.reduce((x, y) => x + y, 0) / this.times.length;
    this.time.textContent = `${mean.toFixed(2)} ms a frame`;
  }

  #begin() {
    this.ended = false;
    this.answers = [];
    this.clip = new LiveClip(this.data.shared, this.model.metadata, this.most);
    this.viewer ??= new Viewer(this.scene, this.clip);
    this.viewer.clip = this.clip;
    this.player.frames = 0;
    this.player.seek(0);
    this.#draw();
    this.#say("");
  }

  /** Draws the charts anew: of many classes, those of the largest probability. */
  #draw() {
    this.charts?.dispose();
    this.drawn = chosenClasses(this.clip);
    this.charts = new Charts(this.area, this.clip, this.player, this.drawn);
  }

  #say(text) {
    this.status.className = "legend";
    this.status.textContent = text;
  }

  #fail(error) {
    this.status.className = "wrong";
    this.status.textContent = error.message;
  }

  #build(root) {
    this.#sources(root);
    this.status = add(root, "p", "legend");
    this.status.id = "status";
    const panel = add(root, "section", "panel");
    const answer = add(panel, "p", "answer");
    this.label = add(answer, "strong", "", "no answer yet");
    this.probability = add(answer, "span");
    this.time = add(answer, "span", "legend");
    this.scene = add(panel, "div", "scene");
    legend(panel, this.clip, "largest");
    this.area = add(panel, "div", "charts");
    const bar = add(root, "div", "controls");
    this.player.controls(bar);
    this.player.addEventListener("frame", () => this.viewer.show(this.player.frame));
    this.#drop();
  }

  #sources(root) {
    const sources = add(root, "div", "sources");
    const line = add(sources, "p");
    const clips = add(line, "select");
    clips.ariaLabel = "example";
    this.data.clips.forEach((clip, i) => clips.append(new Option(clip.name, i)));
    const button = (parent, text, action) => {
      add(parent, "button", "", text).onclick = action;
    };
    this.example = () => framesOf(new Clip(this.data.shared, this.data.clips[clips.value]));
    button(line, "play the example", () => this.play(this.example(), this.data.rate));
    line.append(" or drop a recording here: skeleton_pos.txt of SBU, .skeleton of NTU or .jsonl ");
    const network = add(sources, "p", "", "or frames from ");
    const address = add(network, "input");
    address.value = "ws://localhost:8765";
    address.ariaLabel = "websocket address";
    button(network, "connect", () => {
      try {
        this.connect(address.value);
      } catch (error) {
        this.#fail(error);
      }
    });
    const anew = add(sources, "p", "", "A clip ends after ");
    const number = (limits, name, change) => {
      const input = add(anew, "input");
      Object.assign(input, { type: "number", required: true, ariaLabel: name, ...limits });
      input.onchange = () => {
        if (input.reportValidity()) change(input.valueAsNumber);
      };
    };
    const frames = { value: this.most, min: 1, max: LONGEST };
    number(frames, "frames", (x) => this.beginAnew(x));
    anew.append(" frames, or a pause of ");
    const seconds = { value: this.pause, min: 0.1, max: LONGEST_PAUSE, step: 0.1 };
    number(seconds, "seconds", (x) => {
      this.pause = x;
    });
    anew.append(" seconds; ");
    button(anew, "begin anew", () => this.beginAnew(this.most));
  }

  #drop() {
    addEventListener("dragover", (event) => event.preventDefault());
    addEventListener("drop", async (event) => {
      event.preventDefault();
      const [file] = event.dataTransfer.files;
      if (!file) return;
      try {
        const frames = readRecording(file.name, await file.text(), this.model.metadata);
        await this.play(frames, this.data.rate);
      } catch (error) {
        this.#fail(error);
      }
    });
  }
}

function framesOf(clip) {
  const size = clip.positions.length / clip.frames;
  return Array.from(
    { length: clip.frames },
    (_, t) => clip.positions.slice(t * size, (t + 1) * size),
  );
}

/** Starts the page; `data` is what `stalstm/export/web.py` has written. */
export async function start(root, data, asset) {
  await startRuntime(await asset("litert_wasm.wasm"), await asset("litert_wasm.js"));
  const model = await FrameModel.load(await asset("model.tflite"), data.metadata);
  return new Live(root, data, model);
}
