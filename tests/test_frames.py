"""Frames on a page: found wherever they lie and whatever touches them."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from skdigits.images._frames import find_rectangles, without_frames

HEIGHT, WIDTH = 120, 160
places = st.tuples(
    st.integers(-10, HEIGHT), st.integers(-10, WIDTH), st.integers(1, 130), st.integers(1, 170)
)


def with_frame(mask, top, left, bottom, right, line=2):
    """Return a mask with a frame around the inside of a box."""
    mask = mask.copy()
    outer = np.s_[max(top - line, 0) : bottom + line, max(left - line, 0) : right + line]
    inner = np.s_[max(top, 0) : bottom, max(left, 0) : right]
    kept = mask[inner].copy()
    mask[outer] = True
    mask[inner] = kept
    return mask


@settings(deadline=None)
@given(st.lists(places, max_size=6), st.integers(1, 9), st.integers(0, 2**32 - 1))
def test_rectangles_lie_on_the_page(boxes, line, seed):
    mask = np.random.default_rng(seed).random((HEIGHT, WIDTH)) < 0.01
    for top, left, height, width in boxes:
        mask = with_frame(mask, top, left, top + height, left + width, line)
    rectangles = find_rectangles(mask)
    assert (rectangles[:, :2] > 0).all()
    assert (rectangles[:, 2:] < mask.shape).all()
    assert (rectangles[:, :2] < rectangles[:, 2:]).all()
    without = without_frames(mask.astype(float), 0.5, rectangles)
    assert ((without == 0) | mask).all()


@settings(deadline=None)
@given(st.integers(8, 40), st.integers(8, 40), st.integers(24, 60), st.integers(24, 90))
def test_a_frame_is_found_once_and_taken_off(top, left, height, width):
    box = top, left, top + height, left + width
    mask = with_frame(np.zeros((HEIGHT, WIDTH), dtype=bool), *box)
    assert_allclose(find_rectangles(mask), [box], atol=1)
    assert not without_frames(mask.astype(float), 0.5, find_rectangles(mask)).any()


@settings(deadline=None)
@given(st.integers(0, 3), st.integers(15, 45), st.integers(2, 12))
def test_a_stroke_across_a_side_hides_no_frame(side, place, width):
    box = 30, 40, 90, 100
    mask = with_frame(np.zeros((HEIGHT, WIDTH), dtype=bool), *box)
    turned = np.rot90(mask, side)
    rows, columns = np.nonzero(turned)
    lowest, leftmost = rows.max(), columns.min()
    turned[lowest - 30 : lowest + 12, leftmost + place : leftmost + place + width] = True
    assert_allclose(find_rectangles(mask), [box], atol=1)
