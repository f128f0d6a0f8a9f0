"""Transformers that bring pictures into the shape that classifiers eat."""

from skdigits.images._features import Deskewer, HOGFeatures
from skdigits.images._normalizer import CharacterNormalizer
from skdigits.images._page import Character, Page
from skdigits.images._page_reader import PageReader
from skdigits.images._transformers import ImageReshaper

__all__ = [
    "Character",
    "CharacterNormalizer",
    "Deskewer",
    "HOGFeatures",
    "ImageReshaper",
    "Page",
    "PageReader",
]
