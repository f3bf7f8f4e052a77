#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# dkms.bash CMAKE: DKMS builds the installed source of the kernel module, with a tree of its own.
# shellcheck source=tests/lib/job.bash
. "$(dirname "$0")/../lib/job.bash"
kernel=$("$(dirname "$0")/../vm/newest_kernel")
test_begin install.dkms cmake dkms modinfo
[ -n "$kernel" ] || skip "no cloud kernel with headers is installed"
cmake --install "$CAIRN_BUILD" --prefix "$SCRATCH/prefix" >"$SCRATCH/install.log" || fail "cmake --install"
[ -f "$SCRATCH/prefix/lib/udev/rules.d/70-cairn.rules" ] || fail "the udev rule is not installed"
version=$(basename "$SCRATCH"/prefix/src/cairn-*)
mkdir "$SCRATCH/tree"
dkms build "${version/-//}" -k "$kernel" --sourcetree "$SCRATCH/prefix/src" --dkmstree "$SCRATCH/tree" \
  >"$SCRATCH/dkms.log" 2>&1 || { show_log "$SCRATCH/dkms.log"; fail "dkms build"; }
modinfo "$SCRATCH/tree/${version/-//}/$kernel/$(uname -m)/module"/cairn.ko* >"$SCRATCH/modinfo" || fail "there is no module"
grep -q "^version: *${version#cairn-}$" "$SCRATCH/modinfo" || fail "the module's version is not ${version#cairn-}"
