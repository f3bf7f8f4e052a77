#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The build tree is another user's, and read-only: Cairn is installed from it all the same, at its prefix or in a staging
# directory (DESTDIR).
# shellcheck source=tests/lib/job.bash
. "$(dirname "$0")/../lib/job.bash"
test_begin install.read_only cmake unshare mount
alone=(unshare --mount)
[ "$(id -u)" -eq 0 ] || alone+=(--map-root-user)
"${alone[@]}" true 2>/dev/null || skip "there are no mount namespaces for this user"

install_read_only() {
  # shellcheck disable=SC2016
  "${alone[@]}" bash -c 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && ! touch "$1/trial" 2>/dev/null || exit 99
    exec cmake --install "$1" --prefix "$2"' install "$CAIRN_BUILD" "$1" >"$SCRATCH/install.log" 2>&1
  local status=$?
  [ "$status" -ne 99 ] || skip "the build tree cannot be made read-only here"
  [ "$status" -eq 0 ] || { show_log "$SCRATCH/install.log"; fail "cmake --install: status $status"; }
}

# The first rule's and the last's.
complete() {
  local file
  for file in bin/cr_run share/bash-completion/completions/ompi-snapshot; do
    [ -f "$1/$file" ] || fail "$1/$file is not there"
  done
}

install_read_only "$SCRATCH/prefix"
complete "$SCRATCH/prefix"
DESTDIR=$SCRATCH/stage install_read_only "$SCRATCH/elsewhere"
complete "$SCRATCH/stage$SCRATCH/elsewhere"
[ ! -e "$SCRATCH/elsewhere" ] || fail "with DESTDIR, something is installed at the prefix"
diff -r "$SCRATCH/prefix" "$SCRATCH/stage$SCRATCH/elsewhere" >"$SCRATCH/differences" ||
  { show_log "$SCRATCH/differences"; fail "with DESTDIR, something else is installed"; }
