/** A drawing as strokes of points, and how it is painted: on the screen, and for the model. */

export const SIDE = 280; // of the pad, in its own units
const PEN = 17; // width of strokes
const MARGIN = 20; // around what the model gets, as strokes from border to border look like rules

export const EMPTY = Object.freeze({ strokes: [], photo: null });

export function isEmpty(drawing) {
  return drawing.strokes.length === 0 && drawing.photo === null;
}

/** Paint a drawing in the context's colours, on a pad of SIDE units. */
export function paint(context, drawing, ink) {
  if (drawing.photo) {
    paintPhoto(context, drawing.photo);
  }
  context.lineCap = context.lineJoin = "round";
  context.lineWidth = PEN;
  context.strokeStyle = ink;
  for (const stroke of drawing.strokes) {
    trace(context, stroke);
    context.stroke();
  }
}

/** Return a canvas with a drawing as the model gets it: black on white whatever the screen has. */
export function toPicture(drawing) {
  if (drawing.photo) {
    return drawing.photo;
  }
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIDE + 2 * MARGIN;
  const context = canvas.getContext("2d");
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.translate(MARGIN, MARGIN);
  paint(context, drawing, "#000");
  return canvas;
}

/** Lay a curve through the middles between points: a hand's points are few when it is quick. */
function trace(context, points) {
  context.beginPath();
  context.moveTo(...points[0]);
  for (let i = 1; i < points.length - 1; i++) {
    context.quadraticCurveTo(...points[i], ...middle(points[i], points[i + 1]));
  }
  const [x, y] = points[points.length - 1];
  context.lineTo(x + 0.01, y); // a tap is a dot: without a length, there would be nothing
}

function middle([x, y], [nextX, nextY]) {
  return [(x + nextX) / 2, (y + nextY) / 2];
}

function paintPhoto(context, photo) {
  const scale = SIDE / Math.max(photo.width, photo.height);
  const [width, height] = [photo.width * scale, photo.height * scale];
  context.drawImage(photo, (SIDE - width) / 2, (SIDE - height) / 2, width, height);
}
