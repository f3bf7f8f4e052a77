#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# An installation elsewhere works: a program that uses libcr is checkpointed and restarted under cr_run, an MPI job
# under mpirun, all with the installed commands only.
# shellcheck source=tests/lib/job.bash
. "$(dirname "$0")/../lib/job.bash"
source_dir=$(cd "$(dirname "$0")" && pwd)
test_begin install.run cmake mpirun ompi-checkpoint ompi-restart cr_run cr_restart
prefix=$SCRATCH/prefix
cmake --install "$CAIRN_BUILD" --prefix "$prefix" >"$SCRATCH/install.log" || fail "cmake --install"
BIN=$prefix/bin

cc -o consumer "$source_dir/consumer/consumer.c" -I"$prefix/include" -L"$prefix/lib/cairn" \
  -Wl,-rpath,"$prefix/lib/cairn" -lcr || fail "the consumer does not build"
start_command "$BIN/cr_run" ./consumer "$SCRATCH/consumer.ctx"
expect_status 0
grep -qx continued "$JOB_LOG" || fail "the consumer did not continue"
start_command "$BIN/cr_restart" "$SCRATCH/consumer.ctx"
expect_status 0
grep -qx restarted "$JOB_LOG" || fail "the consumer did not restart"

start_job -np 2 "$EXAMPLES/ring" --seconds 10
wait_for_line '^step 200/'
checkpoint
kill_job
restart
expect_pass
