# SPDX-License-Identifier: Apache-2.0
"""limits.py BIN_DIRECTORY PROGRAM CASE: limits that were inherited are those of the new place, chosen ones stay, and what
shrinks is named, a line for each."""
import os
import resource
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from cr_harness import ENVIRONMENT, Failure, Skip, Subject, run_test  # noqa: E402

# By number, as the kernel knows them; one of the address space is not for hosts.
NAMES = ["cpu", "fsize", "data", "stack", "core", "rss", "nproc", "nofile", "memlock", "as", "locks", "sigpending", "msgqueue",
         "nice", "rtprio", "rttime"]
WITHOUT = NAMES.index("as")
# Root may raise limits, if nobody takes that right.
NO_RIGHTS = ["setpriv", "--bounding-set=-sys_resource", "--inh-caps=-sys_resource"]


def lower(limits, step):
    """Soft limits that everybody can have who has `limits`. The subject computes the same."""
    def soft(number, limit):
        if limit == resource.RLIM_INFINITY:
            return step << (24 if NAMES[number] == "stack" else 34)
        return max(limit - step, 0)

    return {n: (soft(n, limit[0]), limit[1]) if n != WITHOUT else limit for n, limit in limits.items()}


HERE = {n: resource.getrlimit(n) for n in range(len(NAMES))}


class Limited(Subject):
    """What it starts has the limits of `place`."""

    def __init__(self, place, *words):
        self.place, self.rights = place, []
        super().__init__(*words)

    def start(self, command):
        def text(limit):
            return "unlimited" if limit == resource.RLIM_INFINITY else str(limit)

        options = [f"--{NAMES[n]}={text(soft)}:{text(hard)}" for n, (soft, hard) in self.place.items() if n != WITHOUT]
        super().start(["prlimit", *options, *self.rights, *command])

    def save(self):
        self.wait_ready()
        self.must_checkpoint("context", "--kill")
        self.shell.wait(60)

    def must_have(self, wanted):
        """Once it has ended."""
        self.must_pass()
        line = next(line for line in self.output().splitlines() if line.startswith("LIMITS:"))
        numbers = [int(word) for word in line.split()[1:]]
        wrong = {NAMES[n]: (numbers[2 * n:2 * n + 2], list(limit)) for n, limit in wanted.items()
                 if n != WITHOUT and numbers[2 * n:2 * n + 2] != list(limit)}
        if wrong:
            raise Failure(f"limits that it has, and should have: {wrong}")

    def must_say(self, *texts):
        """About limits: a line for each text, and no other."""
        lines = [line for line in self.output().splitlines() if "limit of" in line]
        if len(lines) != len(texts) or not all(any(text in line for line in lines) for text in texts):
            raise Failure(f"not said of limits, a line for each: {texts}: {self.output()}")


def inherited(subject):
    """Twice: what the first restart gave it is not its choice either."""
    for step in (6, 3):
        subject.save()
        subject.place = lower(HERE, step)
        subject.restart("context")
        subject.wait_ready = lambda: None  # it says so only once
    subject.must_have(lower(HERE, 3))


def chosen(subject):
    subject.save()
    subject.place = lower(HERE, 3)
    subject.restart("context")
    subject.must_have(lower(lower(HERE, 2), 5))
    subject.must_say()


def chosen_before_exec(subject):
    chosen_limits = {NAMES.index("nofile"): (300, 400), NAMES.index("stack"): (4000 << 10, 5000 << 10)}
    subject.save()
    subject.place = {**HERE, NAMES.index("nofile"): (512, HERE[NAMES.index("nofile")][1])}
    subject.restart("context")
    subject.must_have({**HERE, **chosen_limits})


def files_lowered(subject):
    """Both limits of open files below what the host itself has open."""
    subject.save()
    subject.restart("context")
    subject.must_have({NAMES.index("nofile"): (256, 256)})


def raised(subject):
    """A soft limit that the program has raised to the hard one."""
    number = NAMES.index("nofile")
    subject.save()
    subject.place = {**HERE, number: (512, HERE[number][1])}
    subject.restart("context")
    subject.must_have({number: (HERE[number][1], HERE[number][1])})


def shrunk(subject):
    subject.save()
    if os.geteuid() == 0 and not shutil.which("setpriv"):
        raise Skip("root may raise limits")
    subject.rights = NO_RIGHTS if os.geteuid() == 0 else []
    less = {name: max(HERE[NAMES.index(name)][0] // 2, 512) for name in ("msgqueue", "nofile")}
    stack = 2048 << 10
    subject.place = {**HERE, **{NAMES.index(name): (limit, limit) for name, limit in less.items()},
                     NAMES.index("stack"): (stack, HERE[NAMES.index("stack")][1])}
    subject.restart("context", "--no-restore-pid")
    subject.must_say("the limit of message queues (ulimit -q) is", "the limit of open files (ulimit -n) is",
                     f"the limit of stack (ulimit -s) is {stack} here")
    subject.must_pass()


def descriptor_above(subject):
    """Descriptor 300 stays where the hard limit lets it, and is refused where not."""
    number = NAMES.index("nofile")
    subject.save()
    subject.place = {**HERE, number: (256, HERE[number][1])}
    subject.restart("context")
    subject.must_have({number: (256, HERE[number][1])})
    os.unlink(subject.flag)
    if os.geteuid() == 0 and not shutil.which("setpriv"):
        raise Skip("root may raise limits")
    subject.rights = NO_RIGHTS if os.geteuid() == 0 else []
    subject.place = {**HERE, number: (256, 256)}
    subject.start([os.path.join(subject.bin, "cr_restart"), "--no-restore-pid", os.path.join(subject.directory, "context")])
    if subject.shell.wait(60) != ENVIRONMENT or "descriptor 300" not in subject.output() or "(ulimit -Hn) is 256" not in \
            subject.output():
        raise Failure(f"it ended with {subject.shell.returncode}: {subject.output()}")


CASES = {"inherited": [], "chosen": ["choose", "5"], "chosen_before_exec": None, "files_lowered": ["lower"],
         "raised": ["raise"], "shrunk": [], "descriptor_above": ["high"]}


def main():
    bin_dir, program, case = sys.argv[1:]

    def body(directory):
        command = [program, "@FLAG@", *(CASES[case] or [])]
        if case == "chosen_before_exec":
            flag = os.path.join(directory, "check-yourself")
            command = ["sh", "-c", f"ulimit -Sn 300; ulimit -Hn 400; ulimit -Ss 4000; ulimit -Hs 5000; exec {program} {flag}"]
        place = {**HERE, NAMES.index("nofile"): (1024, HERE[NAMES.index("nofile")][1])} if case == "raised" else HERE
        subject = Limited(lower(place, 2) if case in ("inherited", "chosen") else place, bin_dir, command, directory)
        try:
            globals()[case](subject)
        finally:
            subject.close()

    run_test(body)


main()
