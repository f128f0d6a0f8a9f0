"""Steps from a picture to a character as networks know it: functions of one picture each.

A picture is a float32 array of shape (height, width). From `lift_ink` on, ink is bright and paper
is 0; from `cover` on, values are shares of ink, 0 to 1.
"""

import functools

import numpy as np
from scipy import ndimage

_CLEAN = 0.02  # paper that varies by less than this share of the contrast was drawn, not seen
_DARKEST_PAPER = 0.1  # of its median shade
_MOST_SAMPLES = 4096
_OF_NOISE = 0.7  # as much variance a threshold explains of noise that is normal: 2 / pi = 0.64
_FAINT = 0.2  # a share of ink that is not noise
NEIGHBOURS = np.ones((3, 3), dtype=bool)  # of a pixel, the corners too
_SMALLEST_RULED = 40  # pixels
_LONG = 0.95  # of the width, a rule
_THICKEST_RULE = 0.08  # of the picture
_LEAST_ROOM = 0.05  # of the width, on both sides of a character on a ruled line


def shrink(picture, longest):
    """Return the means of blocks, so small that no side is longer than `longest`."""
    factor = -(-max(picture.shape) // longest)
    if factor <= 1:
        return picture
    height, width = (side // factor for side in picture.shape)
    if min(height, width) == 0:
        zoom = [max(side // factor, 1) / side for side in picture.shape]
        return ndimage.zoom(picture, zoom, order=1, grid_mode=True, mode="nearest")
    cut = picture[: height * factor, : width * factor]
    return cut.reshape(height, factor, width, factor).mean(axis=(1, 3), dtype=np.float32)


def otsu(values):
    """Return the threshold that parts `values` best in two (Otsu, 1979)."""
    low, high = float(values.min()), float(values.max())
    if low == high:
        return high
    bins = ((values - low) * (255 / (high - low))).astype(np.intp)
    counts = np.bincount(bins.ravel(), minlength=256).astype(float)
    n_below, sum_below = counts.cumsum(), (counts * np.arange(256)).cumsum()
    n_above = n_below[-1] - n_below
    separation = (sum_below[-1] * n_below / n_below[-1] - sum_below) ** 2
    between = separation / np.maximum(n_below * n_above, 1)
    best = np.flatnonzero(between >= between.max() * (1 - 1e-9))
    return low + (best.mean() + 1) * (high - low) / 255


def lift_ink(picture, polarity="auto"):
    """Return how much darker, or brighter, than its paper a picture is: ink.

    The paper is the more frequent of two shades, or the one that `polarity` says. Its shade may
    change smoothly from side to side: a quadratic surface is fitted to it, twice, the second time
    to what the first has shown to be paper. Dark ink is a share of the light there, as half the
    light makes half the contrast. Paper of one shade is taken off as it is.
    """
    if picture.dtype != np.uint8:
        picture = picture / max(np.abs(picture).max(), np.finfo(np.float32).tiny)
    picture = picture.astype(np.float32, copy=False)
    paper, sign = _paper(picture, polarity)
    shades = picture[paper]
    shade = np.median(shades) if len(shades) else 0
    if np.median(np.abs(shades - shade)) <= _CLEAN * np.abs(picture - shade).max():
        return sign * (picture - shade)
    is_lit = shade > 0 and picture.min() >= 0  # shades of light, and not just any numbers
    for _ in range(2):
        surface = _surface(picture, paper)
        ink = sign * (picture - surface)
        if is_lit and sign < 0:
            ink *= shade / np.maximum(surface, _DARKEST_PAPER * shade)
        paper, _ = _paper(ink, "light")
    return ink


def _paper(picture, polarity):
    """Return a mask of the paper, and the sign of ink."""
    bright = picture > otsu(picture)
    if polarity == "auto":
        polarity = "dark" if _at_border(bright) + bright.mean() > 1 else "light"
    return (bright, -1) if polarity == "dark" else (~bright, 1)


def _at_border(mask):
    """Return the share of the border that `mask` takes."""
    edge = max(1, min(mask.shape) // 20)
    inner = mask[edge:-edge, edge:-edge]
    return (mask.sum() - inner.sum()) / (mask.size - inner.size)


def _surface(picture, mask):
    height, width = picture.shape
    rows, columns = np.nonzero(mask)
    step = -(-len(rows) // _MOST_SAMPLES)
    rows, columns = rows[::step], columns[::step]
    y, x = rows / height - 0.5, columns / width - 0.5
    coefficients = np.linalg.lstsq(_quadratic(y, x), picture[rows, columns], rcond=None)[0]
    y, x = np.arange(height)[:, None] / height - 0.5, np.arange(width)[None] / width - 0.5
    one, in_y, in_x, in_yx, in_yy, in_xx = coefficients
    surface = (one + in_y * y + in_yy * y**2) + (in_x * x + in_xx * x**2) + in_yx * (y * x)
    return surface.astype(np.float32)


def _quadratic(y, x):
    return np.stack([np.ones_like(y), y, x, y * x, y**2, x**2], axis=1)


def cover(ink):
    """Return shares of ink: 0 where the paper only varies, 1 where strokes are at their darkest.

    Nothing is ink where it does not stand out from the paper's own variation, be it by its shade
    or by there being two kinds of shades.
    """
    is_stroke = ink > otsu(ink)
    strokes, paper = ink[is_stroke], ink[~is_stroke]
    if len(strokes) == 0:
        return np.zeros_like(ink)
    darkest = _quantile(strokes, 0.9)
    # A quarter of normally distributed values is within 0.32 deviations of their mean.
    noise = _quantile(np.abs(paper), 0.25) / 0.32
    if darkest <= 0 or (darkest <= 6 * noise and _separation(strokes, paper, ink) < _OF_NOISE):
        return np.zeros_like(ink)
    faintest = min(3 * noise, darkest / 4)  # in tight pictures the soft edges of strokes are many
    return np.clip((ink - faintest) / (darkest - faintest), 0, 1)


def _quantile(values, share):
    values = values[:: -(-len(values) // _MOST_SAMPLES)]
    position = int(len(values) * share)
    return np.partition(values, position)[position]


def _separation(strokes, paper, ink):
    """Return the share of all variance that is between strokes and paper."""
    share = len(strokes) / ink.size
    return share * (1 - share) * (strokes.mean() - paper.mean()) ** 2 / ink.var()


def drop_specks(covered, share):
    """Return a picture less pieces that are smaller than a `share` of the largest."""
    pieces, n_pieces = ndimage.label(covered > _FAINT, NEIGHBOURS)
    areas = np.bincount(pieces.ravel(), minlength=n_pieces + 1)
    areas[0] = 0
    kept = (areas >= share * areas.max(initial=0)) & (areas > 0)
    return np.where(ndimage.binary_dilation(kept[pieces], NEIGHBOURS), covered, 0)


def drop_rules(covered):
    """Return a picture less thin lines from border to border, where there is ink beside them."""
    if min(covered.shape) < _SMALLEST_RULED:
        return covered
    ink = covered > _FAINT
    level, upright = _rules(ink), _rules(ink.T).T
    rest = ink & ~level & ~upright
    if not rest.any():
        return covered
    dropped = np.zeros_like(ink)
    if _has_room(rest):
        dropped |= level & ~_crossing(rest, level)
    if _has_room(rest.T):
        dropped |= upright & ~_crossing(rest.T, upright.T).T
    return np.where(dropped, 0, covered)


def _rules(ink):
    """Return a mask of the thin lines that go from the left border to the right one."""
    height, width = ink.shape
    rules = np.zeros_like(ink)
    if ink.any(axis=0).mean() < _LONG:
        return rules
    runs = ndimage.binary_dilation(_opened(ink, width // 8), np.ones((3, 1)))
    lines, _ = ndimage.label(runs, NEIGHBOURS)
    for number, (rows, columns) in enumerate(ndimage.find_objects(lines), 1):
        line = lines[rows] == number
        is_long = columns.stop - columns.start >= _LONG * width
        if is_long and line.sum() <= _THICKEST_RULE * height * width:
            rules[rows] |= line
    return rules


def _opened(mask, length):
    """Return the runs of at least `length` pixels in the rows of `mask`."""
    shortest = ndimage.minimum_filter1d(mask.view(np.uint8), length, axis=1)
    return ndimage.maximum_filter1d(shortest, length, axis=1).view(bool)


def _has_room(ink):
    """Whether `ink` leaves room to its left and to its right, as strokes of a 7 or a 4 do not."""
    columns = np.flatnonzero(ink.any(axis=0))
    room = _LEAST_ROOM * ink.shape[1]
    return columns[0] >= room and columns[-1] < ink.shape[1] - room


def _crossing(rest, rules):
    """Return where the rest of the ink goes on above and below level rules, across them."""
    reach = 2 * int(rules.sum(axis=0).max()) + 1
    above = ndimage.maximum_filter1d(rest.view(np.uint8), reach, axis=0, origin=reach // 2)
    below = ndimage.maximum_filter1d(rest.view(np.uint8), reach, axis=0, origin=-(reach // 2))
    return (above & below).view(bool)


def crop(covered):
    """Return the smallest part of a picture that holds all its ink."""
    ink = covered > _FAINT
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    if len(rows) == 0:
        return covered[:0, :0]
    return covered[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def solid(covered):
    """Return a mask of the strokes: what is at least half as dark as the darkest ink nearby."""
    reach = max(3, max(covered.shape) // 8)
    darkest = ndimage.maximum_filter(covered, reach)
    return covered > np.maximum(darkest / 2, _FAINT)


def stroke_width(strokes):
    """Return the mean width in pixels of the strokes of a mask."""
    if not strokes.any():
        return 0.0
    # Across a stroke of n pixels the distances to paper are 1, 2, ..., n / 2, ..., 2, 1.
    depth = ndimage.distance_transform_edt(np.pad(strokes, 1))[1:-1, 1:-1]
    return max(4 * float(depth[strokes].mean()) - 2, 1.0)


def set_stroke_width(covered, width):
    """Return a picture whose strokes, of whatever width, have been brought to `width` pixels.

    Strokes grow or shrink to both sides alike, and keep a third of their width at least.
    """
    strokes = solid(covered)
    change = (width - stroke_width(strokes)) / 2
    strokes = np.pad(strokes, max(int(np.ceil(change)) + 1, 1))
    inside = ndimage.distance_transform_edt(strokes)
    outside = ndimage.distance_transform_edt(~strokes)
    change = max(change, -inside.max() * 2 / 3)
    return crop(np.clip(inside - outside + change + 0.5, 0, 1).astype(np.float32))


def fit_box(covered, side):
    """Return a picture scaled so that its longer side is `side` pixels, its shape kept."""
    height, width = covered.shape
    scale = side / max(height, width)
    rows, columns = (max(1, round(n * scale)) for n in covered.shape)
    return _resampling(height, rows) @ covered @ _resampling(width, columns).T


@functools.lru_cache(maxsize=512)
def _resampling(n_in, n_out):
    """Return the matrix that resamples `n_in` pixels as `n_out`, by triangles as Pillow does."""
    scale = n_in / n_out
    reach = max(scale, 1.0)
    centres = (np.arange(n_out) + 0.5) * scale
    distance = np.abs(centres[:, None] - (np.arange(n_in) + 0.5)) / reach
    weights = np.clip(1 - distance, 0, None)
    weights /= weights.sum(axis=1, keepdims=True)
    weights.flags.writeable = False
    return weights.astype(np.float32)


def centre(covered, side, by="mass"):
    """Return a square picture of `side` pixels with the ink in its middle.

    By the middle of its "mass" or of its "box"; never so far that ink is cut off.
    """
    frame = np.zeros((side, side), dtype=np.float32)
    middle = [(n - 1) / 2 for n in covered.shape]
    if by == "mass" and covered.any():
        middle = [
            covered.sum(axis=1 - axis) @ np.arange(n) / covered.sum()
            for axis, n in enumerate(covered.shape)
        ]
    top, left = (
        int(np.clip(round((side - 1) / 2 - m), 0, side - n))
        for m, n in zip(middle, covered.shape, strict=True)
    )
    frame[top : top + covered.shape[0], left : left + covered.shape[1]] = covered
    return frame


def background_shade(picture):
    """Return the median shade of the border."""
    edges = (picture[0], picture[-1], picture[:, 0], picture[:, -1])
    return np.median(np.concatenate(edges))


def slant(ink):
    """Return how many pixels the ink leans to the right for every pixel down, from its moments."""
    total = ink.sum()
    if total <= 0:
        return 0.0
    rows, columns = (np.arange(n, dtype=np.float64) for n in ink.shape)
    row = rows - ink.sum(axis=1) @ rows / total
    column = columns - ink.sum(axis=0) @ columns / total
    variance = ink.sum(axis=1) @ row**2
    return float(row @ ink @ column / variance) if variance > 0 else 0.0


def shear(picture, slope, background):
    """Return a picture whose rows are moved sideways until what leant by `slope` stands upright."""
    middle = (picture.shape[0] - 1) / 2
    return ndimage.affine_transform(
        picture,
        [[1, 0], [slope, 1]],
        offset=[0, -slope * middle],
        order=1,
        mode="constant",
        cval=background,
    )
