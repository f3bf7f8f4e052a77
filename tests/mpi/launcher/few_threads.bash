# SPDX-License-Identifier: Apache-2.0
# few_threads.bash LIBRARY THREADS
# mpirun cannot start the threads that it wants for checkpoints, or only some: the job runs to its end, and a line says
# that it cannot be asked for one.
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin "launcher_few_threads_$2"
JOB_WRAPPER=(env "TEST_THREADS=$2" "LD_PRELOAD=$1")
start_job -np 1 sh -c 'echo PASS'
expect_pass 60
grep -q 'the job runs, but ompi-checkpoint cannot reach it' "$JOB_LOG" || fail "nothing says that it cannot be asked"
