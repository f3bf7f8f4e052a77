# SPDX-License-Identifier: Apache-2.0
"""A directory for one case, with everything the case started and left behind.

Processes are known by CAIRN_TEST_ID in their environment, wherever they are attached. Open MPI leaves its session
directory and vader segments when it is killed: they are removed. Anything else in TMPDIR or /dev/shm is a leak.
"""
import fnmatch
import glob
import os
import shutil
import signal
import subprocess
import tempfile
import time

from .site import Failure, slow_factor

GDB_HELPER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../tools/gdb/cairn-gdb.py")
OPEN_MPI_LEAVINGS = ("ompi.*", "openmpi-sessions-*", "pmix-*", "pmix_dstor_*", "prte.*")


def running(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as f:
            return f.read().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


class Scratch:
    def __init__(self, name, keep=False):
        self.name = name
        self.keep = keep
        self.directory = tempfile.mkdtemp(prefix="cairn-test.", dir=os.environ.get("CAIRN_TEST_SCRATCH", "/tmp"))
        self.id = os.path.basename(self.directory)
        self.segments = set()
        self.killed = False
        for part in ("tmp", "snapshots"):
            os.mkdir(self.path(part))
        self.begun = time.time()
        self.environment = dict(os.environ, TMPDIR=self.path("tmp"), CAIRN_TEST_ID=self.id,
                                OMPI_MCA_rmaps_base_oversubscribe="1", OMPI_ALLOW_RUN_AS_ROOT="1",
                                OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")

    def path(self, *parts):
        return os.path.join(self.directory, *parts)

    def processes(self):
        """Pids of the case's processes that still run."""
        mark = f"CAIRN_TEST_ID={self.id}".encode()
        found = []
        for entry in os.listdir("/proc"):
            if not entry.isdigit() or int(entry) == os.getpid():
                continue
            try:
                with open(f"/proc/{entry}/environ", "rb") as f:
                    if mark in f.read().split(b"\0") and running(entry):
                        found.append(int(entry))
            except OSError:
                continue
        return found

    def note_segments(self):
        for pid in self.processes():
            try:
                with open(f"/proc/{pid}/maps", encoding="utf-8", errors="replace") as f:
                    self.segments.update(line.split(None, 5)[5].strip() for line in f if "/dev/shm/vader_segment" in line)
            except OSError:
                continue

    @staticmethod
    def _is_mapped(path):
        """By a process: then it is another job's, whose number is that of a dead one."""
        for maps in glob.glob("/proc/[0-9]*/maps"):
            try:
                with open(maps, encoding="utf-8", errors="replace") as f:
                    if path in f.read():
                        return True
            except OSError:
                continue
        return False

    def kill_all(self):
        """SIGKILL to everything the case has running. Processes may be starting others: look again until none is."""
        self.note_segments()
        self.killed = True
        deadline = time.monotonic() + 20 * slow_factor()
        while pids := self.processes():
            for pid in pids:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            if time.monotonic() > deadline:
                raise Failure(f"processes {pids} do not die")
            time.sleep(0.01)

    def stacks(self):
        """Where every process of the case stands, by gdb if there is one, else by the kernel."""
        return "\n".join(line for pid in self.processes() for line in self._stacks_of(pid))

    @staticmethod
    def _stacks_of(pid):
        text = []
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as f:
                text.append(f"== {pid} {f.read().replace(bytes(1), b' ').decode(errors='replace')[:150]}")
            for task in glob.glob(f"/proc/{pid}/task/*"):
                with open(f"{task}/wchan", encoding="utf-8") as f:
                    text.append(f"   thread {os.path.basename(task)} waits in {f.read()}")
        except OSError:
            text.append("   (it has just ended)")
        if shutil.which("gdb"):
            helper = ["-x", GDB_HELPER, "-ex", "cairn symbols"] if os.path.exists(GDB_HELPER) else []
            run = subprocess.run(["timeout", "60", "gdb", "-nx", "-batch", "-p", str(pid), *helper, "-ex",
                                  "thread apply all bt 20"], capture_output=True, text=True, errors="replace",
                                 check=False)
            text += [line for line in run.stdout.splitlines() if line.startswith(("#", "Thread"))]
        return text

    def leaks(self):
        """What is there and should not be. Removes it, and what Open MPI leaves."""
        found = []
        for family in glob.glob(self.path("tmp", "ompi.*", "pid.*", "*")):
            if os.path.basename(family).isdigit():
                self.segments.update(glob.glob(f"/dev/shm/vader_segment.*.{int(os.path.basename(family)):x}????.*"))
        for path in self.segments:
            if os.path.exists(path) and not self._is_mapped(path):
                os.unlink(path)
        for entry in os.listdir(self.path("tmp")):
            # A killed mpirun cannot remove its runtime directory; the next one of this user does.
            of_killed = self.killed and fnmatch.fnmatch(entry, "cairn-*")
            if not of_killed and not any(fnmatch.fnmatch(entry, p) for p in OPEN_MPI_LEAVINGS):
                found.append(f"{entry} in TMPDIR")
        for path in glob.glob("/dev/shm/*cairn*") + glob.glob("/tmp/*cairn*"):
            if path.startswith("/tmp/cairn-test.") or not os.path.exists(path):
                continue
            if os.stat(path).st_mtime >= self.begun and self.id in path:
                found.append(path)
        return found

    def end(self, failed):
        """Kills what is left, looks for leaks, removes the directory unless the case failed."""
        outlived = []
        deadline = time.monotonic() + 10 * slow_factor()
        while not failed and (outlived := self.processes()) and time.monotonic() < deadline:
            time.sleep(0.05)
        outlived = [f"process {p} outlived its job" for p in outlived]
        if failed or outlived:
            self.kill_all()
        leaks = outlived + self.leaks()
        if failed or leaks:
            for path in glob.glob(self.path("snapshots", "*", "*", "*")):
                if os.path.isfile(path) and os.path.getsize(path) > 64 << 20:
                    os.unlink(path)
        elif not self.keep:
            shutil.rmtree(self.directory, ignore_errors=True)
        if leaks and not failed:
            raise Failure("left behind: " + "; ".join(leaks))
