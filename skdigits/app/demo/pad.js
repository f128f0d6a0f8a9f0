/** The drawing pad: mouse, touch, pen and keys make strokes; undo and clear take them back. */

import { EMPTY, SIDE, isEmpty, paint } from "./drawing.js";

const STEP = 10; // of the keyboard's cursor, in units of the pad
const SMALL_STEP = 3;
const MOST_UNDONE = 200;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class Pad {
  /**
   * `onChange(drawing, isDone)` is called at every change, with whether a stroke has ended;
   * `onPen(isDown)` when the keyboard lowers or lifts the pen.
   */
  constructor(canvas, { onChange, onPen }) {
    this.canvas = canvas;
    this.onChange = onChange;
    this.onPen = onPen;
    this.past = [EMPTY];
    this.cursor = [SIDE / 2, SIDE / 2];
    this.held = new Set();
    this.pointer = null; // the id of the one that draws
    this.penIsDown = false; // the keyboard's
    this.showsCursor = false;
    this.listen();
  }

  get drawing() {
    return this.past[this.past.length - 1];
  }

  get canUndo() {
    return this.past.length > 1;
  }

  undo() {
    this.end();
    if (this.canUndo) {
      this.past.pop();
      this.changed(true);
    }
  }

  clear() {
    this.end();
    if (!isEmpty(this.drawing)) {
      this.push(EMPTY);
      this.changed(true);
    }
  }

  show(photo) {
    this.end();
    this.showsCursor = false; // a stroke on a photo begins a drawing of its own
    this.push({ strokes: [], photo });
    this.changed(true);
  }

  push(drawing) {
    this.past.push(drawing);
    if (this.past.length > MOST_UNDONE) {
      this.past.shift();
    }
  }

  changed(isDone) {
    this.render();
    this.onChange(this.drawing, isDone);
  }

  /** A new stroke; one on a photo begins a drawing of its own. */
  begin(point) {
    const strokes = this.drawing.photo ? [] : this.drawing.strokes;
    this.push({ strokes: [...strokes, [point]], photo: null });
    this.changed(false);
  }

  extend(points) {
    this.drawing.strokes[this.drawing.strokes.length - 1].push(...points);
    this.changed(false);
  }

  listen() {
    const on = (name, act) => this.canvas.addEventListener(name, act.bind(this));
    on("pointerdown", this.pointerDown);
    on("pointermove", this.pointerMove);
    for (const name of ["pointerup", "pointercancel", "lostpointercapture"]) {
      on(name, this.pointerUp);
    }
    on("keydown", this.keyDown);
    on("keyup", (event) => this.held.delete(event.key));
    on("focus", () => this.showCursor(this.canvas.matches(":focus-visible")));
    on("blur", () => {
      this.held.clear(); // their ends are told to whoever has the focus then
      this.lift();
      this.showCursor(false);
    });
    new ResizeObserver(() => this.render()).observe(this.canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.render());
  }

  pointerDown(event) {
    if (this.pointer !== null || event.button !== 0) {
      return;
    }
    event.preventDefault(); // no selection, no scrolling
    this.canvas.focus({ preventScroll: true, focusVisible: false });
    this.lift();
    this.showCursor(false);
    this.pointer = event.pointerId;
    this.canvas.setPointerCapture(event.pointerId);
    this.begin(this.place(event));
  }

  pointerMove(event) {
    if (event.pointerId !== this.pointer) {
      return;
    }
    const all = event.getCoalescedEvents?.() ?? [];
    this.extend((all.length ? all : [event]).map((part) => this.place(part)));
  }

  pointerUp(event) {
    if (event.pointerId === this.pointer) {
      this.pointer = null;
      this.changed(true);
    }
  }

  keyDown(event) {
    const { key } = event;
    if (event.ctrlKey || event.metaKey || event.altKey) {
      return; // the browser's own
    }
    if (key in ARROWS) {
      this.held.add(key);
      this.move(event.shiftKey ? SMALL_STEP : STEP);
    } else if (key === " ") {
      this.press(event.repeat);
    } else if (key === "Escape") {
      this.lift();
    } else if (key === "Backspace") {
      this.undo();
    } else if (key === "Delete") {
      this.clear();
    } else {
      return;
    }
    event.preventDefault();
  }

  /** Space: lower the pen, or lift it. */
  press(isRepeated) {
    this.showCursor(true);
    if (isRepeated || this.pointer !== null) {
      return;
    }
    if (this.penIsDown) {
      this.lift();
      return;
    }
    this.penIsDown = true;
    this.begin([...this.cursor]);
    this.onPen(true);
  }

  /** End the stroke that is being drawn, by whatever. */
  end() {
    this.pointer = null;
    this.lift();
  }

  lift() {
    if (this.penIsDown) {
      this.penIsDown = false;
      this.changed(true);
      this.onPen(false);
    }
  }

  /** Move the cursor where all the arrows that are held point: two of them make a slope. */
  move(step) {
    this.showCursor(true);
    const arrows = [...this.held].map((key) => ARROWS[key]);
    this.cursor = this.cursor.map((value, axis) => {
      const change = arrows.reduce((sum, arrow) => sum + arrow[axis], 0);
      return Math.min(SIDE, Math.max(0, value + step * change));
    });
    if (this.penIsDown) {
      this.extend([[...this.cursor]]);
    }
    this.render();
  }

  showCursor(shows) {
    this.showsCursor = shows;
    this.render();
  }

  place(event) {
    const box = this.canvas.getBoundingClientRect();
    return [
      ((event.clientX - box.left) * SIDE) / box.width,
      ((event.clientY - box.top) * SIDE) / box.height,
    ];
  }

  render() {
    const { canvas } = this;
    const side = Math.round(canvas.clientWidth * devicePixelRatio);
    if (side !== canvas.width) {
      canvas.width = canvas.height = side;
    }
    const context = canvas.getContext("2d");
    const style = getComputedStyle(canvas);
    context.setTransform(side / SIDE, 0, 0, side / SIDE, 0, 0);
    context.clearRect(0, 0, SIDE, SIDE);
    paint(context, this.drawing, style.color);
    if (this.showsCursor) {
      this.paintCursor(context, style.getPropertyValue("--accent"));
    }
  }

  paintCursor(context, colour) {
    const [x, y] = this.cursor;
    context.lineWidth = 2.5;
    context.strokeStyle = context.fillStyle = colour;
    context.beginPath();
    context.arc(x, y, 11, 0, 2 * Math.PI);
    context.stroke();
    context.beginPath();
    context.arc(x, y, this.penIsDown ? 7 : 2.5, 0, 2 * Math.PI);
    context.fill();
  }
}
