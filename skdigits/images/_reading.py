"""Pictures as they come, from a file, from Pillow or as an array, in shades of grey."""

import os
import warnings
from pathlib import Path

import numpy as np

from skdigits._optional import import_optional
from skdigits._warnings import warn_user

_WITH_PAGES = ("TIFF", "GIF", "PNG", "WEBP")  # in a phone's JPEG, more are its thumbnails
MAX_PIXELS = 50_000_000  # an A4 page at 600 dpi has 35 million

# Of Pillow's, those that run no program: an EPS file, whatever its name, would have it start
# Ghostscript. In an order that loads the decoders of the last two for these alone.
FORMATS = ("PNG", "JPEG", "GIF", "BMP", "PPM", "WEBP", "TIFF")

_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)  # Rec. 601, as Pillow has it


class TooManyPixels(ValueError):
    """A picture has more pixels than may be decoded."""


def read_picture(source, *, max_pixels=MAX_PIXELS, who="read_picture"):
    """Return one picture in shades of grey.

    Parameters
    ----------
    source : str, path-like, PIL.Image.Image or array-like
        A file of one of :data:`FORMATS`; a Pillow image; or an array of shape (height, width) or
        (height, width, channels), the channels being grey, grey and opacity, three colours, or
        three colours and opacity. EXIF's orientation is followed; what is transparent becomes
        background.
    max_pixels : int, default=50_000_000
        A picture of more pixels is refused, a file before it is decoded.
    who : str, default="read_picture"
        The name that an error speaks for.

    Returns
    -------
    ndarray of shape (height, width)
        uint8 where the picture has eight bits a channel, otherwise float32.

    Raises
    ------
    OSError
        If a file cannot be opened.
    ValueError
        If `source` is no picture, is damaged, empty or too large, or holds values that are not
        finite.

    Warns
    -----
    UserWarning
        If a file has several pages or pictures, of which the first is read.
    """
    if isinstance(source, str | os.PathLike):
        return _read_file(Path(source), max_pixels, who)
    if _is_pillow_image(source):
        _check_size(source.size, max_pixels, who, "a Pillow image")
        return _decode(source, who, "the Pillow image")
    return _from_array(source, max_pixels, who)


def open_image(file, *, max_pixels=MAX_PIXELS, who="open_image", name="the file"):
    """Return a Pillow image that is not decoded yet, and not too large to be.

    Parameters
    ----------
    file : file object
        A binary one, of one of :data:`FORMATS`.
    max_pixels : int, default=50_000_000
        A picture of more pixels is refused.
    who : str, default="open_image"
        The name that an error speaks for.
    name : str or path-like, default="the file"
        What an error calls the file.

    Returns
    -------
    PIL.Image.Image
        The picture, which decodes itself when it is looked at, and may then be damaged.

    Raises
    ------
    TooManyPixels
        If it has too many.
    ValueError
        If it has none, or `file` is no picture of these formats.

    Examples
    --------
    >>> import io
    >>> from skdigits.images._reading import open_image
    >>> open_image(io.BytesIO(b"P5 2 1 255 ab")).size
    (2, 1)
    """
    Image = import_optional("PIL.Image", extra="images", who=who)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(file, formats=FORMATS)
    except Image.DecompressionBombError as error:
        raise _too_large(max_pixels, who, name, "many more") from error
    except Exception as error:  # made for hostile files, decoders raise almost anything
        raise ValueError(
            f"{who} expects an image file ({', '.join(FORMATS)}), {name} is none."
        ) from error
    _check_size(image.size, max_pixels, who, name)
    return image


def is_file_or_image(source):
    """Whether `source` is a path or a Pillow image."""
    return isinstance(source, str | os.PathLike) or _is_pillow_image(source)


def is_picture(source):
    """Whether `source` is one picture: a path, a Pillow image, an array of two dimensions."""
    return is_file_or_image(source) or np.ndim(source) > 1


def _is_pillow_image(source):
    # Without importing Pillow: whoever has such an image has imported it.
    return any(
        base.__name__ == "Image" and base.__module__ == "PIL.Image" for base in type(source).__mro__
    )


def _read_file(path, max_pixels, who):
    with path.open("rb") as file:
        image = open_image(file, max_pixels=max_pixels, who=who, name=path)
        picture = _decode(image, who, path)
        if image.format in _WITH_PAGES and _has_more_pages(image):
            warn_user(f"{who} reads the first page of {path} alone, which has several.")
        return picture


def _has_more_pages(image):
    try:
        return image.is_animated
    except Exception:  # the second page is damaged
        return False


def _check_size(size, max_pixels, who, name):
    n_pixels = size[0] * size[1]
    if n_pixels > max_pixels:
        raise _too_large(max_pixels, who, name, f"{n_pixels:,}")
    if n_pixels == 0:
        raise ValueError(f"{who} expects pictures of a pixel at least, {name} has none.")


def _too_large(max_pixels, who, name, n_pixels):
    return TooManyPixels(
        f"{who} takes pictures of up to max_pixels={max_pixels:,} pixels, {name} has {n_pixels}."
    )


def _decode(image, who, name):
    try:
        return _as_grey(_upright(image))
    except Exception as error:
        raise ValueError(f"{who} expects a whole picture, {name} is damaged.") from error


def _upright(image):
    """Turn a picture as EXIF says; one whose EXIF data are damaged stays as it is."""
    from PIL import ImageOps

    image.load()
    try:
        return ImageOps.exif_transpose(image)
    except Exception:
        return image


def _as_grey(image):
    if image.mode == "F" or image.mode.startswith("I"):  # which Pillow would clip to 8 bits
        return np.asarray(image).astype(np.float32)
    if "A" in image.getbands() or "transparency" in image.info:
        grey, opacity = np.moveaxis(np.asarray(image.convert("RGBA").convert("LA")), 2, 0)
        return _without_opacity(grey, opacity / np.float32(255), white=255)
    return np.asarray(image.convert("L"))


def _from_array(source, max_pixels, who):
    array = np.asarray(source)
    if array.dtype.kind not in "biuf" or array.ndim not in (2, 3):
        raise ValueError(
            f"{who} expects paths, Pillow images, or arrays of shape (height, width) or "
            f"(height, width, channels), got {_describe(source, array)}."
        )
    if array.ndim == 3 and array.shape[2] not in (1, 2, 3, 4):
        raise ValueError(f"{who} expects 1 to 4 channels, got an array of shape {array.shape}.")
    _check_size(array.shape[:2], max_pixels, who, "an array")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise ValueError(f"{who} expects finite pixels, got NaN or infinity.")
    if array.dtype.kind == "f" and _has_opacity(array) and array[:, :, -1].max() > 1:
        raise ValueError(
            f"{who} expects floats with opacity to be shares from 0 to 1, got an opacity of "
            f"{array[:, :, -1].max():g}: divide by 255, or give uint8."
        )
    return _grey_channels(array)


def _has_opacity(array):
    return array.ndim == 3 and array.shape[2] in (2, 4)


def _describe(source, array):
    if array.dtype.kind not in "biuf" or array.ndim == 0:
        return f"{type(source).__name__}"
    return f"an array of shape {array.shape}"


def _grey_channels(array):
    if array.dtype == bool:
        array = array.astype(np.uint8) * 255
    grey = _luma(array[:, :, :-1] if _has_opacity(array) else array)
    if _has_opacity(array):
        white = np.iinfo(array.dtype).max if array.dtype.kind in "iu" else 1
        grey = _without_opacity(grey, array[:, :, -1].astype(np.float32) / white, white=white)
    if array.dtype == np.uint8:
        return np.rint(grey).astype(np.uint8)
    return grey.astype(np.float32)


def _luma(colours):
    if colours.ndim == 2:
        return colours
    if colours.shape[2] == 1:
        return colours[:, :, 0]
    return colours.astype(np.float32) @ _LUMA


def _without_opacity(grey, opacity, *, white):
    """Lay a picture on a background: the paper's shade, or what its ink stands out from."""
    visible = opacity > 0.5
    if visible.mean() > 0.5:
        background = np.median(grey[visible])
    else:
        is_bright = visible.any() and grey[visible].mean() > white / 2
        background = 0 if is_bright else white
    laid = background + opacity * (grey - np.float32(background))
    return np.rint(laid).astype(grey.dtype) if grey.dtype.kind in "iu" else laid
