"""What leaves the process, and what comes with the library: files of trained models."""

from skdigits.persistence._pretrained import list_pretrained, load_pretrained

__all__ = ["list_pretrained", "load_pretrained"]
