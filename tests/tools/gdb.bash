#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# gdb, attached to a hosted process, knows the guest's functions after "cairn symbols", and none of them before.
# shellcheck source=tests/lib/job.bash
. "$(dirname "$0")/../lib/job.bash"
helper=$(cd "$(dirname "$0")/../.." && pwd)/tools/gdb/cairn-gdb.py
test_begin tools.gdb gdb
host=$CAIRN_BUILD/libexec/cairn/cairn-host
[ -x "$host" ] || skip "$host is not built"

debug() { timeout 60 gdb -q -nx -batch -p "$JOB_PID" "$@" 2>&1; }

start_command "$host" /bin/sh -c 'echo ready; while :; do read -r line </dev/null; done'
wait_for_line '^ready'
plain=$(debug -ex bt)
[[ $plain != *Operation\ not\ permitted* ]] || skip "this machine does not let gdb attach"
[[ $plain != *__libc_start_call_main* ]] || fail "gdb knows the guest without help: the test proves nothing"
helped=$(debug -ex "source $helper" -ex 'cairn symbols' -ex 'cairn where' -ex bt)
[[ $helped == *__libc_start_call_main* ]] || fail "no guest function in the back trace: $helped"
[[ $helped =~ "thread pointer guest" ]] || fail "no thread of the guest: $helped"
[[ $helped =~ "code host, thread pointer host" ]] || fail "no thread of the host: $helped"
kill_job
