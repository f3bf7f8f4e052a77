# SPDX-License-Identifier: Apache-2.0
"""Part of a pipeline: lines times three, with pauses."""
import sys, time
sys.stdout.reconfigure(line_buffering=True)
for number, line in enumerate(sys.stdin):
    sys.stdout.write(str(int(line) * 3) + "\n")
    if number % 200 == 0: time.sleep(0.01)
