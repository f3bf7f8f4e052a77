# SPDX-License-Identifier: Apache-2.0
"""cairn-bench overhead: the same program native and hosted, in turns, so that both see the same machine."""
import shutil
import statistics
import subprocess

from harness.job import TRANSPORTS
from harness.scratch import Scratch
from harness.site import Failure, Skip


def run_once(mpirun, program, a, scratch):
    """name -> nanoseconds of one run."""
    argv = mpirun + ["-np", str(a.np), *TRANSPORTS[a.transport], program, "--scale", str(a.scale)]
    run = subprocess.run(argv, capture_output=True, text=True, env=scratch.environment, cwd=scratch.directory,
                         timeout=600, check=False)
    if run.returncode != 0:
        raise Failure(f"{' '.join(argv)}: status {run.returncode}\n{run.stdout}{run.stderr}")
    return {fields[0]: float(fields[1]) for fields in map(str.split, run.stdout.splitlines())
            if len(fields) == 3 and fields[2] == "ns"}


def summary(values):
    """Best, median and spread (how far the worst is from the best, in per cent of the best)."""
    best = min(values)
    return {"best": best, "median": statistics.median(values), "spread_percent": 100 * (max(values) - best) / best}


def measure(site, a):
    native = shutil.which("mpirun")
    if native is None:
        raise Skip("Open MPI's mpirun is not there")
    kinds = {"native": [native]}
    if not a.only_native:
        kinds["hosted"] = [site.command("mpirun"), "--with-cr"]
    program = site.program("mpi_costs")
    scratch = Scratch("overhead")
    samples = {kind: {} for kind in kinds}
    try:
        for _ in range(a.rounds):
            for kind, mpirun in kinds.items():
                for name, value in run_once(mpirun, program, a, scratch).items():
                    samples[kind].setdefault(name, []).append(value)
    finally:
        scratch.end(False)
    figures = {kind: {name: summary(v) for name, v in s.items()} for kind, s in samples.items()}
    show(figures, a)
    return {"benchmark": "overhead", "np": a.np, "transport": a.transport, "rounds": a.rounds, "unit": "ns",
            "results": figures}


def show(figures, a):
    print(f"{a.np} ranks, {a.transport}, best of {a.rounds} runs each, in turns; nanoseconds")
    print(f"{'':22} {'native':>10} {'spread':>7} {'hosted':>10} {'spread':>7} {'more':>9} {'ratio':>6}")
    for name, n in figures["native"].items():
        line = f"{name:22} {n['best']:10.1f} {n['spread_percent']:6.0f}%"
        h = figures.get("hosted", {}).get(name)
        if h:
            line += (f" {h['best']:10.1f} {h['spread_percent']:6.0f}% {h['best'] - n['best']:9.1f}"
                     f" {h['best'] / n['best']:6.2f}")
        print(line)
