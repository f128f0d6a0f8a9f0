/** Neighbourhoods in a picture {width, height, values}: distances, maxima, connected pieces. */

const FAR = 1e20;

/** Return every pixel's distance to the nearest whose value is `target` (0 or 1). */
export function distances({ width, height, values }, target) {
  const squares = Float64Array.from(values, (value) => (value === target ? 0 : FAR));
  for (let x = 0; x < width; x++) {
    transformLine(squares, x, width, height);
  }
  for (let y = 0; y < height; y++) {
    transformLine(squares, y * width, 1, width);
  }
  return squares.map(Math.sqrt);
}

/** Return a picture of the largest values in windows of `size` pixels, cut off at the borders. */
export function maxima(picture, size) {
  const { width, height } = picture;
  const across = largestInRows(picture.values, size, width);
  const values = slide(across, size, height, width, (n) => Math.floor(n / width));
  return { width, height, values };
}

/** Return the largest values in windows of `size` pixels of the rows. */
export function largestInRows(values, size, width) {
  return slide(values, size, width, 1, (n) => n % width);
}

/** Return the pieces that hold together, corners included: labels from 1, and their areas. */
export function pieces({ width, height, values }, isPart) {
  const labels = new Int32Array(width * height);
  const areas = [0];
  values.forEach((value, start) => {
    if (!isPart(value) || labels[start]) {
      return;
    }
    const label = areas.push(0) - 1;
    const waiting = [start];
    labels[start] = label;
    while (waiting.length) {
      const here = waiting.pop();
      areas[label] += 1;
      for (const next of neighbours(here, width, height)) {
        if (!labels[next] && isPart(values[next])) {
          labels[next] = label;
          waiting.push(next);
        }
      }
    }
  });
  return { labels, areas };
}

function* neighbours(place, width, height) {
  const [x, y] = [place % width, Math.floor(place / width)];
  for (let row = Math.max(0, y - 1); row <= Math.min(height - 1, y + 1); row++) {
    for (let column = Math.max(0, x - 1); column <= Math.min(width - 1, x + 1); column++) {
      yield row * width + column;
    }
  }
}

/**
 * Replace the squared distances of a line by the lower envelope of the parabolas on them
 * (Felzenszwalb and Huttenlocher, "Distance transforms of sampled functions", 2012).
 */
function transformLine(squares, start, stride, length) {
  const heights = Float64Array.from({ length }, (_, n) => squares[start + n * stride]);
  const roots = [0];
  const borders = [-Infinity];
  const crossing = (n, m) => (heights[n] + n * n - heights[m] - m * m) / (2 * (n - m));
  for (let n = 1; n < length; n++) {
    while (crossing(n, roots[roots.length - 1]) <= borders[borders.length - 1]) {
      roots.pop();
      borders.pop();
    }
    borders.push(crossing(n, roots[roots.length - 1]));
    roots.push(n);
  }
  for (let n = 0, k = 0; n < length; n++) {
    while (k + 1 < roots.length && borders[k + 1] < n) {
      k += 1;
    }
    squares[start + n * stride] = (n - roots[k]) ** 2 + heights[roots[k]];
  }
}

function slide(values, size, length, stride, positionOf) {
  const before = Math.floor(size / 2);
  return values.map((value, place) => {
    const position = positionOf(place);
    const first = Math.max(-position, -before);
    const last = Math.min(length - 1 - position, size - before - 1);
    let most = -Infinity;
    for (let offset = first; offset <= last; offset++) {
      most = Math.max(most, values[place + offset * stride]);
    }
    return most;
  });
}
