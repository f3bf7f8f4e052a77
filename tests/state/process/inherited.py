# SPDX-License-Identifier: Apache-2.0
"""inherited.py BIN_DIRECTORY PROGRAM WHO: CPUs, nice value, I/O priority, umask, limits and OOM score are those of the new place (WHO is
starter: whoever started the program had them) or as they were saved (WHO is program: what was started has chosen them,
before it executed the program)."""
import os
import resource
import shlex
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from cr_harness import Failure, Subject, run_test  # noqa: E402

CPUS = sorted(os.sched_getaffinity(0))


def have(pid):
    """What can be inherited, of a process: a dictionary."""
    with open(f"/proc/{pid}/status") as f:
        umask = next(line.split()[1] for line in f if line.startswith("Umask:"))
    with open(f"/proc/{pid}/oom_score_adj") as f:
        score = int(f.read())
    return {"cpus": sorted(os.sched_getaffinity(pid)), "nice": os.getpriority(os.PRIO_PROCESS, pid),
            "io": subprocess.run(["ionice", "-p", str(pid)], capture_output=True, text=True, check=True).stdout, "umask": umask,
            "core": resource.prlimit(pid, resource.RLIMIT_CORE)[0], "oom": score}


def become(cpus, nice, io, umask, core, oom):
    """So will be what this process starts."""
    os.sched_setaffinity(0, cpus)
    os.nice(nice - os.getpriority(os.PRIO_PROCESS, 0))
    subprocess.run(["ionice", *io, "-p", str(os.getpid())], check=True)
    os.umask(umask)
    resource.setrlimit(resource.RLIMIT_CORE, (core, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    with open("/proc/self/oom_score_adj", "w") as f:
        f.write(str(oom))


def must_have(pid, wanted, when):
    if have(pid) != wanted:
        raise Failure(f"{when}: it has {have(pid)}, not {wanted}")


def main():
    bin_dir, program, who = sys.argv[1:]
    choice = f"umask 027; ulimit -Sc 3; echo 30 >/proc/self/oom_score_adj; exec ionice -c2 -n6 nice -n 2 taskset -c {CPUS[0]} "

    def body(directory):
        become({CPUS[0]} if who == "starter" else CPUS, 1, ["-c3"], 0o022, 4096, 10)
        command = [program, os.path.join(directory, "check-yourself")]
        if who == "program":
            command = ["sh", "-c", choice + shlex.join(command)]
        subject = Subject(bin_dir, command, directory)
        try:
            subject.wait_ready()
            before = have(subject.pid)
            for number in (1, 2):
                subject.must_checkpoint(f"context.{number}")
                subject.kill()
                become({CPUS[-1]}, 4 + number, ["-c2", f"-n{number}"], 0o077, 8192 * number, 20 + number)
                subject.restart(f"context.{number}")
                must_have(subject.pid, have(os.getpid()) if who == "starter" else before, f"restart {number}")
            subject.must_pass()
        finally:
            subject.close()

    run_test(body)


main()
