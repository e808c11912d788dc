// Time: which frame is shown, whether it plays, and how fast.

const SPEEDS = [0.1, 0.25, 0.5, 1, 2, 4];

export class Player extends EventTarget {
  /**
   * @param {number} frames Number of frames.
   * @param {number} rate Frames a second at speed 1.
   */
  constructor(frames, rate) {
    super();
    this.frames = frames;
    this.rate = rate;
    this.speed = 1;
    this.frame = 0;
    this.playing = false;
  }

  /** Goes to a frame, from 0. Listeners of "frame" draw it. */
  seek(frame) {
    const last = Math.max(0, this.frames - 1);
    const next = Math.max(0, Math.min(Math.round(frame), last));
    this.frame = next;
    this.dispatchEvent(new Event("frame"));
  }

  step(frames) {
    this.pause();
    this.seek(this.frame + frames);
  }

  play() {
    if (this.playing || this.frames < 2) return;
    if (this.frame >= this.frames - 1) this.seek(0);
    this.playing = true;
    this.dispatchEvent(new Event("state"));
    let begin = performance.now();
    let first = this.frame;
    let speed = this.speed;
    const tick = (now) => {
      if (!this.playing) return;
      if (speed !== this.speed) {
        [begin, first, speed] = [now, this.frame, this.speed];
      }
      const frame = first + Math.floor(((now - begin) / 1000) * this.rate * speed);
      if (frame !== this.frame) this.seek(frame);
      if (this.frame >= this.frames - 1) this.pause();
      else requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  }

  pause() {
    if (!this.playing) return;
    this.playing = false;
    this.dispatchEvent(new Event("state"));
  }

  toggle() {
    if (this.playing) this.pause();
    else this.play();
  }

  faster(by) {
    const place = SPEEDS.indexOf(this.speed) + by;
    this.speed = SPEEDS[Math.max(0, Math.min(place, SPEEDS.length - 1))];
    this.dispatchEvent(new Event("state"));
  }

  /** Buttons, a slider and, until `signal` ends it, the keyboard. */
  controls(element, signal) {
    const play = document.createElement("button");
    const slider = document.createElement("input");
    const label = document.createElement("output");
    const speed = document.createElement("select");
    play.className = "play";
    slider.type = "range";
    slider.min = 0;
    slider.max = Math.max(0, this.frames - 1);
    slider.ariaLabel = "frame";
    speed.ariaLabel = "speed";
    for (const value of SPEEDS) speed.append(new Option(`${value}×`, value));
    play.onclick = () => this.toggle();
    slider.oninput = () => {
      this.pause();
      this.seek(slider.valueAsNumber);
    };
    speed.onchange = () => {
      this.speed = Number(speed.value);
    };
    const draw = () => {
      play.textContent = this.playing ? "❚❚" : "▶";
      play.ariaLabel = this.playing ? "pause" : "play";
      slider.max = Math.max(0, this.frames - 1);
      slider.value = this.frame;
      speed.value = this.speed;
      label.textContent = `frame ${Math.min(this.frame + 1, this.frames)} of ${this.frames}`;
    };
    this.addEventListener("frame", draw);
    this.addEventListener("state", draw);
    element.append(play, slider, label, speed);
    draw();
    const keys = {
      " ": () => this.toggle(),
      ArrowLeft: () => this.step(-1),
      ArrowRight: () => this.step(1),
      Home: () => this.step(-this.frames),
      End: () => this.step(this.frames),
      "+": () => this.faster(1),
      "-": () => this.faster(-1),
    };
    addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.target instanceof HTMLSelectElement || !(event.key in keys)) return;
      event.preventDefault();
      keys[event.key]();
    }, { signal });
  }
}
