# SPDX-License-Identifier: Apache-2.0
"""A shell with job control in a terminal, led by pty.spawn(), which copies what it writes."""
import os
import pty
import sys

SCRIPT = """
set -m
for i in 1 2 3 4 5 6; do
  (sleep 0.1; echo job $i) &
  sleep 0.15
  wait
  cat <<<"line $i"
done
stty -a | grep -o 'rows [0-9]*'
[ "$(ps -o tpgid= -p $$)" = "$(ps -o pgid= -p $$)" ] || [ "$(ps -o tpgid= -p $$)" -gt 0 ]
echo $?
test -t 0 && tty | cut -c1-9
"""
status = pty.spawn(["bash", "-c", SCRIPT], lambda fd: os.read(fd, 1024), lambda fd: b"")
print("ended", os.waitstatus_to_exitcode(status), file=sys.stdout, flush=True)
