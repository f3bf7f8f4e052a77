# SPDX-License-Identifier: Apache-2.0
"""names_cache.py BIN_DIRECTORY: what the name service's daemons keep for all programs is another one at the restart, and no reason
to refuse it. In a mount namespace of its own."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from cr_harness import Skip, run_subject, run_test  # noqa: E402

INSIDE = "CAIRN_TEST_INSIDE"
CACHE = "/var/cache/nscd/passwd"
PROGRAM = f"""import mmap, os, sys, time
with open("{CACHE}") as f: map = mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ)
print("READY", flush=True)
while not os.path.exists(sys.argv[1]): time.sleep(0.01)
print("PASS" if map[:3] == b"new" else map[:3])"""


def body(subject):
    subject.must_checkpoint("context", "--kill")
    subject.shell.wait(60)
    with open(CACHE, "r+") as f:
        f.write("new")
    subject.restart("context")
    subject.must_pass()


def skip(_directory):
    raise Skip("it takes root to have a mount namespace")


if os.geteuid() != 0:
    run_test(skip)
elif INSIDE not in os.environ:
    mounted = ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs none /var/cache && mkdir /var/cache/nscd && exec "$@"', "sh"]
    sys.exit(subprocess.call([*mounted, sys.executable, *sys.argv], env=dict(os.environ, **{INSIDE: "1"})))
else:
    with open(CACHE, "w") as cache:
        cache.write("old" * 10000)
    run_subject(sys.argv[1], [sys.executable, "-c", PROGRAM, "@FLAG@"], body)
