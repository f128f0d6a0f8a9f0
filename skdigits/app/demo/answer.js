/** The answer: the guess large, probabilities as bars, what was drawn beside what the net saw. */

import { EMPTY, toPicture } from "./drawing.js";

const MOST_BARS = 10;
const SURE = 0.6; // below it, the second guess is told as well
const byId = (id) => document.getElementById(id);

/** Prepare the page for a model. */
export function showModel({ name, labels }) {
  const isDigits = labels.every((label) => /^[0-9]$/.test(label));
  byId("kind").textContent = isDigits ? "digit" : "character";
  document.title = `skdigits: draw a ${byId("kind").textContent}`;
  byId("model").textContent = `read by ${name}`;
  byId("bars").classList.toggle("words", labels.some((label) => label.length > 2));
  showNothing(labels);
}

/** Say that nothing is drawn. */
export function showNothing(labels) {
  sayGuess(null, "Nothing drawn yet.");
  showBars(labels, labels.map(() => NaN), null);
  showPicture(byId("drawn"), toPicture(EMPTY), "Nothing drawn");
  byId("whose").textContent = "You drew";
  showSeen(null);
}

/** Show an answer of the model to a drawing. */
export function showAnswer(answer, picture, isPhoto) {
  const nothing = answer.guess === null ? answer.labels.map(() => NaN) : null;
  sayGuess(answer.guess, sentenceFor(answer));
  showBars(answer.labels, answer.probabilities ?? nothing, answer.guess);
  showDrawn(picture, isPhoto);
  showSeen(answer.seen);
}

/** Show a drawing that the model could not be asked about. */
export function showUnread(labels, picture, isPhoto) {
  sayGuess(null, "This was not read.");
  showBars(labels, labels.map(() => NaN), null);
  showDrawn(picture, isPhoto);
  showSeen(null);
}

function showDrawn(picture, isPhoto) {
  showPicture(byId("drawn"), picture, isPhoto ? "Your photo" : "What you drew");
  byId("whose").textContent = isPhoto ? "Your photo" : "You drew";
}

/** Read something out to who does not see the page: by default, the answer. */
export function speak(text = answerInWords()) {
  byId("spoken").textContent = text;
}

function answerInWords() {
  const guess = byId("guess");
  const sentence = byId("sentence").textContent;
  return guess.classList.contains("none") ? sentence : `${guess.textContent}. ${sentence}`;
}

function sayGuess(guess, sentence) {
  byId("guess").textContent = guess ?? "?";
  byId("guess").classList.toggle("none", guess === null);
  byId("guess").classList.toggle("long", guess !== null && guess.length > 2);
  byId("sentence").textContent = sentence;
}

function sentenceFor({ labels, probabilities, guess }) {
  if (guess === null) {
    return "There is no ink in this picture.";
  }
  if (probabilities === null) {
    return "This model does not say how sure it is.";
  }
  const [first, second] = ranked(probabilities);
  const sure = `${percent(probabilities[first])} sure`;
  if (probabilities[first] >= SURE || second === undefined) {
    return sure;
  }
  return `Only ${sure}; or ${labels[second]}, ${percent(probabilities[second])}`;
}

/** Return the positions of the most probable, best first. */
function ranked(probabilities) {
  return probabilities.map((_, i) => i).sort((a, b) => probabilities[b] - probabilities[a]);
}

function percent(share) {
  const text = (100 * share).toFixed(1);
  return `${text === "100.0" && share < 1 ? "99.9" : text}\u00a0%`;
}

/** Digits keep their order, so that bars do not jump; of many labels the most probable are shown. */
function showBars(labels, probabilities, guess) {
  const bars = byId("bars");
  bars.previousElementSibling.hidden = bars.hidden = byId("others").hidden = probabilities === null;
  if (probabilities === null) {
    return;
  }
  const order = labels.length <= MOST_BARS ? labels.keys() : ranked(probabilities);
  const shown = [...order].slice(0, MOST_BARS);
  while (bars.children.length < shown.length) {
    bars.append(newBar());
  }
  while (bars.children.length > shown.length) {
    bars.lastChild.remove();
  }
  shown.forEach((i, position) => {
    fillBar(bars.children[position], labels[i], probabilities[i], labels[i] === guess);
  });
  const nOthers = labels.length - shown.length;
  byId("others").hidden = nOthers === 0;
  byId("others").textContent = `and ${nOthers} others, less probable`;
}

function newBar() {
  const item = document.createElement("li");
  for (const name of ["label", "track", "share"]) {
    item.append(Object.assign(document.createElement("span"), { className: name }));
  }
  item.children[1].append(document.createElement("span"));
  return item;
}

function fillBar(item, label, share, isBest) {
  const [name, track, number] = item.children;
  item.classList.toggle("best", isBest);
  name.textContent = label;
  track.firstChild.style.width = `${100 * (share || 0)}%`;
  number.textContent = Number.isNaN(share) ? "–" : percent(share);
}

function showPicture(canvas, picture, name) {
  const side = Math.min(320, Math.max(picture.width, picture.height));
  const scale = side / Math.max(picture.width, picture.height);
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  canvas.ariaLabel = name;
}

function showSeen(seen) {
  const canvas = byId("seen");
  const { width, height, pixels } = seen ?? { width: 28, height: 28, pixels: [] };
  canvas.width = width;
  canvas.height = height;
  const image = new ImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    image.data.fill(pixels[i] ?? 0, 4 * i, 4 * i + 3);
    image.data[4 * i + 3] = 255;
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
  canvas.ariaLabel = seen ? `What the net saw, ${width} by ${height} pixels` : "Nothing seen";
}
