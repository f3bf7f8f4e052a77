# SPDX-License-Identifier: Apache-2.0
"""cairn-bench scaling: the time of each phase of a checkpoint and a restart against the number of ranks."""
import json
import shutil
import subprocess
import time

from harness.job import TRANSPORTS, Job, Runner
from harness.scratch import Scratch
from harness.site import Skip

COLUMNS = ("native_start", "start", "checkpoint", "quiesce", "pause", "write", "restart")


def until_first_step(job, begin):
    job.wait_line(r"^step \d+/", 300)
    return time.monotonic() - begin


def phases(site, snapshot):
    """Of the checkpoint's phases the longest of all ranks, in seconds."""
    run = subprocess.run([site.command("ompi-snapshot"), "show", "--json", snapshot], capture_output=True, text=True,
                         timeout=120, check=True)
    images = json.loads(run.stdout)["sequences"][-1]["images"]
    names = {"quiesce": "callback_seconds", "pause": "pause_seconds", "write": "write_seconds"}
    return {name: max(image[field] for image in images) for name, field in names.items()}


def one_round(site, a, np):
    """One job: started, checkpointed while it runs, killed, restarted, and right in the end."""
    scratch = Scratch("scaling")
    failed = True
    try:
        runner = Runner(site, scratch)
        program = [site.program("heat2d"), "--size", "256", "--steps", "400", "--seconds", str(a.seconds), "--report", "1"]
        options = ["--oversubscribe"]
        begin = time.monotonic()
        native = Job(scratch, [shutil.which("mpirun"), "-np", str(np), *TRANSPORTS[a.transport], *options, *program],
                     "native")
        figures = {"native_start": until_first_step(native, begin)}
        native.kill()
        begin = time.monotonic()
        job = runner.start(np, program, a.transport, mpirun_options=options)
        figures["start"] = until_first_step(job, begin)
        status, lines = runner.try_checkpoint(job, "--json", seconds=300)
        if status != 0:
            job.lines += lines
            job.fail(f"ompi-checkpoint: status {status}")
        answer = json.loads(next(line for line in lines if line.startswith("{")))
        job.kill()
        figures.update(checkpoint=answer["seconds"], bytes=answer["bytes"], **phases(site, answer["snapshot"]))
        begin = time.monotonic()
        job = runner.restart(answer["snapshot"], a.transport, mpirun_options=options)
        figures["restart"] = until_first_step(job, begin)
        job.expect_pass(300)
        failed = False
        return figures
    finally:
        scratch.end(failed)


def measure(site, a):
    if shutil.which("mpirun") is None:
        raise Skip("Open MPI's mpirun is not there")
    print(f"heat2d, {a.transport}, best of {a.rounds} rounds, in turns; seconds, each phase's longest of all ranks")
    print(f"{'ranks':>6} " + " ".join(f"{name.replace('_', ' '):>12}" for name in COLUMNS) + f" {'MiB':>7}")
    rounds = {np: [] for np in a.np}
    for _ in range(a.rounds):
        for np in a.np:
            rounds[np].append(one_round(site, a, np))
    results = {np: {name: min(r[name] for r in of) for name in of[0]} for np, of in rounds.items()}
    for np, best in results.items():
        print(f"{np:6} " + " ".join(f"{best[name]:12.3f}" for name in COLUMNS) + f" {best['bytes'] / 2**20:7.0f}")
    return {"benchmark": "scaling", "transport": a.transport, "unit": "s", "rounds": rounds, "best": results}
