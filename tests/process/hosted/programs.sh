#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: programs.sh CR_RUN PROBE CASE
# One way of starting a program under cr_run; the program must behave as it does without.
set -u
run=$1 probe=$2 name=$3
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
host() { timeout 60 "$run" "$@"; }
fail() { echo "FAIL $name: $*"; exit 1; }
same() { # COMMAND...: same output and exit code hosted as native
  local native hosted native_rc hosted_rc
  native=$("$@" 2>&1); native_rc=$?
  hosted=$(host "$@" 2>&1); hosted_rc=$?
  [ "$native" = "$hosted" ] || fail "native said: $native; hosted: $hosted"
  [ $native_rc = $hosted_rc ] || fail "exit code $hosted_rc, not $native_rc"
}

case $name in
  arguments) same "$probe" arguments a "b c" '' '*' ;;
  exit_code) same "$probe" exit 37 ;;
  killed_by_signal)
    host "$probe" abort 2>/dev/null; [ $? = 134 ] || fail "not killed by SIGABRT" ;;
  exceptions_and_threads) same "$probe" threads ;;
  environment)
    # In any order: the variables of the loader go around the host's own loader and come last.
    same bash -c 'env -i A=1 LD_LIBRARY_PATH=/x LD_PRELOAD= PATH="$PATH" "$0" environment | sort' "$probe" ;;
  loader_variables_reach_the_program)
    ln -s "$(ldconfig -p | awk '/libz\.so\.1 / {print $NF; exit}')" libextra.so
    LD_PRELOAD=$scratch/libextra.so host "$probe" maps | grep -q libz || fail "LD_PRELOAD did not act" ;;
  program_found_in_path) same bash -c 'echo "$0 $((6*7))"' ;;
  script) printf '#!/bin/bash -u\necho "$0" "$@"\n' >s.sh; chmod +x s.sh; same ./s.sh one two ;;
  script_of_a_script)
    printf '#!/bin/bash\nexec bash "$@"\n' >inner; printf '#!%s/inner\necho outer "$1"\n' "$scratch" >outer
    chmod +x inner outer; same ./outer x ;;
  symlink_keeps_its_name) ln -s "$probe" another; same ./another name ;;
  what_others_are_shown)
    # bash strips NUL bytes of what it reads.
    cp "$probe" probe; ln -s probe link; printf '#!%s/probe shown\n' "$scratch" >script; chmod +x script
    same bash -c 'exec ./probe shown "a b" "" | tr "\0" "|"'
    same bash -c 'exec ./link shown | tr "\0" "|"'
    same bash -c './script x | tr "\0" "|"'
    same bash -c '(exec -a foo ./probe shown x) | tr "\0" "|"'
    same bash -c '(exec -a "" ./probe shown x) | tr "\0" "|"'
    same bash -c '(exec -a -foo ./script x) | tr "\0" "|"'
    for start in "$scratch/probe shown" ./probe\ shown ./link\ shown ./script; do
      [ "$($start x | tr '\0' '|')" = "$(host $start x | tr '\0' '|')" ] || fail "$start says: $(host $start x | tr '\0' '|')"
    done ;;
  own_heap) host "$probe" brk | grep -q arena || fail "the break is not in the arena" ;;
  unlimited_stack) (ulimit -s unlimited; same "$probe" bigstack) || exit 1 ;;
  stack_limit_is_kept) (ulimit -s unlimited; same bash -c 'ulimit -s') || exit 1 ;;
  hard_address_space_limit_is_named)
    said=$( (ulimit -v 8000000; host "$probe" exit 0) 2>&1); rc=$?
    [ $rc = 4 ] || fail "exit code $rc"
    case $said in *"ulimit -v"*) ;; *) fail "said: $said" ;; esac ;;
  missing_program)
    said=$(host ./nothing 2>&1); rc=$?
    [ $rc != 0 ] || fail "exit code 0"
    case $said in *./nothing*"No such file"*) ;; *) fail "said: $said" ;; esac ;;
  static_program_runs_natively)
    said=$(host "$probe-static" exit 5 2>&1); rc=$?
    [ $rc = 5 ] || fail "exit code $rc"
    case $said in *"statically linked"*) ;; *) fail "said: $said" ;; esac ;;
  first_descriptor) same "$probe" descriptor ;;
  interpreters)
    same /usr/bin/python3 -c 'import threading; t=threading.Thread(target=print,args=("py",)); t.start(); t.join()'
    same perl -e 'print "perl ", join(",", map { $_ * 2 } 1..3), "\n"' ;;
  children) same bash -c 'echo $(echo sub; (exit 3); echo $?) | cat; ls / | head -1; exit 4' ;;
  own_vdso) host "$probe" vdso | grep -q arena || fail "the vdso is not the guest's" ;;
  vdso_versions) host "$probe" vdso-versions | grep -q works || fail "no function of that version" ;;
  stop_signal_is_told)
    host bash -c 'trap true 64; exit 3' 2>errors
    [ $? -eq 3 ] && [ "$(grep -c 'signal 64' errors)" -eq 1 ] || fail "said nothing of the trap: $(cat errors)"
    host bash -c 'kill -64 $$; kill -64 $$; exit 3' 2>errors
    [ $? -eq 3 ] && [ "$(grep -c 'signal 64' errors)" -eq 1 ] || fail "said nothing of the signal: $(cat errors)"
    for use in 'raise_signal(64)' 'pthread_kill(threading.get_ident(), 64)' 'sigtimedwait({64}, 0)'; do
      host /usr/bin/python3 -c "import signal, threading; signal.$use" 2>errors || fail "$use ends with $?"
      [ "$(grep -c 'signal 64' errors)" -eq 1 ] || fail "said nothing of $use: $(cat errors)"
    done
    host /usr/bin/python3 -c 'import signal; signal.sigtimedwait(signal.valid_signals(), 0)' 2>errors
    [ ! -s errors ] || fail "a wait for all signals is told of one: $(cat errors)" ;;
  *) fail "no such case" ;;
esac
echo "PASS $name"
