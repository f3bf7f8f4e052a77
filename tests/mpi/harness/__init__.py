# SPDX-License-Identifier: Apache-2.0
"""Runs, checkpoints, kills and restarts jobs for the tests written in Python (tests/lib is the same for bash).

site      where the build is; Failure and Skip
scratch   a directory of its own for every case, its processes, what they leave behind
job       one job: start, progress, checkpoint, kill, restart
nodes     several nodes on one machine, as network namespaces
cases     running many cases in parallel; table and JSON
"""
