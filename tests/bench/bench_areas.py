# SPDX-License-Identifier: Apache-2.0
"""cairn-bench areas: a checkpoint and a restart of as many pages in one mapping, and in a mapping for each."""
import signal
import subprocess
import time

from harness.scratch import Scratch
from harness.site import Failure


def run_once(site, scratch, pairs, pattern):
    """Seconds of the checkpoint, and of the restart."""
    image = scratch.path(pattern + ".ctx")
    program = subprocess.Popen([site.command("cr_run"), site.program("many_areas"), str(pairs), pattern],
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, cwd=scratch.directory, text=True)
    try:
        if program.stdout.readline() != "ready\n":
            raise Failure("many_areas did not start")
        begin = time.monotonic()
        subprocess.run([site.command("cr_checkpoint"), "-f", image, str(program.pid)], check=True, timeout=120)
        taken = time.monotonic() - begin
    finally:
        program.kill()
        program.wait()
    begin = time.monotonic()
    restarted = subprocess.Popen([site.command("cr_restart"), "--run-on-success", f"kill -USR1 {program.pid}", image],
                                 stdin=subprocess.DEVNULL, cwd=scratch.directory)
    if restarted.wait(120) not in (0, -signal.SIGUSR1):
        raise Failure("many_areas was not restarted")
    return {"checkpoint": taken, "restart": time.monotonic() - begin}


def measure(site, a):
    scratch = Scratch("areas")
    failed = True
    try:
        rounds = [{pattern: run_once(site, scratch, a.pairs, pattern) for pattern in ("together", "apart")}
                  for _ in range(a.rounds)]
        failed = False
    except subprocess.SubprocessError as e:
        raise Failure(str(e)) from e
    finally:
        scratch.end(failed)
    best = {pattern: {what: min(r[pattern][what] for r in rounds) for what in ("checkpoint", "restart")}
            for pattern in ("together", "apart")}
    print(f"{2 * a.pairs} pages with content, best of {a.rounds} rounds; seconds")
    for what in ("checkpoint", "restart"):
        together, apart = best["together"][what], best["apart"][what]
        print(f"{what:12} together {together:.3f}  apart {apart:.3f}  x{apart / together:.2f}")
    return {"benchmark": "areas", "pairs": a.pairs, "unit": "s", "rounds": rounds, "best": best}
