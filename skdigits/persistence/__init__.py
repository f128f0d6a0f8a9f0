"""What leaves the process, and what comes with the library: files of trained models."""

from skdigits.persistence._model_file import load_model, save_model
from skdigits.persistence._pretrained import list_pretrained, load_pretrained

__all__ = ["list_pretrained", "load_model", "load_pretrained", "save_model"]
