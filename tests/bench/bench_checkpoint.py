# SPDX-License-Identifier: Apache-2.0
"""cairn-bench checkpoint: what a checkpoint costs a job, and how far writing and reading are from the hardware."""
import json
import os
import shutil
import subprocess
import time

from harness.job import Runner
from harness.scratch import Scratch
from harness.site import Failure


def raw(site, scratch, *arguments):
    run = subprocess.run([site.program("raw_io"), *map(str, arguments)], capture_output=True, text=True,
                         cwd=scratch.directory, timeout=600, check=False)
    if run.returncode != 0:
        raise Failure(f"raw_io: {run.stderr}")
    return float(run.stdout.split()[1])


def seconds_of(job):
    job.expect_pass(600)
    return float(next(line for line in job.lines if line.startswith("seconds")).split()[1])


def program(site, mib, pattern, units):
    return [site.program("memory_worker"), "--mib", str(mib), "--pattern", pattern, "--units", str(units)]


def calibrate(runner, site, a, mib, pattern):
    """Units of work that take about a.seconds."""
    seconds = seconds_of(runner.start(a.np, program(site, mib, pattern, 128)))
    return max(256, int(128 * a.seconds / max(seconds, 0.01)) // 64 * 64)


def timings(site, snapshot):
    """What the manifest says about the last checkpoint's phases, in seconds: the longest of all ranks."""
    run = subprocess.run([site.command("ompi-snapshot"), "show", "--json", snapshot], capture_output=True, text=True,
                         timeout=60, check=False)
    try:
        shown = json.loads(run.stdout)
    except json.JSONDecodeError:
        return {}
    images = shown["sequences"][-1]["images"]
    names = {"quiesce": "callback_seconds", "pause": "pause_seconds", "write": "write_seconds"}
    return {name: max(image[field] for image in images) for name, field in names.items()}


def start_seconds(runner, site, a):
    """From mpirun's start until the ranks are past MPI_Init, of an empty job."""
    begin = time.monotonic()
    job = runner.start(a.np, program(site, 1, "read", 64))
    job.wait_line("^ready", 60)
    elapsed = time.monotonic() - begin
    job.wait(60)
    return elapsed


def one_round(site, runner, a, mib, pattern, units):
    argv = program(site, mib, pattern, units)
    options = ["--cr-fork", a.fork]
    without = seconds_of(runner.start(a.np, argv, cr_options=options))
    job = runner.start(a.np, argv, cr_options=options)
    job.wait_line(r"^unit \d+/", 300, max(1, units // 64 // 3))
    begin = time.monotonic()
    status, lines = runner.try_checkpoint(job, "--json", seconds=300)
    asked = time.monotonic() - begin
    if status != 0:
        job.lines += lines
        job.fail(f"ompi-checkpoint: status {status}")
    answer = json.loads(next(line for line in lines if line.startswith("{")))
    figures = {"without": without, "with": seconds_of(job), "command": asked, "bytes": answer["bytes"],
               "checkpoint": answer["seconds"], **timings(site, answer["snapshot"])}
    figures["lost"] = figures["with"] - without
    image_mib = max(1, answer["bytes"] >> 20)
    raw_file = runner.scratch.path("raw")
    figures["raw_write"] = raw(site, runner.scratch, "write", raw_file, image_mib)
    figures["raw_read"] = raw(site, runner.scratch, "read", raw_file, image_mib)
    figures["memcpy"] = raw(site, runner.scratch, "memcpy", image_mib)
    os.unlink(raw_file)
    begin = time.monotonic()
    job = runner.restart(answer["snapshot"])
    job.wait_line(r"^unit \d+/", 300)
    figures["restart"] = time.monotonic() - begin
    figures["init"] = start_seconds(runner, site, a)
    job.kill()
    shutil.rmtree(answer["snapshot"], ignore_errors=True)
    return figures


def best(rounds):
    """Of each figure the least, since only a disturbance makes it longer; lost time can be negative by noise."""
    return {k: min(r[k] for r in rounds if k in r) for k in rounds[0]}


def measure(site, a):
    results = []
    print(f"{a.np} ranks, fork {a.fork}, best of {a.rounds} rounds; seconds, and the ratio to the hardware")
    print(f"{'memory':>10} {'pattern':8} {'quiesce':>8} {'pause':>7} {'lost':>7} {'command':>8} {'MiB':>7} {'raw write':>14}"
          f" {'memcpy':>14} {'restart':>8} {'- init':>7} {'raw read':>14}")
    for mib in a.mib:
        for pattern in ("rewrite", "read"):
            scratch = Scratch("checkpoint")
            failed = True
            try:
                runner = Runner(site, scratch)
                units = calibrate(runner, site, a, mib, pattern)
                rounds = [one_round(site, runner, a, mib, pattern, units) for _ in range(a.rounds)]
                failed = False
            finally:
                scratch.end(failed)
            results.append({"mib": mib, "pattern": pattern, "rounds": rounds, "best": best(rounds)})
            show(mib, pattern, results[-1]["best"])
    return {"benchmark": "checkpoint", "np": a.np, "fork": a.fork, "unit": "s", "results": results}


def show(mib, pattern, f):
    def of(name):
        return f"{f[name]:.3f}" if name in f else "-"

    def against(name, whole):
        return f"{f[name]:.3f} (x{whole / f[name]:.2f})"

    alone = f["restart"] - f["init"]
    print(f"{mib:6} MiB {pattern:9} {of('quiesce'):>7} {of('pause'):>7} {of('lost'):>7} {of('command'):>8}"
          f" {f['bytes'] >> 20:7} {against('raw_write', f['checkpoint']):>14} {against('memcpy', f['checkpoint']):>14}"
          f" {of('restart'):>8} {alone:7.3f} {against('raw_read', alone):>14}")
