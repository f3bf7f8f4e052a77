# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# A repository: commits, a merge, packing, checking, a clone.
set -e
export GIT_AUTHOR_DATE='2020-01-01T00:00:00Z' GIT_COMMITTER_DATE='2020-01-01T00:00:00Z' HOME=$PWD GIT_CONFIG_NOSYSTEM=1
git init -q -b main work
cd work
git config user.email a@b; git config user.name a; git config gc.auto 0
for n in 1 2 3 4 5 6 7 8; do
  seq $n 4000 >file$n; git add .; git commit -qm "number $n"
done
git checkout -q -b other HEAD~3; echo other >other; git add .; git commit -qm other
git checkout -q main; git merge -q -m merged other
git repack -adq
git fsck --no-progress --full 2>&1
git clone -q . ../copy
git -C ../copy log --format=%H | md5sum
git rev-parse HEAD
