/** Ruled lines: thin lines from border to border are no ink where there is ink beside them. */

import { largestInRows, pieces } from "./morphology.js";

const SMALLEST_RULED = 40; // pixels
const FAINT = Math.fround(0.2); // a share of ink that is not noise
const LONG = 0.95; // of the width, a rule
const THICKEST_RULE = 0.08; // of the picture
const LEAST_ROOM = 0.05; // of the width, on both sides of a character on a ruled line

/** Return a picture of shares of ink less its ruled lines. */
export function dropRules(covered) {
  const { width, height, values } = covered;
  if (Math.min(width, height) < SMALLEST_RULED) {
    return covered;
  }
  const ink = { width, height, values: Uint8Array.from(values, (value) => (value > FAINT ? 1 : 0)) };
  const level = findRules(ink);
  const upright = turn(findRules(turn(ink)));
  const rest = mask(ink, (i) => ink.values[i] && !level.values[i] && !upright.values[i]);
  if (!rest.values.includes(1)) {
    return covered;
  }
  const levelDropped = droppable(rest, level);
  const uprightDropped = turn(droppable(turn(rest), turn(upright)));
  const isDropped = (i) => levelDropped.values[i] || uprightDropped.values[i];
  return { width, height, values: values.map((value, i) => (isDropped(i) ? 0 : value)) };
}

/** Return a mask of the thin lines that go from the left border to the right one. */
function findRules(ink) {
  const none = mask(ink, () => 0);
  if (inkColumns(ink).filter(Boolean).length / ink.width < LONG) {
    return none;
  }
  const runs = thicken(longRuns(ink, Math.floor(ink.width / 8)));
  const { labels, areas } = pieces(runs, Boolean);
  const [first, last] = [areas.map(() => Infinity), areas.map(() => -1)];
  labels.forEach((label, i) => {
    first[label] = Math.min(first[label], i % ink.width);
    last[label] = Math.max(last[label], i % ink.width);
  });
  const isRule = areas.map((area, label) => {
    const isLong = last[label] - first[label] + 1 >= LONG * ink.width;
    return label > 0 && isLong && area <= THICKEST_RULE * ink.height * ink.width;
  });
  return mask(ink, (i) => isRule[labels[i]]);
}

/** Return the runs of at least `length` pixels in the rows of a mask. */
function longRuns({ width, height, values }, length) {
  const papers = values.map((value) => 1 - value);
  const starts = largestInRows(papers, length, width).map((value) => 1 - value);
  return { width, height, values: largestInRows(starts, length, width) };
}

/** Return a mask and the pixels above and below it. */
function thicken(runs) {
  const { width, values } = runs;
  return mask(runs, (i) => values[i] || values[i - width] || values[i + width]);
}

/** Return the part of level rules that can go: all but where the rest goes on across them. */
function droppable(rest, rules) {
  const columns = inkColumns(rest);
  const room = LEAST_ROOM * rest.width;
  const isRoomy = columns.indexOf(1) >= room && columns.lastIndexOf(1) < rest.width - room;
  if (!isRoomy) {
    return mask(rest, () => 0);
  }
  const { width, height, values } = rules;
  const thickest = Math.max(...inkPerColumn(rules));
  const isNear = (i, direction) => {
    for (let n = 0; n <= 2 * thickest; n++) {
      const y = mirrored(Math.floor(i / width) + direction * n, height);
      if (rest.values[y * width + (i % width)]) {
        return true;
      }
    }
    return false;
  };
  return mask(rules, (i) => values[i] && !(isNear(i, -1) && isNear(i, 1)));
}

/** Return a position that may be beyond a border as SciPy's filters take it. */
function mirrored(position, length) {
  return position < 0 ? -1 - position : position >= length ? 2 * length - 1 - position : position;
}

function inkPerColumn({ width, values }) {
  const counts = new Array(width).fill(0);
  values.forEach((value, i) => (counts[i % width] += value));
  return counts;
}

const inkColumns = (picture) => inkPerColumn(picture).map((count) => (count ? 1 : 0));

function turn({ width, height, values }) {
  const turned = new Uint8Array(values.length);
  let i = 0;
  for (let x = 0; x < width; x++) {
    for (let y = 0; y < height; y++) {
      turned[i++] = values[y * width + x];
    }
  }
  return { width: height, height: width, values: turned };
}

function mask({ width, height, values }, isIn) {
  const inside = new Uint8Array(values.length);
  for (let i = 0; i < inside.length; i++) {
    inside[i] = isIn(i) ? 1 : 0;
  }
  return { width, height, values: inside };
}
