# SPDX-License-Identifier: Apache-2.0
"""commands.py BIN_DIRECTORY PROGRAM CASE: the commands themselves: options, what becomes of old files, signals
afterwards, exit codes, a command that dies in the middle."""
import fcntl
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from cr_harness import (ARGUMENTS, ENVIRONMENT, OK, PERMANENT, TEMPORARY, Failure, expect, run_subject,  # noqa: E402
                        wait_for)


def files_of(subject):
    return sorted(f for f in os.listdir(subject.directory) if "context" in f)


def killed_command(subject):
    """The request goes with the command; the program is unharmed and can be asked again."""
    for delay in range(20):
        asking = subprocess.Popen([os.path.join(subject.bin, "cr_checkpoint"), "--no-fork", str(subject.pid)],
                                  cwd=subject.directory, stderr=subprocess.DEVNULL)
        try:
            asking.wait(delay * 0.002)
        except subprocess.TimeoutExpired:
            asking.kill()
            asking.wait()
    wait_for(lambda: subject.checkpoint("context").returncode == OK, "a checkpoint after all")
    wait_for(lambda: not [f for f in files_of(subject) if "unfinished" in f], "nothing to be left unfinished")
    subject.kill()
    subject.restart("context")


def after_signals(subject):
    subject.must_checkpoint("context", "--stop")
    wait_for(lambda: subject.state() == "T", "the process to stop")
    os.kill(subject.pid, signal.SIGCONT)
    wait_for(lambda: subject.state() != "T", "the process to go on")
    wait_for(lambda: subject.checkpoint("context", "--term").returncode == OK, "a checkpoint")
    if subject.shell.wait(60) != -signal.SIGTERM:
        raise Failure(f"it ended with {subject.shell.returncode}")
    subject.restart("context")
    subject.must_checkpoint("context", "-S", "KILL")
    subject.shell.wait(60)
    subject.restart("context")


def existing_files(subject):
    pid = subject.pid
    expect(subject.run("cr_checkpoint", str(pid)), OK)
    name = f"context.{pid}"
    expect(subject.run("cr_checkpoint", "--noclobber", str(pid)), ENVIRONMENT, name, "exists")
    with open(os.path.join(subject.directory, name), "w") as f:
        f.write("old")
    expect(subject.run("cr_checkpoint", "--backup", str(pid)), OK)
    expect(subject.run("cr_checkpoint", "--backup=context.saved", str(pid)), OK)
    with open(os.path.join(subject.directory, name + ".~1~")) as f:
        if f.read() != "old":
            raise Failure("the backup is not the old file")
    os.mkdir(os.path.join(subject.directory, "sub"))
    expect(subject.run("cr_checkpoint", "-d", "sub", str(pid)), OK)
    expect(subject.run("cr_checkpoint", "--clobber", "-f", f"sub/{name}", str(pid)), OK)
    if files_of(subject) != [name, name + ".~1~", "context.saved"] or os.listdir(
            os.path.join(subject.directory, "sub")) != [name]:
        raise Failure(f"files: {files_of(subject)}")
    subject.kill()
    subject.restart(f"sub/{name}")


def leftovers(subject):
    """Of processes that have ended in the middle of a checkpoint; not what somebody may still be writing."""
    with subprocess.Popen(["true"]) as ended:
        ended.wait()
    gone, there = ended.pid, os.getpid()
    place = subject.directory
    go = [f"..a.unfinished-{gone}.{gone}.0.tmp", f".b.unfinished-{gone}/file"]
    stay = [f"..c.unfinished-{there}.{there}.0.tmp", f"..d.unfinished-{gone}.{gone}.0.tmp", f"e.unfinished-{gone}",
            f".f.unfinished-{gone}.txt"]
    for name in go + stay:
        os.makedirs(os.path.dirname(os.path.join(place, name)), exist_ok=True)
        with open(os.path.join(place, name), "w"):
            pass
    with open(os.path.join(place, stay[1])) as used:  # on another machine, say
        fcntl.flock(used, fcntl.LOCK_EX)
        subject.must_checkpoint("context")
    for name in go + stay:
        if os.path.exists(os.path.join(place, name)) != (name in stay):
            raise Failure(f"{name} is there, or not: {os.listdir(place)}")
    subject.kill()
    subject.restart("context")


def descriptor(subject):
    with open(os.path.join(subject.directory, "by-descriptor"), "wb") as f:
        expect(subject.run("cr_checkpoint", "-F", str(f.fileno()), str(subject.pid), pass_fds=[f.fileno()]), OK)
    with open(os.path.join(subject.directory, "by-descriptor"), "rb") as f:
        done = subject.run("cr_checkpoint", "-F", str(f.fileno()), str(subject.pid), pass_fds=[f.fileno()])
        expect(done, ENVIRONMENT, f"descriptor {f.fileno()} is not open for writing")
    subject.kill()
    subject.restart("by-descriptor")


def options(subject):
    pid = str(subject.pid)
    for tool in ["cr_run", "cr_checkpoint", "cr_restart"]:
        expect(subject.run(tool, "--help"), OK, "Usage: " + tool)
        expect(subject.run(tool, "--version"), OK, tool)
        expect(subject.run(tool, "--nonsense"), ARGUMENTS, "nonsense")
        expect(subject.run(tool), ARGUMENTS)
    expect(subject.run("cr_checkpoint", "--stop", "--kill", pid), ARGUMENTS, "more than one")
    expect(subject.run("cr_checkpoint", "-f", "a", "-d", ".", pid), ARGUMENTS, "contradict")
    expect(subject.run("cr_checkpoint", "-S", "NOSUCH", pid), ARGUMENTS, "NOSUCH")
    expect(subject.run("cr_checkpoint", "-g", "999999999"), ENVIRONMENT, "no process is in process group 999999999")
    expect(subject.run("cr_checkpoint", "--session", "999999999"), ENVIRONMENT, "no process is in session 999999999")
    expect(subject.run("cr_checkpoint", "-g", "-s", pid), ARGUMENTS, "contradict")
    expect(subject.run("cr_checkpoint", "--incremental", pid), PERMANENT, "incremental")
    expect(subject.run("cr_checkpoint", "--engine=steam", pid), ARGUMENTS, "steam")
    expect(subject.run("cr_checkpoint", "--compress=steam", pid), ARGUMENTS, "steam")
    expect(subject.run("cr_checkpoint", "-d", "not-there", pid), ENVIRONMENT, "not-there")
    expect(subject.run("cr_checkpoint", "-f", "n" * 201, pid), ARGUMENTS, "longer than 200 bytes")
    thread = next(t for t in os.listdir(f"/proc/{pid}/task") if t != pid)
    expect(subject.run("cr_checkpoint", thread), ARGUMENTS, f"{thread} is a thread of process {pid}")
    expect(subject.run("cr_restart", "--relocate", "wrong", "x"), ARGUMENTS, "OLD=NEW")
    done = subject.run("cr_checkpoint", "-v", pid)
    expect(done, OK, "stood still")


def stopped(subject):
    """A stopped process is saved, stays stopped, and is stopped after a restart. It stands again when the command has
    ended, saved or not: who wakes it up then has woken it up."""
    os.kill(subject.pid, signal.SIGSTOP)
    wait_for(lambda: subject.state() == "T", "the process to stop")

    def expect_stopped(when):
        if subject.state() != "T":
            raise Failure(f"the process is not stopped {when}, but {subject.state()}")

    for _ in range(20):
        subject.must_checkpoint("context")
        expect_stopped("after a checkpoint")
    expect(subject.run("cr_checkpoint", "--noclobber", "-f", "context", str(subject.pid)), ENVIRONMENT, "exists")
    expect_stopped("after a checkpoint that failed")
    subject.kill()
    subject.restart("context")
    wait_for(lambda: subject.state() == "T", "the restarted process to be stopped")
    os.kill(subject.pid, signal.SIGCONT)


def twice_at_once(subject):
    """Two requests at a time: one is served, the other is told to come back."""
    asking = [subprocess.Popen([os.path.join(subject.bin, "cr_checkpoint"), "-f", f"context-{i}", str(subject.pid)],
                               cwd=subject.directory, stderr=subprocess.PIPE, text=True) for i in range(8)]
    codes = [a.wait(60) for a in asking]
    texts = [a.stderr.read() for a in asking]
    if OK not in codes or not set(codes) <= {OK, TEMPORARY}:
        raise Failure(f"{codes} {texts}")
    subject.kill()
    subject.restart(f"context-{codes.index(OK)}")


def waits(subject):
    """With --wait, of many requests at a time each is served."""
    asking = [subprocess.Popen([os.path.join(subject.bin, "cr_checkpoint"), "--wait", "60", "-f", f"context-{i}",
                                str(subject.pid)], cwd=subject.directory, stderr=subprocess.PIPE, text=True)
              for i in range(8)]
    codes = [a.wait(120) for a in asking]
    if set(codes) != {OK}:
        raise Failure(f"{codes} {[a.stderr.read() for a in asking]}")
    expect(subject.run("cr_checkpoint", "--wait", "-1", str(subject.pid)), ARGUMENTS, "wait")
    subject.kill()
    subject.restart("context-7")


def asked_too_early(subject):
    """Who asks again and again while a process starts or is restarted hears "later", and is served in the end."""
    def ask(pid):
        end = time.monotonic() + 60
        while True:
            done = subject.run("cr_checkpoint", "-f", "again", str(pid))
            expect(done, {OK, TEMPORARY})
            if done.returncode == OK:
                return
            if time.monotonic() > end:
                raise Failure(f"never served: {done.stderr}")

    subject.must_checkpoint("context", "--kill")
    for _ in range(5):
        subject.shell.wait(60)
        subject.start([os.path.join(subject.bin, "cr_restart"), os.path.join(subject.directory, "context")])
        ask(subject.pid)
        os.kill(subject.pid, signal.SIGKILL)
        subject.shell.wait(60)
    for _ in range(5):
        started = subprocess.Popen([os.path.join(subject.bin, "cr_run"), "sleep", "60"])
        try:
            ask(started.pid)
        finally:
            started.kill()
            started.wait()
    subject.restart("context")


def forked_child(subject):
    """A child that the program has forked is a process like any other, also when it has children of its own all the time."""
    script = "(while :; do sleep 0.1; done) & echo $!; wait"
    parent = subprocess.Popen([os.path.join(subject.bin, "cr_run"), "sh", "-c", script], stdout=subprocess.PIPE, text=True)
    child = int(parent.stdout.readline())
    try:
        wait_for(lambda: subject.run("cr_checkpoint", "-f", "copy", str(child)).returncode == OK, "a checkpoint of the copy")
    finally:
        os.kill(child, signal.SIGKILL)
        parent.kill()
        parent.wait()


def hooks(subject):
    subject.must_checkpoint("context", "--kill")
    subject.shell.wait(60)
    expect(subject.run("cr_restart", "--run-on-failure", "touch failed", "--run-on-fail-env", "touch env",
                   "--run-on-fail-perm", "touch perm", "not-there"), ENVIRONMENT, "not-there")
    expect(subject.run("cr_restart", "--kmsg-none", "not-there"), ENVIRONMENT, "could not be restarted")
    there = [os.path.exists(os.path.join(subject.directory, f)) for f in ["failed", "env", "perm"]]
    if there != [True, True, False]:
        raise Failure(f"hooks that ran: {there}")
    subject.restart("context")


def output_is_lost(subject):
    subject.must_checkpoint("context")
    for arguments in (["cr_info", "context"], ["cr_checkpoint", "--help"], ["cr_run", "--version"]):
        with open("/dev/full", "w") as full:
            done = subprocess.run([os.path.join(subject.bin, arguments[0]), *arguments[1:]], cwd=subject.directory, stdout=full,
                                  stderr=subprocess.PIPE, text=True, timeout=60)
        if done.returncode != ENVIRONMENT or "cannot write to standard output: No space left" not in done.stderr:
            raise Failure(f"{arguments}: {done}")


def strange_names(subject):
    """What a terminal would obey is shown."""
    name = "not\x1b[31mthere\x07"
    with open(os.path.join(subject.directory, "script"), "w") as f:
        f.write(f"#!/{name}\n")
    os.chmod(f.name, 0o755)
    for arguments in (["cr_run", "./" + name], ["cr_run", "./script"], ["cr_restart", name], ["cr_info", name], ["cr_checkpoint", name]):
        done = subject.run(*arguments)
        if done.returncode == OK or "\x1b" in done.stderr or "\x07" in done.stderr or "\\x1b[31m" not in done.stderr:
            raise Failure(f"{arguments}: {done}")


def headless_scripts(subject):
    """What has no header is a shell's, as to other commands that start programs; not what is no text."""
    for text, options, code, said in (("echo \"$0 $1\"\n", ["you"], OK, "script you"), ("exit 9", [], 9, ""), ("", [], OK, ""),
                                      ("\0\1\2", [], ENVIRONMENT, "Exec format error")):
        path = os.path.join(subject.directory, "script")
        with open(path, "w") as f:
            f.write(text)
        os.chmod(path, 0o755)
        expect(subject.run("cr_run", "./script", *options), code, said)


def not_hosted(subject):
    expect(subject.run("cr_checkpoint", "1"), PERMANENT, "process 1", "cr_run")
    expect(subject.run("cr_checkpoint", "4000000"), ENVIRONMENT, "does not exist")
    expect(subject.run("cr_run", "--omit", "/bin/echo", "plain"), OK, "plain")
    expect(subject.run("cr_run", "/not/there"), ENVIRONMENT, "/not/there")


def main():
    bin_dir, program, case = sys.argv[1:]

    def body(subject):
        globals()[case](subject)
        subject.must_pass()

    run_subject(bin_dir, [program, "@FLAG@"], body)


main()
