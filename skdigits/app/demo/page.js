/** The page: puts the pad, the photos, the model and the answer together. */

import { showAnswer, showModel, showNothing, showUnread, speak } from "./answer.js";
import { isEmpty, toPicture } from "./drawing.js";
import { NOTE, describe, recognise } from "./model.js";
import { Pad } from "./pad.js";
import { pictureIn, readPhoto } from "./photo.js";

const PAUSE = 80; // ms between two questions while a stroke is drawn
const byId = (id) => document.getElementById(id);

let labels = [];
let isAsking = false;
let isWaiting = false; // what is drawn has changed since the last question
let isSpoken = false;

const pad = new Pad(byId("pad"), {
  onChange(drawing, isDone) {
    byId("undo").disabled = !pad.canUndo;
    byId("clear").disabled = isEmpty(drawing);
    byId("hint").hidden = !isEmpty(drawing);
    isSpoken ||= isDone;
    isWaiting = true;
    complain("");
    ask();
  },
  onPen: (isDown) => speak(isDown ? "Pen down." : "Pen up."),
});

/** Ask the model what is drawn, one question at a time, until it has seen the last change. */
async function ask() {
  if (isAsking) {
    return;
  }
  isAsking = true;
  while (isWaiting) {
    isWaiting = false;
    await answer(pad.drawing);
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
  isAsking = false;
  if (isSpoken) {
    isSpoken = false;
    speak();
  }
}

async function answer(drawing) {
  if (isEmpty(drawing)) {
    showNothing(labels);
    return;
  }
  const isLast = () => drawing.strokes === pad.drawing.strokes;
  const picture = toPicture(drawing);
  try {
    const found = await recognise(picture);
    if (isLast()) {
      showAnswer(found, picture, drawing.photo !== null);
    }
  } catch (error) {
    if (isLast()) {
      showUnread(labels, picture, drawing.photo !== null);
      complain(error.message);
    }
  }
}

function complain(text) {
  byId("problem").textContent = text;
}

async function take(file) {
  if (!file) {
    return;
  }
  try {
    pad.show(await readPhoto(file));
  } catch (error) {
    pad.clear(); // so that nothing looks like an answer to this file; undo brings it back
    complain(error.message);
  }
}

function listenForPhotos() {
  byId("choose").addEventListener("click", () => byId("file").click());
  byId("file").addEventListener("change", async (event) => {
    await take(event.target.files[0]);
    event.target.value = ""; // so that the same file can be chosen again
  });
  addEventListener("paste", (event) => take(pictureIn(event.clipboardData)));
  addEventListener("dragover", (event) => {
    event.preventDefault();
    document.body.classList.add("dropping");
  });
  addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) {
      document.body.classList.remove("dropping");
    }
  });
  addEventListener("drop", (event) => {
    event.preventDefault();
    document.body.classList.remove("dropping");
    take(pictureIn(event.dataTransfer));
  });
}

async function start() {
  byId("undo").addEventListener("click", () => pad.undo());
  byId("clear").addEventListener("click", () => pad.clear());
  addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.shiftKey && event.key === "z") {
      event.preventDefault();
      pad.undo();
    }
  });
  listenForPhotos();
  byId("note").textContent = NOTE;
  try {
    const model = await describe();
    labels = model.labels;
    showModel(model);
    isWaiting ||= !isEmpty(pad.drawing);
    ask();
  } catch (error) {
    complain(error.message);
  }
}

start();
