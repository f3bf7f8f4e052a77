# SPDX-License-Identifier: Apache-2.0
"""other_boot.py BIN_DIRECTORY younger|older [--without-namespace] -- PROGRAM WORD...: restarted where the machine has been
up for a shorter or a longer time (a time namespace, and another boot's number), the program's clocks go on and its
waits end when they should. Without a namespace of its own, the program's clocks are shifted by Cairn alone. Needs
root; skips (77) otherwise."""
import os
import shutil
import sys
import time
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from cr_harness import Subject, run_subject  # noqa: E402

BOOT_ID = "/proc/sys/kernel/random/boot_id"
AHEAD = 864000


class OtherBoot(Subject):
    """Its restarts are on boots that began at another time."""
    shift = 0
    limits = []

    def start(self, command):
        if self.starts > 0:
            boot = os.path.join(self.directory, f"boot-{self.starts}")
            with open(boot, "w") as f:
                f.write(f"{uuid.uuid4()}\n")
            shift = str(self.shift * (1 + self.starts) // 2)
            command = ["unshare", "--mount", "sh", "-c", f'mount --bind {boot} {BOOT_ID} && exec "$@"', "sh", "unshare",
                       "--time", "--monotonic", shift, "--boottime", shift, *self.limits, *command]
        super().start(command)


def main():
    split = sys.argv.index("--")
    bin_dir, direction, *options = sys.argv[1:split]
    OtherBoot.shift = AHEAD if direction == "older" else -int(time.monotonic() / 2)
    if "--without-namespace" in options:
        OtherBoot.limits = ["setpriv", "--bounding-set=-sys_admin"]
    if os.geteuid() != 0 or shutil.which("unshare") is None or not os.path.exists("/proc/self/ns/time"):
        print("SKIPPED: needs root and time namespaces")
        sys.exit(77)

    def body(subject):
        for name in ["context-1", "context-2"]:
            subject.must_checkpoint(name)
            subject.kill()
            subject.restart(name)
        subject.must_pass()

    run_subject(bin_dir, sys.argv[split + 1:] + ["@FLAG@"], body, OtherBoot)


main()
