# SPDX-License-Identifier: Apache-2.0
# Several threads set, copy and delete the same attribute at a time.
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin shim_contended_attributes
start_job -np 1 "$CAIRN_BUILD/tests/programs/shim_contended_attributes"
expect_pass 60
