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


class Shell(Subject):
    def __init__(self, bin_dir, directory, before=":"):
        super().__init__(bin_dir, ["/bin/bash", "-c", SCRIPT, before, "@FLAG@"], directory, OLD)
        self.wait_ready()

    def restart_in(self, environment, *options):
        if os.path.exists(os.path.join(self.directory, "context")):
            os.unlink(os.path.join(self.directory, "context"))
        self.must_checkpoint("context", "--kill")
        self.shell.wait(60)
        for name in OLD:
            self.environment.pop(name, None)
        self.environment.update(environment)
        self.restart("context", *options)

    def expect(self, **variables):
        self.must_pass()
        for name, value in variables.items():
            line = f"\n{name}={value}\n"
            if (value is None and f"\n{name}=" in self.output()) or (value is not None and line not in self.output()):
                raise Failure(f"{name} is not {value!r}: {self.output()}")


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
        shell.restart_in(NEW, "--new-env", "OTHER", "--new-env", "SITE_*", "--saved-env", "SLURM_*", "--saved-env", "TMPDIR")
        shell.expect(SLURM_JOB_ID="1", TMPDIR="/old", OTHER="new", SITE_NODE="")
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
        subject = Subject(bin_dir, ["/usr/bin/perl", "-e", PERL, "@FLAG@"], place, before)
        try:
            subject.wait_ready()
            Shell.restart_in(subject, after)
            subject.must_pass()
            if after and "\nSLURM_JOB_ID=2\n" not in subject.output():
                raise Failure(subject.output())
        finally:
            subject.close()


def main():
    bin_dir, case = sys.argv[1:]
    for name in [name for name in os.environ if "FAIL" in name]:  # the program prints its environment
        del os.environ[name]
    run_test(lambda directory: globals()[case](bin_dir, directory))


main()
