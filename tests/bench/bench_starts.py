# SPDX-License-Identifier: Apache-2.0
"""cairn-bench starts: what bash takes for a subshell (fork), and for a program (fork and exec), native and hosted."""
import resource
import subprocess
import time

from harness.scratch import Scratch
from harness.site import Failure

LOOPS = {"fork": "for ((i = 0; i < $1; i++)); do ( : ); done",
         "fork and exec": "for ((i = 0; i < $1; i++)); do /bin/true; done"}


def used_by_children():
    """Seconds of the processor, and page faults, of children which were waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime, used.ru_minflt


def run_once(host, scratch, loop, count):
    """Of each start: microseconds, microseconds of the processor, page faults."""
    seconds, faults = used_by_children()
    begin = time.monotonic()
    subprocess.run(host + ["bash", "-c", loop, "bash", str(count)], check=True, timeout=1200, stdin=subprocess.DEVNULL,
                   cwd=scratch.directory)
    taken = time.monotonic() - begin
    after, faults_after = used_by_children()
    return {"elapsed": taken / count * 1e6, "processor": (after - seconds) / count * 1e6,
            "faults": (faults_after - faults) / count}


def measure(site, a):
    scratch = Scratch("starts")
    hosts = {"native": [], "hosted": [site.command("cr_run")]}
    counts = {"fork": a.forks, "fork and exec": a.execs}
    failed = True
    try:
        rounds = [{what: {kind: run_once(host, scratch, loop, counts[what]) for kind, host in hosts.items()}
                   for what, loop in LOOPS.items()} for _ in range(a.rounds)]
        failed = False
    except subprocess.SubprocessError as e:
        raise Failure(str(e)) from e
    finally:
        scratch.end(failed)
    best = {what: {kind: {figure: min(r[what][kind][figure] for r in rounds) for figure in rounds[0][what][kind]}
                   for kind in hosts} for what in LOOPS}
    print(f"bash: {a.forks} subshells, {a.execs} programs; best of {a.rounds} rounds; microseconds and page faults of each")
    for what, kinds in best.items():
        for figure, native in kinds["native"].items():
            hosted = kinds["hosted"][figure]
            print(f"{what:14} {figure:10} native {native:8.0f}  hosted {hosted:8.0f}  x{hosted / max(native, 1):.2f}")
    return {"benchmark": "starts", "forks": a.forks, "execs": a.execs, "unit": "us", "rounds": rounds, "best": best}
