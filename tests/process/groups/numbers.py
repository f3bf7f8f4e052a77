# SPDX-License-Identifier: Apache-2.0
"""numbers.py BIN_DIRECTORY CR_FAMILY CASE: trees of an ordinary user, who gets a process namespace with them for their
numbers; and the other ways to come by numbers."""
import os
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from cr_harness import (ENVIRONMENT, FIRST_OF_NAMESPACE, OK, ORDINARY, PERMANENT, TEMPORARY, Failure, Skip, Subject, alive, expect,
                        kill_tree, name_of, need_ordinary_user, run_subject, run_test, tree_of, wait_for)  # noqa: E402
from terminal import Terminal  # noqa: E402

BIN, FAMILY, CASE = sys.argv[1:4]
OWN_NAMESPACE = "goes on in a process namespace of its own"

# A shell that knows its jobs by their numbers, and says PASS if they are what they were.
SCRIPT = """
cd "$(dirname "$1")"
[ -p "$1.fifo" ] || mkfifo "$1.fifo"
exec 9<>"$1.fifo"
nap() { read -rt 0.05 -u 9; } # without a process
fail() { echo "FAIL: $*"; exit 1; }
sleep 1000 & one=$!
(while [ ! -e "$1.go" ]; do nap; done; exit 9) & two=$!
trap 'told=1' USR1
(while [ ! -e "$1.tell" ]; do nap; done; kill -USR1 $$; exit 3) & three=$!
echo READY
while [ ! -e "$1" ]; do nap; done
[ "$(sh -c 'echo $PPID')" = $$ ] || fail "it is another process: $(sh -c 'echo $PPID'), not $$"
[ "$(jobs -p | tr '\\n' ' ')" = "$one $two $three " ] || fail "its jobs are $(jobs -p)"
kill $one && { wait $one; [ $? = 143 ]; } || fail "job 1"
touch "$1.go"
wait $two; [ $? = 9 ] || fail "job 2"
told=; touch "$1.tell"
until [ -n "$told" ]; do nap; done
wait $three; [ $? = 3 ] || fail "job 3"
[ "$(sed -n 's/^CapPrm:\\s*//p;' /proc/$$/status)" = "$2" ] || fail "it has rights"
[ "$(sed -n 's/^CapAmb:\\s*//p;' /proc/$$/status)" = 0000000000000000 ] || fail "it hands on rights"
echo PASS
exit ${3:-0}
"""
GROUPS = [ORDINARY, ORDINARY + 1]
NO_RIGHTS = "0000000000000000"
WAIT = ["--wait", "20"]  # one may only begin


def write_script(directory, text=SCRIPT, name="script"):
    path = os.path.join(directory, name)
    with open(path, "w") as f:
        f.write(text)
    return path


def with_script(body, *words, text=SCRIPT):
    """`body(subject)` with a shell of an ordinary user."""
    def run(directory):
        need_ordinary_user(BIN, directory)
        script = write_script(directory, text)
        subject = Subject(BIN, ["bash", script, "@FLAG@", *(words or [NO_RIGHTS])], directory, user=ORDINARY,
                          groups=GROUPS)
        try:
            subject.wait_ready()
            body(subject)
        finally:
            subject.close()
            end(directory)
    run_test(run)


def firsts(directory):
    """Processes 1 of namespaces that restarts of what is in the directory have made."""
    return [int(name) for name in os.listdir("/proc") if name.isdigit() and name_of(name) == FIRST_OF_NAMESPACE and
            alive(name) and directory in open(f"/proc/{name}/cmdline").read()]


def end(directory):
    for pid in firsts(directory):
        os.kill(pid, signal.SIGKILL)


def own_number(pid):
    return int(line_of_status(pid, "NSpid")[-1])


def save_and_restart(subject, name, *options):
    subject.must_checkpoint(name, *WAIT)
    number = own_number(subject.pid)
    subject.kill()
    subject.restart(name, *options)
    if OWN_NAMESPACE not in subject.output():
        raise Failure(f"it says nothing of a namespace: {subject.output()}")
    if own_number(subject.pid) != number:  # the program looks at the others
        raise Failure(f"process {number} is {own_number(subject.pid)}")


def gone(pids, directory):
    wait_for(lambda: not any(alive(pid) for pid in pids) and not firsts(directory), "the end of all")


def script(subject):
    """Twice; the second checkpoint is of a namespace, from outside."""
    save_and_restart(subject, "first")
    save_and_restart(subject, "second")
    subject.must_pass()
    gone([], subject.directory)


ASKING = SCRIPT.replace("echo READY", """echo READY
while [ ! -e "$1.ask" ]; do nap; done
bin=$(cat "$1.ask")
"$bin/cr_checkpoint" --wait 20 -f "$1.own" $$ 9<&- || fail "not saved"
echo SAVED
while [ ! -e "$1.again" ]; do nap; done
( { exec 9<&-; "$bin/cr_checkpoint" --wait 20 -f "$1.inside" $$ >"$1.said" 2>&1; echo $? >"$1.asks"; mv "$1.asks" "$1.asked"; } & )
""")


def asks_itself(subject, in_namespace=True):
    """A script that saves itself, and goes on behind that after a restart; then by a process that is no descendant. Both
    by the number that the program has for itself."""
    if in_namespace:
        save_and_restart(subject, "first")
    with open(subject.flag + ".asks", "w") as f:
        f.write(BIN)
    os.rename(subject.flag + ".asks", subject.flag + ".ask")
    wait_for(lambda: "SAVED" in subject.output() or not alive(subject.pid), "its own checkpoint")
    subject.kill()
    subject.restart(os.path.basename(subject.flag) + ".own", "--grown=keep")
    wait_for(lambda: "SAVED" in subject.output() or not alive(subject.pid), "what it does behind that")
    with open(subject.flag + ".again", "w"):
        pass
    wait_for(lambda: os.path.exists(subject.flag + ".asked") or not alive(subject.pid), "the other checkpoint")
    if not os.path.exists(subject.flag + ".asked") or open(subject.flag + ".asked").read() != "0\n":
        raise Failure(f"{subject.output()} {open(subject.flag + '.said').read()}")
    subject.kill()
    subject.restart(os.path.basename(subject.flag) + ".inside", "--grown=keep")
    subject.must_pass()


def line_of_status(pid, name):
    with open(f"/proc/{pid}/status") as f:
        return next(line for line in f if line.startswith(name + ":")).split()[1:]


def as_root(subject):
    """What was saved in a namespace is restarted by root, with the same numbers and groups; and root may save it."""
    groups = line_of_status(subject.pid, "Groups")
    if groups != [str(group) for group in GROUPS]:
        raise Failure(f"its groups are {groups}")
    save_and_restart(subject, "first")
    subject.user = subject.groups = None
    subject.must_checkpoint("second", *WAIT)
    number = own_number(subject.pid)
    subject.kill()
    subject.restart("second", "--foreign=accept")  # it is the user's
    if OWN_NAMESPACE in subject.output() or subject.pid != number:
        raise Failure(f"process {number} is {subject.pid}: {subject.output()}")
    if line_of_status(subject.pid, "Uid") != [str(ORDINARY)] * 4 or line_of_status(subject.pid, "Groups") != groups:
        raise Failure(f"it belongs to {line_of_status(subject.pid, 'Uid')}, in {line_of_status(subject.pid, 'Groups')}")
    subject.must_pass()


def killed(subject):
    """cr_restart: nobody goes on that nobody sees."""
    save_and_restart(subject, "first")
    pids = tree_of(subject.pid)
    if len(pids) < 4 or not firsts(subject.directory):
        raise Failure("there is no namespace")
    os.kill(subject.shell.pid, signal.SIGKILL)
    gone(pids, subject.directory)


def works_in(pid, directory):
    try:
        return alive(pid) and os.readlink(f"/proc/{pid}/cwd") == directory
    except OSError:
        return False


def killed_early(subject):
    """At any moment of a restart: none of its processes is left."""
    subject.must_checkpoint("context")
    subject.kill()
    path = os.path.join(subject.directory, "context")
    went_on = 0
    for pause in (0, 0.01, 0.02, 0.04, 0.07, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6, 0.8):
        command = subprocess.Popen([os.path.join(BIN, "cr_restart"), path], user=ORDINARY, cwd=subject.directory,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        time.sleep(pause)
        command.kill()
        went_on += OWN_NAMESPACE in command.communicate()[1]
        wait_for(lambda: not any(works_in(pid, subject.directory) for pid in os.listdir("/proc") if pid.isdigit()) and
                 not firsts(path), "the end of all", 20)
    print(f"{went_on} had gone on")
    subject.restart("context")
    subject.must_pass()


def by_signal(subject):
    """The program ends by one, and so does cr_restart, which passes on those that it gets."""
    save_and_restart(subject, "first")
    os.kill(subject.shell.pid, signal.SIGUSR1)  # the shell's trap
    os.kill(subject.shell.pid, signal.SIGTERM)
    if subject.shell.wait(60) != -signal.SIGTERM:
        raise Failure(f"cr_restart ends with {subject.shell.returncode}")
    end(subject.directory)


def orphan(subject):
    """Who outlives the first process goes on, as it would without a namespace, and is waited for by nobody else."""
    save_and_restart(subject, "first")
    others = tree_of(subject.pid)[1:]
    os.kill(subject.pid, signal.SIGKILL)
    subject.shell.wait(60)
    long = [pid for pid in others if alive(pid)]
    if len(long) < 3 or not firsts(subject.directory):
        raise Failure(f"they have ended: {others}, {long}")
    for pid in tree_of(firsts(subject.directory)[0])[1:]:
        os.kill(pid, signal.SIGKILL)
    gone(long, subject.directory)


def member_fails(subject):
    """Its message and its exit code; nobody is left."""
    subject.must_checkpoint("context")
    child = tree_of(subject.pid)[1]
    subject.kill()
    file = os.path.join(subject.directory, "context", f"{child}.ctx")
    with open(file, "r+b") as f:
        f.seek(8192)
        byte = f.read(1)
        f.seek(8192)
        f.write(bytes([byte[0] ^ 255]))
    running = set(os.listdir("/proc"))
    expect(subject.run("cr_restart", "context", user=ORDINARY), PERMANENT, f"{child}.ctx")
    left = [pid for pid in set(os.listdir("/proc")) - running if pid.isdigit() and alive(pid) and "cr_family" in name_of(pid)]
    if left:
        raise Failure(f"left behind: {left}")
    gone([], subject.directory)
    with open(file, "r+b") as f:
        f.seek(8192)
        f.write(byte)
    subject.restart("context")
    subject.must_pass()


def no_namespaces(subject):
    """Where there are none it is refused by name. In a user namespace of this test's there are as many as it says."""
    subject.must_checkpoint("context")
    subject.kill()
    shell = "echo 0 >/proc/sys/user/max_user_namespaces && exec setpriv --bounding-set=-all --inh-caps=-all -- \"$0\" \"$@\""
    allowed = subprocess.run(["unshare", "--user", "--map-current-user", "--keep-caps", "sh", "-c", shell, "true"],
                             user=ORDINARY, capture_output=True, text=True)
    if allowed.returncode != 0:
        raise Skip(f"no such user namespace: {allowed.stderr}")

    def restart(*options):
        command = ["unshare", "--user", "--map-current-user", "--keep-caps", "sh", "-c", shell,
                   os.path.join(BIN, "cr_restart"), *options, "context"]
        return subprocess.run(command, user=ORDINARY, capture_output=True, text=True, cwd=subject.directory, timeout=60)
    expect(restart(), ENVIRONMENT, "no process namespace can be made here (unshare)", "--no-restore-pid")
    expect(restart("--pid-namespace=never"), ENVIRONMENT, "cannot be had", "--no-restore-pid")


def nested(subject):
    """In a namespace of the user's own, and saved from outside of both."""
    number = own_number(subject.pid)
    subject.must_checkpoint("first", *WAIT)
    subject.kill()
    own = ["unshare", "--user", "--map-current-user", "--pid", "--fork", "--mount-proc"]
    if subprocess.run([*own, "true"], user=ORDINARY).returncode != 0:
        raise Skip("no such namespace")
    started = os.path.join(subject.directory, "started")
    command = subprocess.Popen([*own, os.path.join(BIN, "cr_restart"), "--run-on-success", f"touch {started}", "first"],
                               user=ORDINARY, cwd=subject.directory, stdin=subprocess.DEVNULL)
    try:
        wait_for(lambda: os.path.exists(started) or command.poll() is not None, "the restart")
        inner = [pid for pid in tree_of(command.pid) if name_of(pid) == "bash" and own_number(pid) == number]
        if len(inner) != 1 or len(line_of_status(inner[0], "NSpid")) != 3:
            raise Failure(f"it is not there: {inner}")
        expect(subject.run("cr_checkpoint", *WAIT, "-f", "second", str(inner[0]), user=ORDINARY), OK)
    finally:
        kill_tree(command.pid)
        command.wait(60)
    subject.restart("second")
    subject.must_pass()


def by_option(subject):
    """Root, who has a namespace for the asking, and without it where a number is taken: here the tree still runs."""
    subject.must_checkpoint("context")
    expect(subject.run("cr_restart", "--pid-namespace=never", "context"), ENVIRONMENT, "cannot be had", "--pid-namespace=always")
    other = Subject.__new__(Subject)
    other.__dict__.update(subject.__dict__, starts=10)
    for options in (["--pid-namespace=always"], []):
        other.restart("context", *options)
        in_a_namespace_of_root(subject, other)
        if options:
            other.kill()
    other.must_checkpoint("inside")
    other.must_pass()
    subject.must_pass()
    gone([], subject.directory)


def in_a_namespace_of_root(subject, other):
    if own_number(other.pid) != subject.pid or other.pid == subject.pid:
        raise Failure(f"it is {other.pid}")
    if "set-id" in other.output():
        raise Failure(f"root needs no other users: {other.output()}")


def one_process(subject):
    """Gets a new number, or a namespace if that is asked for."""
    child = tree_of(subject.pid)[1]
    expect(subject.run("cr_checkpoint", "-f", "alone", str(child), user=ORDINARY), OK)
    subject.must_pass()
    subject.restart("alone", "--grown=keep")
    if OWN_NAMESPACE in subject.output():
        raise Failure(subject.output())
    subject.kill()
    subject.restart("alone", "--grown=keep", "--pid-namespace=always")
    if OWN_NAMESPACE not in subject.output() or own_number(subject.pid) != child:
        raise Failure(f"{child} is {own_number(subject.pid)}: {subject.output()}")
    subject.kill()


ENDED = """
import os, signal, sys, time
child = os.posix_spawn(sys.argv[2], [sys.argv[2]], os.environ)
os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
print("READY", flush=True)
while not os.path.exists(sys.argv[1]): time.sleep(0.02)
print("PASS" if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1 else "FAIL", flush=True)
"""


def hidden_end(directory):
    """Of a child that had more rights: this user sees 0 instead of its status, which must not be saved."""
    need_ordinary_user(BIN, directory)
    false = os.path.join(directory, "false")
    shutil.copy("/bin/false", false)
    os.chmod(false, 0o4755)
    if os.statvfs(directory).f_flag & os.ST_NOSUID:
        raise Skip("set-id programs do not work here")
    program = write_script(directory, ENDED)
    subject = Subject(BIN, ["/usr/bin/python3", program, "@FLAG@", false], directory, user=ORDINARY)
    try:
        subject.wait_ready()
        expect(subject.checkpoint("context"), TEMPORARY, "has ended, and this user is not told how")
        subject.must_pass()
    finally:
        subject.close()


def job_control(directory):
    """^Z, fg and ^C in a shell on a terminal."""
    need_ordinary_user(BIN, directory)
    script = write_script(directory, "echo $$ >pid\nmkfifo fifo\nbash -c 'while echo -n tick:; do read -rt 0.1 -u 9; done' "
                                     "9<>fifo\nexit 3\n")  # no short processes: ^Z between them is lost natively, too
    terminal = Terminal()
    os.chmod(os.ttyname(terminal.slave), 0o666)
    shell = terminal.start(["bash", "--norc", "--noprofile", "--noediting", "-i"], cwd=directory, user=ORDINARY)

    def say(line, *shows):
        terminal.type(line.encode() + b"\n")
        terminal.expect(line.split()[-1].encode())
        for text in shows:
            terminal.expect(text)
    try:
        say(f"{BIN}/cr_run bash {script}", b"tick:")
        with open(os.path.join(directory, "pid")) as f:
            pid = f.read().strip()
        done = subprocess.run([os.path.join(BIN, "cr_checkpoint"), "--kill", *WAIT, "-f", "first", pid], user=ORDINARY,
                              capture_output=True, text=True, timeout=60, cwd=directory)
        expect(done, OK)
        terminal.expect(b"Killed")
        say(f"{BIN}/cr_restart {directory}/first", OWN_NAMESPACE.encode(), b"tick:")
        for _ in range(2):
            terminal.type(b"\x1a")
            terminal.expect(b"Stopped")
            say("fg", b"tick:")
        pids = [one for one in tree_of(shell.pid)[1:] if alive(one)]
        if len(pids) < 4:
            raise Failure(f"too few processes: {pids}")
        terminal.type(b"\x03")
        say("echo is:$?:", b"is:")
        if int(terminal.expect(b":")) != 130:
            raise Failure(f"it ended otherwise: {terminal.shown[-200:]!r}")
        gone(pids, directory)
    finally:
        terminal.close()


if os.geteuid() == 0 and CASE != "no_namespaces":
    tried = subprocess.run(["unshare", "--user", "--map-current-user", "--pid", "--fork", "--mount-proc", "true"], user=ORDINARY,
                           capture_output=True, text=True)
    if tried.returncode != 0:
        print(f"users make no namespaces here: {tried.stderr}")
        sys.exit(77)
if CASE in ("job_control", "hidden_end"):
    run_test({"job_control": job_control, "hidden_end": hidden_end}[CASE])
elif CASE in ("script", "as_root", "killed", "orphan", "nested"):
    with_script({"script": script, "nested": nested, "as_root": as_root, "killed": killed, "orphan": orphan}[CASE])
elif CASE == "signal":
    with_script(by_signal)
elif CASE in ("asks_itself", "asks_itself_outside"):
    with_script(lambda subject: asks_itself(subject, CASE == "asks_itself"), text=ASKING)
else:
    cases = {"member_fails": member_fails, "no_namespaces": no_namespaces, "by_option": by_option, "killed_early": killed_early, "one_process": one_process}
    run_subject(BIN, [FAMILY, "@FLAG@", "plain"], cases[CASE], user=None if CASE == "by_option" else ORDINARY)
