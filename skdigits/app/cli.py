"""The command ``skdigits``."""

try:
    import click
    import rich  # noqa: F401
except ImportError as error:
    raise SystemExit('skdigits needs click and rich: pip install "skdigits[cli]"') from error

from skdigits._version import __version__
from skdigits.app._command_line import Group
from skdigits.app._compare_command import compare
from skdigits.app._datasets_command import datasets
from skdigits.app._demo_command import demo
from skdigits.app._evaluate_command import evaluate
from skdigits.app._export_command import export
from skdigits.app._predict_command import predict
from skdigits.app._read_command import read
from skdigits.app._train_command import train

# scikit-learn takes a second to import and torch several: the commands import what they need
# themselves, so that --help and a mistyped option answer at once.


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, package_name="skdigits")
def main():
    """Recognise handwritten characters."""


for _command in (compare, train, evaluate, predict, read, export, datasets, demo):
    main.add_command(_command)
