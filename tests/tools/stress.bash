#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tools/stress counts runs, keeps the log of a failed one only, and ends one that takes too long.
# shellcheck source=tests/lib/job.bash
. "$(dirname "$0")/../lib/job.bash"
stress=$(cd "$(dirname "$0")/../.." && pwd)/tools/stress
test_begin tools.stress python3

"$stress" -n 20 -j 4 -l 1 -- true >out || fail "20 runs of true: $(cat out)"
grep -q '^20 runs, 0 failed' out || fail "not 20 runs: $(cat out)"
# shellcheck disable=SC2016
! "$stress" -n 5 -o logs -- sh -c 'echo "run $STRESS_RUN"; [ "$STRESS_RUN" -ne 3 ]' >out || fail "a failure goes unnoticed"
[ "$(ls logs)" = run-3.log ] && grep -qx 'run 3' logs/run-3.log || fail "logs: $(ls logs)"
! "$stress" -n 1 -t 0.5 -o late -- sleep 100 >out || fail "no limit of time"
grep -q 'still ran after 0.5 s' out || fail "the reason is not given: $(cat out)"
! "$stress" -n 2 -- sh -c 'exit 77' >out || fail "nothing but skipped runs count as success"
