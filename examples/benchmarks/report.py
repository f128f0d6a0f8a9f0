"""The whole comparison with its report: `skdigits compare --report` on the digits.

Nine models on ten folds of the 1,797 digits that come with scikit-learn, every fitted model tested
on its test images and on 60 worse copies of them, all tables and pictures, and the page: as a
command of its own, from its start to its end.

Fails if it takes five minutes or more, or the page is larger than 5 MB.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from bench import Verdicts, seconds

CARD = re.compile(r'<div class="card"><h2>(.*?)</h2><p>(.*?)</p>', flags=re.DOTALL)


def main():
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "skdigits", "compare", "--report", "--out", folder]
        run = {"check": True, "stdout": subprocess.DEVNULL}
        taken, _ = seconds(lambda: subprocess.run(command, **run))
        page = Path(folder, "report.html").read_text(encoding="utf-8")
    for question, answer in CARD.findall(page):
        print(f"{question}\n{answer}\n")
    verdicts = Verdicts()
    verdicts.check("minutes in all", taken / 60, at_most=5)
    verdicts.check("MB of the page", len(page.encode()) / 1e6, at_most=5)
    verdicts.leave()


if __name__ == "__main__":
    main()
