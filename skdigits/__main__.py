"""``python -m skdigits``: the command line."""

from skdigits.app.cli import main

if __name__ == "__main__":
    main(prog_name="python -m skdigits")
