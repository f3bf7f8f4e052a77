# SPDX-License-Identifier: Apache-2.0
"""One job: a process of mpirun (or ompi-restart) with its output. Thread safety: one thread per job."""
import os
import re
import shlex
import signal
import subprocess
import threading
import time

from .site import Failure, slow_factor

TRANSPORTS = {
    "vader": ["--mca", "pml", "ob1", "--mca", "btl", "vader,self"],
    "tcp": ["--mca", "pml", "ob1", "--mca", "btl", "tcp,self"],
    "mixed": ["--mca", "pml", "ob1", "--mca", "btl", "vader,tcp,self"],  # as ranks lie
    "ofi": ["--mca", "pml", "cm", "--mca", "mtl", "ofi", "--mca", "mtl_ofi_provider_include", "tcp;ofi_rxm"],
}


class Job:
    def __init__(self, scratch, argv, label, wrapper=(), environment=None):
        """Starts argv in the case's directory. wrapper: see nodes.py."""
        self.scratch = scratch
        self.argv = list(argv)
        self.label = label
        self.wrapper = list(wrapper)
        self.lines = []
        self._changed = threading.Condition()
        env = dict(scratch.environment, **(environment or {}))
        self.process = subprocess.Popen(self.wrapper + self.argv, cwd=scratch.directory, env=env,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        start_new_session=True)
        self.log = scratch.path(f"{label}.log")
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        with open(self.log, "wb") as log:
            for raw in self.process.stdout:
                log.write(raw)
                log.flush()
                with self._changed:
                    self.lines.append(raw.decode(errors="replace").rstrip("\n"))
                    self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()

    def fail(self, text, hangs=False):
        """Stops the case with the last of the job's output; of a job that hangs, with its stacks in a file."""
        if hangs:
            with open(self.scratch.path("stacks.txt"), "w", encoding="utf-8") as f:
                f.write(self.scratch.stacks())
        tail = "\n    | ".join(line for line in self.lines[-12:])
        raise Failure(f"{self.label}: {text}\n    | {tail}\n    (files: {self.scratch.directory})")

    def wait_line(self, pattern, seconds=60, count=1, start=0):
        """The count-th line from line number `start` on that matches; returns (its number, the match)."""
        regex = re.compile(pattern)
        deadline = time.monotonic() + seconds * slow_factor()
        at = start
        while True:
            ended = self.process.poll() is not None and not self._reader.is_alive()
            with self._changed:
                while at < len(self.lines):
                    match = regex.search(self.lines[at])
                    at += 1
                    if match:
                        count -= 1
                    if match and count == 0:
                        return at - 1, match
                if not ended:
                    self._changed.wait(0.05)
            if ended and at >= len(self.lines):
                self.fail(f"ended (status {self.process.returncode}) before a line '{pattern}'")
            if time.monotonic() > deadline:
                self.fail(f"no line '{pattern}' within {seconds} s", True)

    def ended(self):
        return self.process.poll() is not None

    def wait(self, seconds=120):
        try:
            status = self.process.wait(seconds * slow_factor())
        except subprocess.TimeoutExpired:
            self.fail(f"still runs after {seconds} s", True)
        self._reader.join(10)
        return status

    def expect_status(self, status, seconds=120):
        got = self.wait(seconds)
        if got != status:
            self.fail(f"exit status {got}, expected {status}")

    def expect_pass(self, seconds=120):
        self.expect_status(0, seconds)
        if not any(line.startswith("PASS") for line in self.lines):
            self.fail("no line PASS")
        if any(line.startswith("FAIL") for line in self.lines):
            self.fail("a line FAIL")

    def kill(self):
        """SIGKILL to all processes of the case at once."""
        self.scratch.kill_all()
        self.process.wait(20)

    def signal(self, number):
        os.kill(self.mpirun_pid(), number)

    def mpirun_pid(self):
        """The process a user would name: below a wrapper (ip netns exec ... exec) it is the same one."""
        return self.process.pid

    def command(self, argv, seconds=60, environment=None):
        """Runs a command on the job's node: (status, its lines). Fails if it takes longer."""
        env = dict(self.scratch.environment, **(environment or {}))
        process = subprocess.Popen(self.wrapper + list(argv), cwd=self.scratch.directory, env=env, text=True,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                   errors="replace")
        try:
            out, _ = process.communicate(timeout=seconds * slow_factor())
        except subprocess.TimeoutExpired:
            self.lines.append(f"(waiting for {' '.join(argv)})")
            process.send_signal(signal.SIGKILL)
            self.fail(f"{os.path.basename(argv[0])} took longer than {seconds} s", True)
        return process.returncode, out.splitlines()


class Runner:
    """Starts jobs of one case on one site."""

    def __init__(self, site, scratch, nodes=None):
        self.site = site
        self.scratch = scratch
        self.nodes = nodes
        self.count = 0
        self.refusals = 0

    def _label(self, kind):
        self.count += 1
        return f"{self.count}-{kind}"

    def _wrapper(self):
        return self.nodes.wrapper() if self.nodes else []

    def _environment(self):
        return self.nodes.environment() if self.nodes else {}

    def start(self, np, program, transport=None, cr=True, cr_options=(), mpirun_options=(), environment=None):
        """program: list. cr False: a plain mpirun of ours."""
        argv = [self.site.command("mpirun")]
        if cr and not self.site.native:
            argv += ["--with-cr", "--cr-dir", self.scratch.path("snapshots"), *cr_options]
        argv += ["-np", str(np), *TRANSPORTS.get(transport, []), *mpirun_options]
        if self.nodes:
            argv += self.nodes.mpirun_options()
            argv += self.nodes.program_options(self.site) if cr else []
        env = dict(self._environment(), **(environment or {}))
        return Job(self.scratch, argv + list(program), self._label("job"), self._wrapper(), env)

    def checkpoint(self, job, *options, seconds=60, patience=0):
        """A checkpoint that must succeed. The snapshot's directory. patience: seconds for which "temporary" (3) is
        taken at its word and asked again; the refusals are counted in self.refusals."""
        deadline = time.monotonic() + patience * slow_factor()
        status, lines = self.try_checkpoint(job, *options, seconds=seconds)
        while status == 3 and time.monotonic() < deadline and not job.ended():
            self.refusals += 1
            time.sleep(0.02)
            status, lines = self.try_checkpoint(job, *options, seconds=seconds)
        if status != 0:
            job.lines += lines
            job.fail(f"ompi-checkpoint: status {status}")
        snapshot = self.snapshot_of(lines)
        if snapshot is None:
            job.lines += lines
            job.fail("ompi-checkpoint names no snapshot")
        if not os.path.isfile(os.path.join(snapshot, "manifest.h5")):
            job.fail(f"no manifest in {snapshot}")
        return snapshot

    def snapshot_of(self, lines):
        """The directory that ompi-checkpoint's answer names; None if it names none."""
        names = [m[1] for m in (re.match(r"Snapshot Ref\.: +\d+ (\S+)", line) for line in lines) if m]
        for parent in ("snapshots", "."):
            if names and os.path.isdir(self.scratch.path(parent, names[-1])):
                return self.scratch.path(parent, names[-1])
        return None

    def try_checkpoint(self, job, *options, seconds=60):
        self.scratch.note_segments()
        return job.command([self.site.command("ompi-checkpoint"), *options, str(job.mpirun_pid())], seconds)

    def restart(self, snapshot, transport=None, options=(), mpirun_options=()):
        argv = [self.site.command("ompi-restart"), *options]
        more = ["--cr-dir", self.scratch.path("snapshots"), *mpirun_options] + TRANSPORTS.get(transport, [])
        if self.nodes:
            argv += ["--hostfile", self.nodes.hostfile()]
            more += ["--map-by", "node"]
        argv += ["--mpirun_opts", shlex.join(more)]
        return Job(self.scratch, argv + [snapshot], self._label("restart"), self._wrapper(), self._environment())

    def verify(self, snapshot):
        """ompi-snapshot verify must find the snapshot whole."""
        run = subprocess.run([self.site.command("ompi-snapshot"), "verify", snapshot], capture_output=True, text=True,
                             env=self.scratch.environment, timeout=120 * slow_factor(), check=False)
        if run.returncode != 0:
            raise Failure(f"ompi-snapshot verify: status {run.returncode}: {run.stdout}{run.stderr}")
