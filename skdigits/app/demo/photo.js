/** Photos: from a file to a canvas that is upright and not larger than need be. */

const LONGEST = 1600; // pixels of a side; a character is searched at half of that
const MOST_BYTES = 64 * 2 ** 20;

/** Return a canvas with the picture of a file. */
export async function readPhoto(file) {
  if (file.size > MOST_BYTES) {
    throw new Error(`${file.name || "This file"} is larger than 64 MB; choose a smaller picture.`);
  }
  let bitmap;
  try {
    bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    throw new Error(`${file.name || "This file"} is no picture that this browser can read.`);
  }
  const canvas = shrunk(bitmap);
  bitmap.close();
  return canvas;
}

/** Return the first picture of what was dropped or pasted, or null. */
export function pictureIn(transfer) {
  const files = [...(transfer?.files ?? [])];
  return files.find((file) => file.type.startsWith("image/")) ?? files[0] ?? null;
}

function shrunk(bitmap) {
  const scale = Math.min(1, LONGEST / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return canvas;
}
