"""Transformers that bring pictures into the shape that classifiers eat."""

from skdigits.images._transformers import ImageReshaper

__all__ = ["ImageReshaper"]
