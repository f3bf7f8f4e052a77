# SPDX-License-Identifier: Apache-2.0
"""cairn-bench areas: a checkpoint and a restart of as many pages in one mapping, and in many; and what the kernel alone
takes for those."""
import os
import resource
import signal
import subprocess
import time

from harness.scratch import Scratch
from harness.site import Failure


def time_of_children():
    """Seconds of the processor that children have used which were waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def time_of(pid):
    """The same of a process that runs, and of its children."""
    with open(f"/proc/{pid}/stat", encoding="utf-8") as f:
        fields = f.read().rpartition(")")[2].split()
    return sum(int(ticks) for ticks in fields[11:15]) / os.sysconf("SC_CLK_TCK")


def kernel_alone(site, scratch, a):
    """Seconds of the processor for each thing that kernel_areas.c tries."""
    done = subprocess.run([site.program("kernel_areas"), str(a.pairs), str(a.pages)], check=True, timeout=120,
                          stdout=subprocess.PIPE, cwd=scratch.directory, text=True)
    return {what: float(ms) / 1000 for what, ms in (line.split() for line in done.stdout.splitlines())}


def run_once(site, scratch, a, pattern):
    """Of the checkpoint and of the restart: seconds, and seconds of the processor."""
    image = scratch.path(pattern + ".ctx")
    program = subprocess.Popen([site.command("cr_run"), site.program("many_areas"), str(a.pairs), pattern, str(a.pages)],
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, cwd=scratch.directory, text=True)
    try:
        if program.stdout.readline() != "ready\n":
            raise Failure("many_areas did not start")
        used, begin = time_of(program.pid), time.monotonic()
        subprocess.run([site.command("cr_checkpoint"), "-f", image, str(program.pid)], check=True, timeout=120)
        taken, used = time.monotonic() - begin, time_of(program.pid) - used
    finally:
        program.kill()
        program.wait()
    used_before, begin = time_of_children(), time.monotonic()
    restarted = subprocess.Popen([site.command("cr_restart"), "--run-on-success", f"kill -USR1 {program.pid}", image],
                                 stdin=subprocess.DEVNULL, cwd=scratch.directory)
    if restarted.wait(120) not in (0, -signal.SIGUSR1):
        raise Failure("many_areas was not restarted")
    return {"checkpoint": taken, "its processor time": used, "restart": time.monotonic() - begin,
            "processor time of that": time_of_children() - used_before}


def measure(site, a):
    scratch = Scratch("areas")
    failed = True
    try:
        rounds = [{pattern: run_once(site, scratch, a, pattern) for pattern in ("together", "apart")}
                  for _ in range(a.rounds)]
        kernel = kernel_alone(site, scratch, a)
        failed = False
    except subprocess.SubprocessError as e:
        raise Failure(str(e)) from e
    finally:
        scratch.end(failed)
    best = {pattern: {what: min(r[pattern][what] for r in rounds) for what in rounds[0][pattern]}
            for pattern in ("together", "apart")}
    print(f"{2 * a.pairs * a.pages} pages with content in {3 * a.pairs} mappings, a third of them guard pages; "
          f"best of {a.rounds} rounds; seconds")
    for what, together in best["together"].items():
        apart = best["apart"][what]
        print(f"{what:23} together {together:.3f}  apart {apart:.3f}  x{apart / max(together, 0.001):.2f}")
    print("the kernel alone, for the mappings: " + ", ".join(f"{what} {taken:.3f}" for what, taken in kernel.items()))
    return {"benchmark": "areas", "pairs": a.pairs, "pages": a.pages, "unit": "s", "rounds": rounds, "best": best,
            "kernel": kernel}
