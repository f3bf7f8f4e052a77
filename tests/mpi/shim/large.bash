#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# large.bash PREFIX RANKS PROGRAM: restart.sh, where CAIRN_TEST_LARGE is set: the program (large.c) needs 12 GiB of memory.
[ -n "${CAIRN_TEST_LARGE:-}" ] || {
  echo "large.bash: CAIRN_TEST_LARGE is not set"
  exit 77
}
exec "$(dirname "$0")/restart.sh" "$@"
