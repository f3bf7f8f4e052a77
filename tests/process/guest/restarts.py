# SPDX-License-Identifier: Apache-2.0
"""restarts.py BIN_DIRECTORY PROGRAM CASE [HOST]: a program has others restarted; in this host, which stops it all the time."""
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from cr_harness import ORDINARY, PERMANENT, SLOW, TEMPORARY, end_all_in, expect, run_subject, run_test  # noqa: E402

BIN, PROGRAM, CASE = sys.argv[1:4]
HOST = sys.argv[4:]
OF_ORDINARY_USER = {"ordinary_user": "as_a_child", "ordinary_users_tree": "tree"}
os.environ["CAIRN_TEST_BIN"] = BIN


def body(subject):
    if CASE == "tree_stays_in_between":
        expect(subject.checkpoint("context"), PERMANENT, "stands for what it has brought back")
    if CASE == "under_way":
        expect(subject.checkpoint("context"), TEMPORARY, "is being restarted")
    if CASE == "saved_with_it":
        for cycle in range(3):
            subject.must_checkpoint(f"context-{cycle}")
            subject.kill()
            subject.restart(f"context-{cycle}")
    subject.must_pass()


def started_as(directory, *starter, **variables):
    flag = os.path.join(directory, "flag")
    with open(flag, "w"):
        pass
    try:
        expect(subprocess.run([*starter, PROGRAM, flag, CASE], capture_output=True, text=True, timeout=60 * SLOW,
                              cwd=directory, env=dict(os.environ, **variables)), 0, "PASS")
    finally:
        end_all_in(directory)


def beside_command(directory, broken):
    """In an installation that has but libcr.so."""
    for folder in ("bin", "lib/cairn"):
        os.makedirs(os.path.join(directory, folder))
    library = shutil.copy(os.path.join(BIN, "..", "lib", "cairn", "libcr.so"), os.path.join(directory, "lib", "cairn"))
    command = os.path.join(directory, "bin", "cr_restart")
    if broken:
        with open(command, "w") as f:
            f.write("no program")
        os.chmod(command, 0o755)
    started_as(directory, LD_PRELOAD=library)


if CASE in ("without_command", "with_broken_command"):
    run_test(lambda directory: beside_command(directory, CASE == "with_broken_command"))
elif CASE == "without_host":
    run_test(started_as)
elif HOST:
    run_test(lambda directory: started_as(directory, *HOST, "--", CAIRN_TEST_FREEZE_MS="3"))
elif CASE in OF_ORDINARY_USER:
    run_subject(BIN, [PROGRAM, "@FLAG@", OF_ORDINARY_USER[CASE]], body, user=ORDINARY)
else:
    run_subject(BIN, [PROGRAM, "@FLAG@", CASE], body)
