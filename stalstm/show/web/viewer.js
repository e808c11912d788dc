// A clip in 3-D: bodies of joints and bones that the mouse turns, pans and
// zooms. Knows nothing of time: `show(frame)` draws one frame.

import * as THREE from "three";
import { OrbitControls } from "three/addons/controls/OrbitControls.js";
import { attentionColor } from "stalstm/colors";

const JOINT = 0.022; // metres, the radius of a joint
const BONE = 0.008;
const LARGEST = 2.6; // the radius at the largest attention, in joints
const UP = new THREE.Vector3(0, 1, 0);

export class Viewer {
  /**
   * @param {HTMLElement} element Where to draw; it decides the size.
   * @param {object} clip See `clip.js`.
   */
  constructor(element, clip) {
    this.element = element;
    this.clip = clip;
    this.frame = 0;
    this.waiting = null; // what draws it next, see `render`
    const style = getComputedStyle(element);
    this.colors = {
      left: style.getPropertyValue("--left"),
      right: style.getPropertyValue("--right"),
      middle: style.getPropertyValue("--middle"),
      grid: style.getPropertyValue("--grid"),
    };
    this.renderer = new THREE.WebGLRenderer({ antialias: true, alpha: true });
    this.renderer.setPixelRatio(Math.min(devicePixelRatio, 2));
    element.append(this.renderer.domElement);
    this.scene = new THREE.Scene();
    this.camera = new THREE.PerspectiveCamera(40, 1, 0.01, 200);
    this.controls = new OrbitControls(this.camera, this.renderer.domElement);
    this.controls.addEventListener("change", () => this.render());
    this.#light();
    this.#build();
    this.#place();
    this.reset();
    this.observer = new ResizeObserver(() => this.#resize());
    this.observer.observe(element);
  }

  /** Gives the graphics memory back: a browser has some contexts only. */
  dispose() {
    cancelAnimationFrame(this.waiting);
    this.observer.disconnect();
    this.controls.dispose();
    this.renderer.dispose();
    this.renderer.forceContextLoss();
  }

  /** Looks at the whole clip from where the sensor stood. */
  reset() {
    const box = new THREE.Box3();
    const point = new THREE.Vector3();
    const { positions, frames, bodies, joints } = this.clip;
    for (let body = 0; body < frames * bodies; body++) {
      if (!this.clip.present(body)) continue;
      for (let joint = 0; joint < joints.length; joint++) {
        box.expandByPoint(point.fromArray(positions, 3 * (body * joints.length + joint)));
      }
    }
    if (box.isEmpty()) box.setFromCenterAndSize(point.set(0, 0, 3), new THREE.Vector3(2, 2, 2));
    const center = box.getCenter(new THREE.Vector3());
    const size = box.getSize(new THREE.Vector3());
    this.grid.position.set(center.x, box.min.y, center.z);
    const half = Math.tan((this.camera.fov * Math.PI) / 360);
    const needed = Math.max(size.y, size.x / this.camera.aspect) / (2 * half);
    // The sensor looks along z, and x grows to the left of its image. The
    // camera looks along z too, so nothing is mirrored.
    this.camera.position.set(center.x, center.y, center.z - size.z / 2 - 1.15 * needed);
    this.controls.target.copy(center);
    this.controls.update();
    this.render();
  }

  /** Draws a frame, from 0; beyond the clip its last one. */
  show(frame) {
    this.frame = Math.max(0, Math.min(Math.floor(frame), this.clip.frames - 1));
    this.#place();
    this.render();
  }

  /** Draws once before the browser paints next, however often it is asked to. */
  render() {
    this.waiting ??= requestAnimationFrame(() => {
      this.waiting = null;
      this.renderer.render(this.scene, this.camera);
    });
  }

  #light() {
    this.scene.add(new THREE.HemisphereLight(0xffffff, 0x888888, 2.5));
    const lamp = new THREE.DirectionalLight(0xffffff, 1.5);
    lamp.position.set(1, 3, -2);
    this.scene.add(lamp);
    this.grid = new THREE.GridHelper(4, 8, this.colors.grid, this.colors.grid);
    this.scene.add(this.grid);
  }

  #build() {
    const { bodies, joints, bones } = this.clip;
    const make = (geometry, number) => {
      const material = new THREE.MeshLambertMaterial();
      const mesh = new THREE.InstancedMesh(geometry, material, Math.max(1, number));
      mesh.frustumCulled = false;
      mesh.count = number;
      this.scene.add(mesh);
      return mesh;
    };
    this.joints = make(new THREE.SphereGeometry(1, 12, 8), bodies * joints.length);
    this.bones = make(new THREE.CylinderGeometry(1, 1, 1, 5, 1, true), bodies * bones.length);
    const color = new THREE.Color();
    const sides = this.clip.sides;
    for (let body = 0; body < bodies; body++) {
      joints.forEach((_, joint) => {
        this.joints.setColorAt(body * joints.length + joint, color.set(this.colors[sides[joint]]));
      });
      bones.forEach(([from, to], bone) => {
        const side = sides[from] === "middle" ? sides[to] : sides[from];
        this.bones.setColorAt(body * bones.length + bone, color.set(this.colors[side]));
      });
    }
  }

  /** Moves every joint and bone to its place in this frame. */
  #place() {
    const { positions, bodies, joints, bones, alpha, largestAlpha } = this.clip;
    const matrix = new THREE.Matrix4();
    const turn = new THREE.Quaternion();
    const scale = new THREE.Vector3();
    const color = new THREE.Color();
    const none = new THREE.Quaternion();
    const points = joints.map(() => new THREE.Vector3());
    const middle = new THREE.Vector3();
    const along = new THREE.Vector3();
    for (let body = 0; body < bodies; body++) {
      const here = this.frame * bodies + body;
      const present = this.clip.present(here);
      points.forEach((point, joint) => {
        point.fromArray(positions, 3 * (here * joints.length + joint));
        const number = body * joints.length + joint;
        let radius = present ? JOINT : 0;
        if (alpha && present) {
          const share = alpha[here * joints.length + joint] / largestAlpha;
          radius *= 0.6 + (LARGEST - 0.6) * share;
          this.joints.setColorAt(number, color.set(attentionColor(share)));
        }
        this.joints.setMatrixAt(number, matrix.compose(point, none, scale.setScalar(radius)));
      });
      bones.forEach(([from, to], bone) => {
        along.subVectors(points[to], points[from]);
        const length = present ? along.length() : 0;
        if (length > 0) turn.setFromUnitVectors(UP, along.divideScalar(length));
        middle.addVectors(points[from], points[to]).multiplyScalar(0.5);
        const width = length > 0 ? BONE : 0;
        matrix.compose(middle, turn, scale.set(width, length, width));
        this.bones.setMatrixAt(body * bones.length + bone, matrix);
      });
    }
    this.joints.instanceMatrix.needsUpdate = true;
    this.bones.instanceMatrix.needsUpdate = true;
    if (this.joints.instanceColor) this.joints.instanceColor.needsUpdate = true;
  }

  #resize() {
    const { clientWidth, clientHeight } = this.element;
    if (!clientWidth || !clientHeight) return;
    this.renderer.setSize(clientWidth, clientHeight, false);
    this.camera.aspect = clientWidth / clientHeight;
    this.camera.updateProjectionMatrix();
    this.render();
  }
}
