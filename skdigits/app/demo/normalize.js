/**
 * CharacterNormalizer in JavaScript: any picture of one character as networks know it.
 *
 * Step by step what skdigits/images/_operations.py does, in its order and with its constants; a
 * test holds the two together.
 *
 * A picture is {width, height, values}; from `liftInk` on, ink is bright and paper is 0, from
 * `cover` on values are shares of ink, 0 to 1.
 */

import { distances, maxima, pieces } from "./morphology.js";
import { dropRules } from "./rules.js";

const LONGEST_SEARCHED = 800;
const LONGEST_CHARACTER = 240;
const CLEAN = 0.02;
const DARKEST_PAPER = 0.1;
const MOST_SAMPLES = 4096;
const OF_NOISE = 0.7;
const FAINT = Math.fround(0.2);
const DEFAULTS = { size: 28, box: 20, specks: 0.02, strokeWidth: 2.6 };

/** Return {width, height, pixels} of `size`, 0 to 255, from a canvas with a character. */
export function normalize(canvas, parameters = {}) {
  const { size, box, specks, strokeWidth } = { ...DEFAULTS, ...parameters };
  let picture = liftInk(shrink(toGrey(canvas), LONGEST_SEARCHED));
  picture = crop(dropSpecks(dropRules(cover(picture)), specks));
  if (picture.values.length === 0) {
    return { width: size, height: size, pixels: new Array(size * size).fill(0) };
  }
  picture = shrink(picture, LONGEST_CHARACTER);
  const longest = Math.max(picture.width, picture.height);
  if (strokeWidth !== null && longest >= 2 * box) {
    picture = setStrokeWidth(picture, (strokeWidth * longest) / box);
  }
  const { values } = centre(fitBox(picture, box), size);
  const scale = Math.fround(255 / largest(values));
  const pixels = Array.from(values, (value) => roundEven(Math.fround(value * scale)));
  return { width: size, height: size, pixels };
}

/** Return the shades of grey of a canvas (Rec. 601, in whole numbers as Pillow has it). */
export function toGrey(canvas) {
  const { width, height } = canvas;
  const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
  const values = new Float32Array(width * height);
  for (let i = 0; i < values.length; i++) {
    const weighted = data[4 * i] * 19595 + data[4 * i + 1] * 38470 + data[4 * i + 2] * 7471;
    values[i] = (weighted + 0x8000) >> 16;
  }
  return { width, height, values };
}

/** Return the means of blocks, so small that no side is longer than `longest`. */
function shrink(picture, longest) {
  const factor = Math.ceil(Math.max(picture.width, picture.height) / longest);
  const width = Math.floor(picture.width / factor);
  const height = Math.floor(picture.height / factor);
  if (factor <= 1 || width === 0 || height === 0) {
    return picture;
  }
  return make(width, height, (x, y) => {
    let sum = 0;
    for (let row = y * factor; row < (y + 1) * factor; row++) {
      for (let column = x * factor; column < (x + 1) * factor; column++) {
        sum += picture.values[row * picture.width + column];
      }
    }
    return sum / factor ** 2;
  });
}

/** Return the threshold that parts values best in two (Otsu, 1979). */
function otsu(values) {
  const [low, high] = [smallest(values), largest(values)];
  if (low === high) {
    return high;
  }
  const counts = new Float64Array(256);
  const scale = Math.fround(255 / (high - low));
  for (const value of values) {
    counts[Math.trunc(Math.fround(Math.fround(value - low) * scale))] += 1;
  }
  const total = counts.reduce((sum, count, bin) => sum + count * bin, 0);
  let [nBelow, sumBelow] = [0, 0];
  const between = Array.from(counts, (count, bin) => {
    nBelow += count;
    sumBelow += count * bin;
    const separation = ((total * nBelow) / values.length - sumBelow) ** 2;
    return separation / Math.max(nBelow * (values.length - nBelow), 1);
  });
  const most = Math.max(...between) * (1 - 1e-9);
  const best = [...between.keys()].filter((bin) => between[bin] >= most);
  const mean = best.reduce((sum, bin) => sum + bin, 0) / best.length;
  return low + ((mean + 1) * (high - low)) / 255;
}

/** Return how much darker, or brighter, than its paper a picture is: ink. */
function liftInk(picture) {
  const { width, height, values } = picture;
  let { paper, sign } = findPaper(picture);
  const shades = values.filter((_, i) => paper[i]);
  const shade = shades.length ? median(shades) : 0;
  const deviation = shades.length ? median(shades.map((value) => Math.abs(value - shade))) : 0;
  const flat = { width, height, values: values.map((value) => sign * (value - shade)) };
  const contrast = largest(flat.values.map(Math.abs));
  if (deviation <= CLEAN * contrast) {
    return flat;
  }
  let ink;
  for (let time = 0; time < 2; time++) {
    const surface = fitSurface(picture, paper);
    ink = make(width, height, (x, y) => {
      const light = surface(x, y);
      const value = sign * (values[y * width + x] - light);
      return sign < 0 ? (value * shade) / Math.max(light, DARKEST_PAPER * shade) : value;
    });
    paper = findPaper(ink, "light").paper;
  }
  return ink;
}

/** Return a mask of the paper, and the sign of ink: paper is what is more frequent. */
function findPaper({ width, height, values }, polarity = null) {
  const threshold = otsu(values);
  const bright = Uint8Array.from(values, (value) => (value > threshold ? 1 : 0));
  const edge = Math.max(1, Math.floor(Math.min(width, height) / 20));
  const all = bright.reduce((sum, is) => sum + is, 0);
  let inner = 0;
  for (let y = edge; y < height - edge; y++) {
    const row = bright.subarray(y * width + edge, Math.max(0, (y + 1) * width - edge));
    inner += row.reduce((sum, is) => sum + is, 0);
  }
  const nInner = Math.max(0, width - 2 * edge) * Math.max(0, height - 2 * edge);
  const atBorder = (all - inner) / (values.length - nInner);
  if (polarity === null && atBorder + all / values.length > 1) {
    return { paper: bright, sign: -1 };
  }
  return { paper: bright.map((is) => 1 - is), sign: 1 };
}

/** Return a function of x and y: the quadratic surface that fits the paper best. */
function fitSurface({ width, height, values }, mask) {
  const places = Array.from(mask.keys()).filter((i) => mask[i]);
  const step = Math.ceil(places.length / MOST_SAMPLES);
  const matrix = Array.from({ length: 6 }, () => new Float64Array(7));
  const terms = (x, y) => {
    const [v, u] = [y / height - 0.5, x / width - 0.5];
    return [1, v, u, v * u, v * v, u * u];
  };
  for (let n = 0; n < places.length; n += step) {
    const i = places[n];
    const row = [...terms(i % width, Math.floor(i / width)), values[i]];
    for (let a = 0; a < 6; a++) {
      row.forEach((value, b) => (matrix[a][b] += row[a] * value));
    }
  }
  const coefficients = solve(matrix);
  return (x, y) => terms(x, y).reduce((sum, term, a) => sum + coefficients[a] * term, 0);
}

/** Solve the normal equations, the right side of which is the last column, by elimination. */
function solve(matrix) {
  const n = matrix.length;
  for (let pivot = 0; pivot < n; pivot++) {
    for (let row = 0; row < n; row++) {
      if (row !== pivot && matrix[pivot][pivot] !== 0) {
        const factor = matrix[row][pivot] / matrix[pivot][pivot];
        matrix[row].forEach((_, b) => (matrix[row][b] -= factor * matrix[pivot][b]));
      }
    }
  }
  return matrix.map((row, a) => (row[a] ? row[n] / row[a] : 0));
}

/** Return shares of ink: 0 where the paper only varies, 1 where strokes are at their darkest. */
function cover({ width, height, values }) {
  const threshold = otsu(values);
  const strokes = values.filter((value) => value > threshold);
  const paper = values.filter((value) => value <= threshold);
  if (strokes.length === 0) {
    return make(width, height, () => 0);
  }
  const darkest = quantile(strokes, 0.9);
  // A quarter of normally distributed values is within 0.32 deviations of their mean.
  const noise = quantile(paper.map(Math.abs), 0.25) / 0.32;
  if (darkest <= 0 || (darkest <= 6 * noise && separation(strokes, paper, values) < OF_NOISE)) {
    return make(width, height, () => 0);
  }
  const faintest = Math.min(3 * noise, darkest / 4);
  const share = (value) => (value - faintest) / (darkest - faintest);
  return { width, height, values: values.map((value) => Math.min(1, Math.max(0, share(value)))) };
}

function quantile(values, share) {
  const step = Math.ceil(values.length / MOST_SAMPLES);
  const sample = values.filter((_, i) => i % step === 0).sort();
  return sample[Math.trunc(sample.length * share)];
}

/** Return the share of all variance that is between strokes and paper. */
function separation(strokes, paper, values) {
  const share = strokes.length / values.length;
  const middle = mean(values);
  const variance = mean(values.map((value) => (value - middle) ** 2));
  return (share * (1 - share) * (mean(strokes) - mean(paper)) ** 2) / variance;
}

/** Return a picture less pieces that are smaller than a share of the largest. */
function dropSpecks(picture, share) {
  const { width, height, values } = picture;
  const { labels, areas } = pieces(picture, (value) => value > FAINT);
  const most = Math.max(0, ...areas);
  const kept = make(width, height, (x, y) => {
    const label = labels[y * width + x];
    return label > 0 && areas[label] >= share * most ? 1 : 0;
  });
  const near = maxima(kept, 3);
  return { width, height, values: values.map((value, i) => (near.values[i] ? value : 0)) };
}

/** Return the smallest part of a picture that holds all its ink. */
function crop(picture) {
  let [left, right, top, bottom] = [picture.width, -1, picture.height, -1];
  picture.values.forEach((value, i) => {
    if (value > FAINT) {
      const [x, y] = [i % picture.width, Math.floor(i / picture.width)];
      [left, right] = [Math.min(left, x), Math.max(right, x)];
      [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
    }
  });
  if (right < 0) {
    return make(0, 0);
  }
  return make(right - left + 1, bottom - top + 1, (x, y) => {
    return picture.values[(y + top) * picture.width + x + left];
  });
}

/** Return a picture whose strokes, of whatever width, have been brought to `width` pixels. */
function setStrokeWidth(covered, width) {
  const strokes = solid(covered);
  let change = (width - widthOf(strokes)) / 2;
  const padded = pad(strokes, Math.max(Math.ceil(change) + 1, 1));
  const inside = distances(padded, 0);
  const outside = distances(padded, 1);
  change = Math.max(change, (-largest(inside) * 2) / 3);
  const moved = inside.map((value, i) => value - outside[i] + change + 0.5);
  return crop({ ...padded, values: Float32Array.from(moved, (v) => Math.min(1, Math.max(0, v))) });
}

/** Return a mask of the strokes: what is at least half as dark as the darkest ink nearby. */
function solid(covered) {
  const { width, height, values } = covered;
  const darkest = maxima(covered, Math.max(3, Math.floor(Math.max(width, height) / 8))).values;
  return make(width, height, (x, y) => {
    const i = y * width + x;
    return values[i] > Math.max(darkest[i] / 2, FAINT) ? 1 : 0;
  });
}

/** Return the mean width of strokes: across one of n pixels depths are 1, 2, ... n / 2 ... 2, 1. */
function widthOf(strokes) {
  const depths = distances(pad(strokes, 1), 0).filter((depth) => depth > 0);
  return Math.max(4 * mean(depths) - 2, 1);
}

function pad(picture, by) {
  const { width, height, values } = picture;
  return make(width + 2 * by, height + 2 * by, (x, y) => {
    const isInside = x >= by && x < width + by && y >= by && y < height + by;
    return isInside ? values[(y - by) * width + x - by] : 0;
  });
}

/** Return a picture scaled so that its longer side is `side` pixels, by triangles as Pillow does. */
function fitBox(picture, side) {
  const scale = side / Math.max(picture.width, picture.height);
  const width = Math.max(1, roundEven(picture.width * scale));
  const height = Math.max(1, roundEven(picture.height * scale));
  const across = resampling(picture.width, width);
  const down = resampling(picture.height, height);
  const half = make(picture.width, height, (x, y) => {
    return down[y].reduce((sum, w, row) => sum + w * picture.values[row * picture.width + x], 0);
  });
  return make(width, height, (x, y) => {
    return across[x].reduce((sum, w, column) => sum + w * half.values[y * half.width + column], 0);
  });
}

/** Return, for every pixel that comes out, the weights of those that go in. */
function resampling(nIn, nOut) {
  const scale = nIn / nOut;
  const reach = Math.max(scale, 1);
  return Array.from({ length: nOut }, (_, out) => {
    const weights = Float64Array.from({ length: nIn }, (_, i) => {
      return Math.max(0, 1 - Math.abs((out + 0.5) * scale - (i + 0.5)) / reach);
    });
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return weights.map((weight) => weight / total);
  });
}

/** Return a square picture with the centre of the ink's mass in its middle. */
function centre(covered, side) {
  const { width, height, values } = covered;
  let [total, sumX, sumY] = [0, 0, 0];
  values.forEach((value, i) => {
    total += value;
    sumX += value * (i % width);
    sumY += value * Math.floor(i / width);
  });
  const place = (middle, n) => {
    return Math.min(side - n, Math.max(0, roundEven((side - 1) / 2 - middle)));
  };
  const [left, top] = [place(sumX / total, width), place(sumY / total, height)];
  return make(side, side, (x, y) => {
    const [column, row] = [x - left, y - top];
    const isInside = column >= 0 && column < width && row >= 0 && row < height;
    return isInside ? values[row * width + column] : 0;
  });
}

function make(width, height, valueAt) {
  const values = new Float32Array(width * height);
  for (let i = 0; i < values.length; i++) {
    values[i] = valueAt(i % width, Math.floor(i / width));
  }
  return { width, height, values };
}

/** Round halves to the even neighbour, as NumPy and Python do. */
function roundEven(value) {
  const rounded = Math.round(value);
  return Math.abs(value % 1) === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

function median(values) {
  const sorted = values.slice().sort();
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : Math.fround((sorted[half - 1] + sorted[half]) / 2);
}

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const largest = (values) => values.reduce((most, value) => Math.max(most, value), -Infinity);
const smallest = (values) => values.reduce((least, value) => Math.min(least, value), Infinity);
