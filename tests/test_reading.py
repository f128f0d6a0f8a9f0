"""Pictures from files, from Pillow and from arrays; damaged and hostile ones."""

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image, ImageOps

from skdigits.images._reading import read_picture

FORMATS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM")


@pytest.fixture(scope="module")
def colours():
    rng = np.random.default_rng(0)
    return Image.fromarray(rng.integers(0, 256, (12, 9, 3), dtype=np.uint8))


def encoded(image, format):
    file = io.BytesIO()
    image.save(file, format)
    return file.getvalue()


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "CMYK", "YCbCr", "HSV"])
def test_grey_is_pillows(mode, colours):
    image = colours.convert(mode)
    assert_array_equal(read_picture(image), np.asarray(image.convert("L")))


@pytest.mark.parametrize("mode", ["I", "F", "I;16"])
def test_more_than_eight_bits_are_kept(mode):
    values = np.array([[0, 300], [5000, 65000]], dtype={"F": "f4", "I": "i4", "I;16": "u2"}[mode])
    grey = read_picture(Image.fromarray(values))
    assert grey.dtype == np.float32
    assert_array_equal(grey, values)


@pytest.mark.parametrize("format", FORMATS)
def test_files_are_read_as_pillow_reads_them(format, colours, tmp_path):
    path = tmp_path / "picture"
    path.write_bytes(encoded(colours, format))
    with Image.open(path) as image:
        expected = np.asarray(image.convert("L"))
    assert_array_equal(read_picture(path), expected)
    assert_array_equal(read_picture(str(path)), expected)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_is_turned_as_its_camera_says(orientation, colours, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / "photo.jpg"
    colours.save(path, exif=exif)
    with Image.open(path) as image:
        expected = np.asarray(ImageOps.exif_transpose(image).convert("L"))
    assert_array_equal(read_picture(path), expected)


@pytest.mark.parametrize(("ink", "paper"), [(0, 255), (40, 255), (255, 0)])
def test_behind_transparency_is_what_ink_stands_out_from(ink, paper):
    pixels = np.zeros((10, 10, 2), dtype=np.uint8)
    pixels[2:8, 4] = ink, 255
    expected = np.full((10, 10), paper)
    expected[2:8, 4] = ink
    assert_array_equal(read_picture(Image.fromarray(pixels)), expected)
    assert_array_equal(read_picture(pixels), expected)


def test_behind_a_cut_out_of_paper_is_paper():
    pixels = np.zeros((10, 10, 4), dtype=np.uint8)
    pixels[1:9, 1:9] = 200, 200, 200, 255
    pixels[3:7, 4] = 10, 10, 10, 255
    grey = read_picture(pixels)
    assert grey[0, 0] == 200
    assert grey[4, 4] == 10


def test_a_palette_with_a_transparent_colour(tmp_path):
    image = Image.new("P", (6, 6), 0)
    image.putpalette([9, 9, 9, 0, 0, 0])
    image.putpixel((3, 3), 1)
    image.save(tmp_path / "drawing.gif", transparency=0)
    grey = read_picture(tmp_path / "drawing.gif")
    assert (grey[0, 0], grey[3, 3]) == (255, 0)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("dtype", ["bool", "uint8", "int32", "uint16", "float32", "float64"])
def test_arrays_of_all_kinds(channels, dtype):
    scale = {"bool": 1, "float32": 1, "float64": 1, "uint8": 255}.get(dtype, 30_000)
    shades = np.linspace(0, 1, 20).reshape(4, 5)
    array = np.repeat((shades * scale)[:, :, None], channels, axis=2).astype(dtype)
    if channels in (2, 4):
        array[:, :, -1] = 1 if scale == 1 else np.iinfo(dtype).max
    expected = array[:, :, 0].astype(float) * (255 if dtype == "bool" else 1)
    assert_allclose(read_picture(array), expected, atol=1e-5 * scale)


@pytest.mark.parametrize("format", FORMATS)
def test_half_a_file_is_damaged(format, colours, tmp_path):
    path = tmp_path / "half"
    content = encoded(colours.resize((90, 120)), format)
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(ValueError, match=r"half is (damaged|none)\."):
        read_picture(path)


@pytest.mark.parametrize("content", [b"", b"not a picture", b"\x89PNG\r\n\x1a\n", b"\0" * 5000])
def test_what_is_no_picture_is_refused(content, tmp_path):
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    with pytest.raises(
        ValueError, match=r"expects an image file \(PNG, JPEG, .*\), .*notes.txt is none\."
    ):
        read_picture(path)


def test_a_missing_file_and_a_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"absent\.png"):
        read_picture(tmp_path / "absent.png")
    with pytest.raises(IsADirectoryError):
        read_picture(tmp_path)


@pytest.mark.parametrize("suffix", ["tiff", "gif", "png", "webp"])
def test_of_several_pages_the_first_is_read_with_a_warning(suffix, colours, tmp_path):
    pages = [colours, Image.new("RGB", colours.size)]
    path = tmp_path / f"scan.{suffix}"
    pages[0].save(path, save_all=True, append_images=pages[1:], lossless=True)
    message = rf"reads the first page of \S+scan.{suffix} alone"
    with pytest.warns(UserWarning, match=message) as caught:
        read = read_picture(path)
    assert_array_equal(read, read_picture(pages[0]))
    assert caught[0].filename == __file__


@pytest.mark.parametrize("suffix", ["tiff", "gif", "png", "webp"])
@pytest.mark.filterwarnings("ignore:.*reads the first page")
def test_cut_off_pages_are_read_or_refused_in_a_sentence(suffix, colours, tmp_path):
    path = tmp_path / f"scan.{suffix}"
    pages = [colours.rotate(90 * turn) for turn in range(1, 3)]
    colours.save(path, save_all=True, append_images=pages)
    whole = path.read_bytes()
    refusals = []
    for length in range(1, len(whole), 1 + len(whole) // 200):
        path.write_bytes(whole[:length])
        try:
            assert read_picture(path).shape == (12, 9)
        except ValueError as error:
            refusals.append(str(error))
    assert refusals
    assert all(str(path) in refusal for refusal in refusals)


def png_that_claims(width, height):
    """Return a PNG of a few bytes whose header promises more."""

    def chunk(name, data):
        checksum = zlib.crc32(name + data)
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", checksum)

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = (chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(b"")), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.mark.parametrize("side", [8_000, 10_000, 60_000])
def test_a_bomb_is_refused_before_it_goes_off(side, tmp_path):
    path = tmp_path / "bomb.png"
    path.write_bytes(png_that_claims(side, side))
    with pytest.raises(ValueError, match=r"to max_pixels=50,000,000 pixels, .*bomb\.png has"):
        read_picture(path)


@pytest.mark.parametrize("source", [np.zeros((5, 4), "u1"), Image.new("L", (4, 5))])
def test_the_limit_is_the_users(source):
    assert read_picture(source, max_pixels=20).shape == (5, 4)
    with pytest.raises(ValueError, match="up to max_pixels=19 pixels"):
        read_picture(source, max_pixels=19)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (3, "got int"),
        (None, "got NoneType"),
        (np.zeros(4), r"got an array of shape \(4,\)"),
        (np.zeros((2, 3, 5)), r"1 to 4 channels, got an array of shape \(2, 3, 5\)"),
        (np.zeros((0, 3)), "a pixel at least"),
        (np.array([[1.0, np.nan]]), "finite pixels"),
        (np.array([["a", "b"]]), "got ndarray"),
        (np.ones((2, 2), dtype=complex), "got ndarray"),
    ],
)
def test_arrays_that_are_no_pictures(source, message):
    with pytest.raises(ValueError, match=message):
        read_picture(source)


def picture_or_none(path):
    """Return the picture, or None where the documented error says that there is none."""
    try:
        return read_picture(path, max_pixels=100_000)
    except ValueError:
        return None


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_mutated_files_give_a_picture_or_one_error(data, tmp_path_factory):
    format = data.draw(st.sampled_from(FORMATS))
    content = bytearray(encoded(Image.new("RGB", (7, 5), (10, 200, 30)), format))
    for _ in range(data.draw(st.integers(1, 6))):
        position = data.draw(st.integers(0, len(content) - 1))
        change = data.draw(st.sampled_from(["flip", "cut", "insert"]))
        if change == "flip":
            content[position] = data.draw(st.integers(0, 255))
        elif change == "cut":
            del content[position + 1 :]
        else:
            content[position:position] = data.draw(st.binary(min_size=1, max_size=8))
    path = tmp_path_factory.getbasetemp() / "mutated"
    path.write_bytes(content)
    picture = picture_or_none(path)
    assert picture is None or (picture.ndim == 2 and picture.size > 0)


@pytest.mark.parametrize("n_channels", [2, 4])
def test_opacity_in_floats_is_a_share(n_channels):
    picture = np.full((8, 8, n_channels), 255.0)
    with pytest.raises(
        ValueError, match=r"opacity to be shares from 0 to 1, got an opacity of 255"
    ):
        read_picture(picture, who="X")
    assert read_picture(picture / 255, who="X").shape == (8, 8)
