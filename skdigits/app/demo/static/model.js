/**
 * The model of the static page: everything is computed in this browser, and nothing is sent.
 *
 * Takes the place of ../model.js, beside the page's other files. The drawing goes through the
 * normaliser in JavaScript, and the net, an ONNX file, runs in onnxruntime's WebAssembly.
 */

import { normalize } from "./normalize.js";

export const NOTE = "What you draw stays here: the net runs in this browser, and nothing is sent.";

const LOST = "A part of this page could not be loaded. Is the folder complete?";

let loading = null;

/** Return the model's {name, labels}. */
export async function describe() {
  const { about } = await load();
  return { name: about.name, labels: about.labels };
}

/**
 * Return what a canvas shows: {labels, probabilities, guess, seen: {width, height, pixels}}.
 *
 * `probabilities` is null where the model has none, `guess` where the canvas has no ink; `pixels`
 * are 0 to 255, row after row.
 */
export async function recognise(canvas) {
  const { about, ort, session } = await load();
  const { labels, normalizer, output } = about;
  const seen = normalize(canvas, normalizer);
  if (!seen.pixels.some((pixel) => pixel > 0)) {
    return { labels, probabilities: null, guess: null, seen };
  }
  const pixels = new ort.Tensor("float32", seen.pixels, [1, seen.pixels.length]);
  const { data } = (await session.run({ pixels }, [output]))[output];
  if (output === "label") {
    return { labels, probabilities: null, guess: labels[positionOf(data[0], about.classes)], seen };
  }
  const probabilities = Array.from(data);
  const guess = labels[probabilities.indexOf(Math.max(...probabilities))];
  return { labels, probabilities, guess, seen };
}

/** Return where a label of the net is among the classes; it has BigInts, and 0 and 1 of booleans. */
function positionOf(label, classes) {
  const asText = (value) => String(typeof value === "boolean" ? Number(value) : value);
  return classes.map(asText).indexOf(asText(label));
}

/** Load the runtime and the net, once. */
function load() {
  loading ??= start().catch((error) => {
    console.error(error);
    throw new Error(LOST);
  });
  return loading;
}

async function start() {
  const [about, net, ort] = await Promise.all([
    get("labels.json").then((response) => response.json()),
    get("net.onnx").then((response) => response.arrayBuffer()),
    import("./runtime/ort.js"),
  ]);
  // More threads would take headers that not every server sends, and a net this small no time.
  ort.env.wasm.numThreads = 1;
  return { about, ort, session: await ort.InferenceSession.create(net) };
}

async function get(address) {
  const response = await fetch(address);
  if (!response.ok) {
    throw new Error(`${address}: ${response.status}`);
  }
  return response;
}
