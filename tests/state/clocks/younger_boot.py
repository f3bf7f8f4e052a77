# SPDX-License-Identifier: Apache-2.0
"""younger_boot.py BIN_DIRECTORY PROGRAM: restarted where the machine has been up for a shorter time (a time
namespace), the program's clocks do not run backwards and its waits end. Needs root; skips (77) otherwise."""
import os
import shutil
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from cr_harness import Subject, run_subject  # noqa: E402


class YoungerSubject(Subject):
    """Its restarts see clocks that are behind."""
    behind = 0

    def start(self, command):
        if self.starts > 0:
            command = ["unshare", "--time", "--monotonic", str(-self.behind), "--boottime", str(-self.behind), *command]
        super().start(command)


def main():
    bin_dir, program = sys.argv[1:]
    YoungerSubject.behind = int(time.monotonic() / 2)
    if os.geteuid() != 0 or shutil.which("unshare") is None or not os.path.exists("/proc/self/ns/time"):
        print("SKIPPED: needs root and time namespaces")
        sys.exit(77)

    def body(subject):
        for name in ["context-1", "context-2"]:
            subject.must_checkpoint(name)
            subject.kill()
            subject.restart(name)
        subject.must_pass()

    run_subject(bin_dir, [program, "@FLAG@"], body, YoungerSubject)


main()
