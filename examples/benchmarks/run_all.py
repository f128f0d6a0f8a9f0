"""Run the benchmarks, one after another, and write what they print into docs/benchmarks.md.

``python examples/benchmarks/run_all.py`` runs them all, which takes about two hours on two cores;
``python examples/benchmarks/run_all.py prediction memory`` runs these two and leaves the others'
results as they stand. Nothing else should run on the machine meanwhile. Data sets are read from
``$SKDIGITS_DATA``, or downloaded.

Exits with status 1 when a claim is missed.
"""

import ast
import datetime
import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import numpy
import onnxruntime
import sklearn
import skorch
import torch

import skdigits

HERE = Path(__file__).parent
DOCS = HERE.parents[1] / "docs"
PLOTS = DOCS / "benchmarks"
RESULTS = PLOTS / "results.json"
NAMES = (
    "time_to_accuracy",
    "recipe_accuracy",
    "training_set_size",
    "small_digits",
    "letters",
    "usps",
    "normalizing",
    "robustness",
    "report",
    "mlp_classifier",
    "training_loop",
    "skorch_loader",
    "arithmetic",
    "prediction",
    "onnx_agreement",
    "fused_search",
    "memory",
    "more_than_memory",
    "cold_start",
    "serving",
)
HEAD = """\
# Benchmarks

Written by `python examples/benchmarks/run_all.py`, which runs the files of `examples/benchmarks/`
one after another. Each is a page of code, prints a table and fails when a claim is missed. Wall
times are shown and ratios are judged: both sides ran in the same run, turn about where a file says
so, with nothing else running. Settings were chosen on parts of the training sets (load_digits: on
other shuffles); the test sets were used for these tables only, and the last epoch counts. `±` is
the standard deviation over seeds.

No CUDA device was at hand: nothing here says how fast or how good training is on one. There the
data set and all that happens in `fit` live on the device (fused searches gather their images in
the machine's memory); no step is replayed as a graph.

"""


def processor():
    """Return the processor's name, its cores, and what matters here that it can do."""
    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        name = lines[0].split(":")[1].strip() if lines else name
    able = [what for what, has in torch.cpu.get_capabilities().items() if has is True]
    extensions = [what for what in able if what.startswith(("avx512_bf16", "avx512_vnni", "amx"))]
    return f"{name}, {os.cpu_count()} cores, {', '.join(extensions) or 'no bfloat16'}"


def machine():
    """Return what the results depend on."""
    libraries = (skdigits, torch, sklearn, skorch, numpy, onnxruntime)
    versions = ", ".join(f"{library.__name__} {library.__version__}" for library in libraries)
    return f"{processor()}; {platform.system()}, Python {platform.python_version()}; {versions}"


def run(name):
    """Run one benchmark and return its record."""
    print(f"== {name}", flush=True)
    lines = []
    with subprocess.Popen(
        [sys.executable, "-u", HERE / f"{name}.py"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "SKDIGITS_PLOTS": str(PLOTS)},
    ) as benchmark:
        for line in benchmark.stdout:
            print(line, end="", flush=True)
            lines.append(line)
    return {
        "output": "".join(lines).rstrip(),
        "status": benchmark.returncode,
        "date": datetime.date.today().isoformat(),
        "machine": machine(),
    }


def page(results):
    """Return the page of all results."""
    parts = [HEAD]
    for name in NAMES:
        if name not in results:
            continue
        title, _, story = ast.get_docstring(ast.parse((HERE / f"{name}.py").read_text())).partition(
            "\n\n"
        )
        result = results[name]
        broken = result["status"] and "MISSED" not in result["output"]
        plot = PLOTS / f"{name}.png"
        picture = f"![{title}](benchmarks/{name}.png)\n\n" if plot.exists() else ""
        parts.append(
            f"## {title.rstrip('.')}\n\n{story.replace('``', '`')}\n\n"
            f"```text\n{result['output']}\n```\n\n{picture}"
            f"{'**It did not run to its end.** ' if broken else ''}"
            f"`examples/benchmarks/{name}.py`, {result['date']}, {result['machine']}.\n\n"
        )
    return "".join(parts).rstrip() + "\n"


def main(names):
    unknown = set(names) - set(NAMES)
    if unknown:
        sys.exit(
            f"run_all.py: unknown benchmark {sorted(unknown)[0]!r}; there are {', '.join(NAMES)}"
        )
    PLOTS.mkdir(exist_ok=True)
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for name in names or NAMES:
        results[name] = run(name)
        RESULTS.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")
        (DOCS / "benchmarks.md").write_text(page(results))
    missed = [name for name in names or NAMES if results[name]["status"]]
    sys.exit(f"missed or broken: {', '.join(missed)}" if missed else 0)


if __name__ == "__main__":
    main(sys.argv[1:])
