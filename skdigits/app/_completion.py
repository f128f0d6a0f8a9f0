"""What the shell offers after Tab; nothing that takes time is imported for it."""

import click
from click.shell_completion import CompletionItem

from skdigits.app._data_table import DATA_NAMES

PRETRAINED_NAMES = ("ann-mnist", "cnn-mnist")


class NameOrPath(click.Path):
    """A name that skdigits knows, or a path; which of the two is found out later.

    Parameters
    ----------
    names : sequence of str
        The names.

    Examples
    --------
    >>> from skdigits.app._completion import MODEL
    >>> [item.value for item in MODEL.shell_complete(None, None, "cnn")]
    ['cnn-mnist']
    """

    def __init__(self, names):
        super().__init__(readable=False)  # who opens it says why it cannot be
        self.names = names

    def shell_complete(self, ctx, param, incomplete):
        """Offer the names that begin so, or else files."""
        named = [CompletionItem(name) for name in self.names if name.startswith(incomplete)]
        return named or super().shell_complete(ctx, param, incomplete)


class NameList(click.ParamType):
    """Names with commas between them, which are checked later.

    Parameters
    ----------
    names : sequence of str
        The names.

    Examples
    --------
    >>> from skdigits.app._completion import NameList
    >>> names = NameList(["cnn", "knn", "svm"])
    >>> [item.value for item in names.shell_complete(None, None, "svm,c")]
    ['svm,cnn']
    """

    name = "names"

    def __init__(self, names):
        self.names = names

    def shell_complete(self, ctx, param, incomplete):
        """Offer the names that begin as the last one and are not there yet."""
        *before, last = incomplete.split(",")
        return [
            CompletionItem(",".join([*before, name]))
            for name in self.names
            if name.startswith(last) and name not in before
        ]


MODEL = NameOrPath(PRETRAINED_NAMES)
DATA = NameOrPath(DATA_NAMES)
PICTURE = click.Path(readable=False)  # one that cannot be opened keeps none from being read
