/**
 * The model, as the page knows it: pixels in, labels and probabilities out.
 *
 * Here it is the server that answers. Whatever else has these two functions can take its place.
 */

export const NOTE =
  "What you draw goes to the program that serves this page; it is read there, and not kept.";

const LOST = "The server does not answer. Is skdigits demo still running?";

/** Return the model's {name, labels}. */
export async function describe() {
  return ask("model.json");
}

/**
 * Return what a canvas shows: {labels, probabilities, guess, seen: {width, height, pixels}}.
 *
 * `probabilities` is null where the model has none, `guess` where the canvas has no ink; `pixels`
 * are 0 to 255, row after row.
 */
export async function recognise(canvas) {
  const body = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  return ask("predict", { method: "POST", body, headers: { "Content-Type": "image/png" } });
}

async function ask(address, options) {
  let response;
  try {
    response = await fetch(address, options);
  } catch {
    throw new Error(LOST);
  }
  const content = await response.json().catch(() => ({ error: LOST }));
  if (!response.ok) {
    throw new Error(content.error);
  }
  return content;
}
