# SPDX-License-Identifier: Apache-2.0
"""environment.py BIN_DIRECTORY CASE: variables of a batch job after a restart in another one. The program is a shell, which
has variables of its own, and shows what it hands to the programs that it starts."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from cr_harness import Failure, Subject, run_test  # noqa: E402

SCRIPT = "eval \"$0\"; echo READY; until [ -e $1 ]; do :; done; printenv; $BASH -c 'echo again $SLURM_JOB_ID'; echo PASS"
OLD = {"SLURM_JOB_ID": "1", "PBS_QUEUE": "old", "LSB_HOSTS": "old", "TMPDIR": "/old", "NSLOTS": "1", "OTHER": "old",
       "SITE_NODE": "old"}
NEW = {"SLURM_JOB_ID": "2", "LSB_HOSTS": "a\nb", "TMPDIR": "/new=", "OTHER": "new", "SITE_NODE": ""}


class Program(Subject):
    def __init__(self, bin_dir, directory, command, environment):
        super().__init__(bin_dir, command, directory, environment)
        self.first = environment
        self.wait_ready()

    def restart_in(self, environment, *options):
        if os.path.exists(os.path.join(self.directory, "context")):
            os.unlink(os.path.join(self.directory, "context"))
        self.must_checkpoint("context", "--kill")
        self.shell.wait(60)
        for name in self.first:
            self.environment.pop(name, None)
        self.environment.update(environment)
        self.restart("context", *options)

    def expect(self, **variables):
        self.must_pass()
        for name, value in variables.items():
            line = f"\n{name}={value}\n"
            if (value is None and f"\n{name}=" in self.output()) or (value is not None and line not in self.output()):
                raise Failure(f"{name} is not {value!r}: {self.output()}")


class Shell(Program):
    def __init__(self, bin_dir, directory, before=":"):
        super().__init__(bin_dir, directory, ["/bin/bash", "-c", SCRIPT, before, "@FLAG@"], OLD)


def inherited(bin_dir, directory):
    shell = Shell(bin_dir, directory)
    try:
        shell.restart_in(NEW)
        shell.expect(SLURM_JOB_ID="2", PBS_QUEUE=None, LSB_HOSTS="a\nb", TMPDIR="/new=", NSLOTS="1", OTHER="old", SITE_NODE="old")
        if "again 2" not in shell.output():
            raise Failure(shell.output())
    finally:
        shell.close()


def chosen(bin_dir, directory):
    shell = Shell(bin_dir, directory, "export TMPDIR=/mine PBS_QUEUE=mine")
    try:
        shell.restart_in(NEW)
        shell.expect(SLURM_JOB_ID="2", PBS_QUEUE="mine", TMPDIR="/mine")
    finally:
        shell.close()


def more_and_less(bin_dir, directory):
    shell = Shell(bin_dir, directory)
    try:
        options = [word for name in ["SLURM_*", "TMPDIR", "PBS_QUEUE", "LSB_H*"] for word in ["--saved-env", name]]
        shell.restart_in(NEW, "--new-env", "OTHER", "--new-env", "SITE_*", *options)
        shell.expect(SLURM_JOB_ID="1", TMPDIR="/old", PBS_QUEUE="old", LSB_HOSTS="old", OTHER="new", SITE_NODE="")
    finally:
        shell.close()


def twice(bin_dir, directory):
    """What the shell has is still the first job's."""
    shell = Shell(bin_dir, directory)
    try:
        shell.restart_in(NEW)
        shell.restart_in(dict(NEW, SLURM_JOB_ID="3", TMPDIR="/newest"))
        shell.expect(SLURM_JOB_ID="3", TMPDIR="/newest")
    finally:
        shell.close()


PERL = """$| = 1; print "READY\\n"; select(undef, undef, undef, 0.01) until -e $ARGV[0];
system("printenv"); print "PASS\\n";"""


def freed(bin_dir, directory):
    """Perl frees an environment that is not the one it was started with: less, as much, and more than that."""
    for before, after in [(OLD, {}), (OLD, NEW), ({}, NEW)]:
        place = os.path.join(directory, f"{len(before)}-{len(after)}")
        os.mkdir(place)
        subject = Program(bin_dir, place, ["/usr/bin/perl", "-e", PERL, "@FLAG@"], before)
        try:
            subject.restart_in(after)
            subject.restart_in(after)
            subject.must_pass()
            if after and "\nSLURM_JOB_ID=2\n" not in subject.output():
                raise Failure(subject.output())
        finally:
            subject.close()


def often(bin_dir, directory):
    """More variables than there were; what is saved does not grow with every restart."""
    subject = Program(bin_dir, directory, ["/usr/bin/perl", "-e", PERL, "@FLAG@"], {})
    many = {f"SLURM_{i}": "x" for i in range(40)}
    sizes = []
    try:
        for i in range(5):
            subject.restart_in({**many, **NEW, "SLURM_JOB_ID": str(i)} if i != 3 else dict(many, TMPDIR="/t" * 2000))
            sizes.append(os.path.getsize(os.path.join(directory, "context")))
        subject.expect(SLURM_JOB_ID="4", SLURM_39="x", TMPDIR="/new=")
    finally:
        subject.close()
    if sizes[4] - sizes[2] > 64 << 10:
        raise Failure(f"sizes of context files: {sizes}")


SETTER = """import os, sys, time
os.environ.update(SLURM_JOB_ID="mine", PBS_JOBID="mine")
for name in ["LSB_HOSTS", "NSLOTS"]: del os.environ[name]
print("READY", flush=True)
while not os.path.exists(sys.argv[1]): time.sleep(0.01)
os.system("printenv")
print("PASS")"""


def set_and_removed(bin_dir, directory):
    """What a program has set stays, and what it has removed stays away, however often it is restarted; the rest of a family
    is the new job's, also for one that the job before had not."""
    subject = Program(bin_dir, directory, [sys.executable, "-c", SETTER, "@FLAG@"],
                      dict(OLD, SLURM_NNODES="old", PMIX_RANK="7"))
    try:
        subject.restart_in({})
        subject.restart_in(dict(NEW, PBS_JOBID="new", PBS_QUEUE="new", SLURM_NNODES="new", NSLOTS="2", HOSTNAME="new",
                                PALS_RANKID="3"))
        subject.expect(SLURM_JOB_ID="mine", PBS_JOBID="mine", LSB_HOSTS=None, NSLOTS=None, PBS_QUEUE="new",
                       SLURM_NNODES="new", TMPDIR="/new=", HOSTNAME="new", PALS_RANKID="3", PMIX_RANK=None)
    finally:
        subject.close()


def title(bin_dir, directory):
    """A program that writes its title over what it was started with."""
    script = PERL.replace("$| = 1;", '$| = 1; $0 = "t" x 300;')
    subject = Program(bin_dir, directory, ["/usr/bin/perl", "-e", script, "@FLAG@"], OLD)
    try:
        subject.restart_in(NEW)
        subject.expect(SLURM_JOB_ID="2", TMPDIR="/new=", PBS_QUEUE=None)
    finally:
        subject.close()


def main():
    bin_dir, case = sys.argv[1:]
    for name in [name for name in os.environ if "FAIL" in name]:  # the program prints its environment
        del os.environ[name]
    run_test(lambda directory: globals()[case](bin_dir, directory))


main()
