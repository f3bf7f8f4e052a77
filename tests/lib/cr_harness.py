# SPDX-License-Identifier: Apache-2.0
"""Runs programs under cr_run, checkpoints, kills and restarts them. All waiting is for something that can be seen,
with a deadline. Programs follow the protocol of subject.hpp."""
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time

OK, ARGUMENTS, TEMPORARY, ENVIRONMENT, PERMANENT = 0, 2, 3, 4, 5  # docs/exit-codes.md
ORDINARY = 61234  # a user without rights; not the one whom namespaces show for all that they do not know
FIRST_OF_NAMESPACE = "cairn-init"  # which cr_restart has made
SLOW = float(os.environ.get("CAIRN_TEST_SLOW", "1"))


class Failure(Exception):
    pass


class Skip(Exception):
    """This machine cannot run the test."""


def wait_for(condition, what, seconds=60):
    end = time.monotonic() + seconds * SLOW
    while not condition():
        if time.monotonic() > end:
            raise Failure(f"{what}: not within {seconds * SLOW:.0f} s")
        time.sleep(0.005)


def state_of(pid):
    """One letter, as in proc(5)."""
    with open(f"/proc/{pid}/stat") as f:
        return f.read().rpartition(")")[2].split()[0]


def name_of(pid):
    try:
        with open(f"/proc/{pid}/comm") as f:
            return f.read().strip()
    except OSError:
        return ""


def alive(pid):
    """True while the process runs; a zombie does not."""
    try:
        return state_of(pid) not in "ZX"
    except OSError:
        return False


def tree_of(pid):
    """The process and its descendants."""
    pids = [pid]
    for one in pids:
        try:
            for task in os.listdir(f"/proc/{one}/task"):
                with open(f"/proc/{one}/task/{task}/children") as f:
                    pids += [int(child) for child in f.read().split()]
        except OSError:
            pass
    return pids


def kill_tree(pid):
    """All at once, and until nothing of them is left but what this process has to wait for."""
    pids = tree_of(pid)
    for one in pids:
        try:
            os.kill(one, signal.SIGKILL)
        except ProcessLookupError:
            pass
    wait_for(lambda: not any(alive(one) for one in pids), "the end of killed processes")
    return pids


def end_all_in(directory):
    """Ends what works there: of a program that crashed, its children are left."""
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            if (os.readlink(f"/proc/{name}/cwd") + "/").startswith(directory + "/"):
                os.kill(int(name), signal.SIGKILL)
        except OSError:
            pass


def expect(done, codes, *names):
    """A CompletedProcess ended with one of the codes, and its output says all the names."""
    text = done.stderr + done.stdout
    if done.returncode not in ({codes} if isinstance(codes, int) else codes):
        raise Failure(f"exit code {done.returncode}, not {codes}: {text}")
    for name in names:
        if name not in text:
            raise Failure(f"it does not say '{name}': {text}")


class Subject:
    """One program from its first start to its end, through any number of restarts."""

    own_session = False  # cr_run and cr_restart lead one

    def __init__(self, bin_dir, command, directory, environment=None, user=None, groups=None):
        self.bin = bin_dir
        self.directory = directory
        self.flag = os.path.join(directory, "check-yourself")
        self.user = user  # to run as
        self.groups = groups  # supplementary ones
        self.environment = dict(os.environ, **(environment or {}))
        self.log = None
        self.starts = 0
        self.shell = None  # cr_run, then cr_restart
        self.command = [self.flag if word == "@FLAG@" else word for word in command]
        self.start([os.path.join(bin_dir, "cr_run")] + self.command)
        self.pid = self.shell.pid

    def start(self, command):
        self.starts += 1
        self.log = os.path.join(self.directory, f"output-{self.starts}")
        with open(self.log, "w") as out:
            self.shell = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
                                          cwd=self.directory, env=self.environment, user=self.user,
                                          extra_groups=self.groups, start_new_session=self.own_session)

    def output(self):
        with open(self.log, errors="replace") as f:
            return f.read()

    def wait_ready(self):
        """A program that finds that it cannot run here prints "SKIP: " and why before it is ready."""
        wait_for(lambda: "READY" in self.output() or not alive(self.pid), "READY")
        if self.output().startswith("SKIP: "):
            raise Skip(self.output().splitlines()[0].removeprefix("SKIP: "))
        if "READY" not in self.output():
            raise Failure(f"the program ended before it was ready: {self.output()}")

    def run(self, name, *words, **more):
        """One of the commands, in the subject's directory: CompletedProcess."""
        return subprocess.run([os.path.join(self.bin, name), *words], capture_output=True, text=True, timeout=60 * SLOW,
                              cwd=self.directory, **more)

    def state(self):
        return state_of(self.pid)

    def checkpoint(self, name, *options):
        """Returns cr_checkpoint's CompletedProcess."""
        command = [os.path.join(self.bin, "cr_checkpoint"), "-f", os.path.join(self.directory, name), *options,
                   str(self.pid)]
        return subprocess.run(command, capture_output=True, text=True, timeout=120 * SLOW, user=self.user)

    def must_checkpoint(self, name, *options):
        done = self.checkpoint(name, *options)
        if done.returncode != 0:
            raise Failure(f"cr_checkpoint: {done.returncode}: {done.stderr}\n{self.output()}")
        return done

    def kill(self):
        kill_tree(self.pid)
        self.shell.wait(60 * SLOW)

    def restart(self, name, *options):
        started = os.path.join(self.directory, f"started-{self.starts}")
        self.start([os.path.join(self.bin, "cr_restart"), "--run-on-success", f"touch {shlex.quote(started)}", *options,
                     os.path.join(self.directory, name)])
        wait_for(lambda: os.path.exists(started) or self.shell.poll() is not None, "the restart")
        if not os.path.exists(started):
            raise Failure(f"cr_restart: {self.shell.returncode}: {self.output()}")
        self.pid = self._child()

    def _child(self):
        children = [child for child in tree_of(self.shell.pid)[1:] if name_of(child) != FIRST_OF_NAMESPACE]
        return children[0] if children else self.shell.pid

    def must_pass(self):
        with open(self.flag, "w"):
            pass
        code = self.shell.wait(120 * SLOW)
        # A number that another process has taken meanwhile cannot be had, but that must be said.
        if "NUMBER CHANGED" in self.output() and "could not be kept" not in self.output():
            raise Failure(f"other process or thread numbers, and nothing was said: {self.output()}")
        if code != 0 or "PASS" not in self.output() or "FAIL" in self.output():
            raise Failure(f"the program ended with {code}: {self.output()}")

    def close(self):
        for pid in {self.pid, self.shell.pid}:
            if self.shell.poll() is None:
                kill_tree(pid)
        self.shell.wait()


def need_ordinary_user(bin_dir, directory):
    """For a test as an ordinary user, who gets the directory."""
    if os.geteuid() != 0:
        raise Skip("needs root, to become somebody else")
    if subprocess.run(["test", "-x", os.path.join(bin_dir, "cr_run")], user=ORDINARY).returncode != 0:
        raise Skip(f"other users may not run what is in {bin_dir}")
    os.chown(directory, ORDINARY, ORDINARY)


def run_test(body):
    """`body(directory)` in a scratch directory; kept after a failure."""
    directory = os.path.realpath(tempfile.mkdtemp(prefix="cairn-cr."))
    try:
        try:
            body(directory)
        finally:
            end_all_in(directory)
    except (Failure, subprocess.TimeoutExpired) as failure:
        print(f"FAILED: {failure}\nfiles are kept in {directory}")
        sys.exit(1)
    except Skip as reason:
        shutil.rmtree(directory)
        print(f"SKIPPED: {reason}")
        sys.exit(77)
    shutil.rmtree(directory)
    print("passed")


def run_subject(bin_dir, command, body, kind=Subject, user=None):
    """`body(subject)` once the program is ready; it is ended whatever happens."""
    def with_subject(directory):
        if user:
            need_ordinary_user(bin_dir, directory)
        subject = kind(bin_dir, command, directory, user=user)
        try:
            subject.wait_ready()
            body(subject)
        finally:
            subject.close()

    run_test(with_subject)
