# SPDX-License-Identifier: Apache-2.0
"""Faults while a checkpoint is taken."""
import contextlib
import os
import re
import shutil
import signal
import subprocess
import time

from harness.site import Skip

TEMPORARY, ENVIRONMENT = 3, 4
NOBODY = 65534


@contextlib.contextmanager
def small_disk(scratch, size):
    """A file system of its own below the case's directory."""
    path = scratch.path("disk")
    os.mkdir(path)
    if os.getuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", path],
                                          check=False, capture_output=True).returncode != 0:
        raise Skip("mounting a small file system needs root and the right to mount")
    try:
        yield path
    finally:
        scratch.kill_all()
        subprocess.run(["umount", path], check=True)


def remount(path, options):
    subprocess.run(["mount", "-o", f"remount,{options}", path], check=True)


class CheckpointFaults:
    """Every test_* method is a case; r: a Runner."""

    def __init__(self, site):
        self.site = site

    def start(self, r, directory=None, mib=32, np=2, seconds=4, **more):
        program = [self.site.program("memory_worker"), "--mib", str(mib), "--pattern", "rewrite",
                   "--units", "100000000", "--seconds", str(seconds)]
        options = ["--cr-dir", directory] if directory else []
        job = r.start(np, program, "vader", cr_options=options, **more)
        job.wait_line("^ready")
        return job

    def ranks(self, r):
        """Pids of the processes that run memory_worker."""
        found = []
        for pid in r.scratch.processes():
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as f:
                    words = f.read().split(b"\0")
            except OSError:
                continue
            if b"--pattern" in words and b"-np" not in words:
                found.append(pid)
        return found

    def must_fail(self, r, job, statuses, pattern, *options, seconds=60):
        status, lines = r.try_checkpoint(job, *options, seconds=seconds)
        if status not in statuses or not re.search(pattern, "\n".join(lines), re.IGNORECASE):
            job.lines += lines
            job.fail(f"ompi-checkpoint: status {status}, expected one of {statuses} and a reason like '{pattern}'")

    def no_whole_snapshot(self, r, job, directory):
        """ompi-snapshot list shows no usable one, and no manifest is there."""
        run = subprocess.run([self.site.command("ompi-snapshot"), "list", directory], capture_output=True, text=True,
                             timeout=60, check=False, env=r.scratch.environment)
        if re.search(r"sequence \d+", run.stdout):
            job.fail(f"a failed checkpoint left a snapshot that looks whole: {run.stdout}")

    def still_works(self, r, job, directory=None):
        """The job can be checkpointed again, that snapshot restarts, and both verify themselves."""
        snapshot = r.checkpoint(job, patience=20) if directory is None else self.checkpoint_in(r, job, directory)
        job.expect_pass(180)
        r.restart(snapshot).expect_pass(180)

    def checkpoint_in(self, r, job, directory):
        status, lines = r.try_checkpoint(job)
        names = [line.split()[-1] for line in lines if line.startswith("Snapshot Ref")]
        if status != 0 or not names:
            job.lines += lines
            job.fail(f"ompi-checkpoint: status {status}")
        return os.path.join(directory, names[-1])

    def test_full_disk(self, r):
        with small_disk(r.scratch, "16m") as disk:
            job = self.start(r, disk, seconds=20)  # it has to be there for all that is asked of it
            self.must_fail(r, job, (ENVIRONMENT,), "no space")
            self.no_whole_snapshot(r, job, disk)
            used = sum(os.path.getsize(os.path.join(d, f)) for d, _, files in os.walk(disk) for f in files)
            if used > 1 << 20:
                job.fail(f"a failed checkpoint left {used} bytes on the full disk")
            remount(disk, "size=2g")
            self.still_works(r, job, disk)

    def test_read_only_directory(self, r):
        with small_disk(r.scratch, "2g") as disk:
            job = self.start(r, disk, seconds=20)
            remount(disk, "ro")
            self.must_fail(r, job, (ENVIRONMENT,), "read-only")
            remount(disk, "rw")
            self.no_whole_snapshot(r, job, disk)
            self.still_works(r, job, disk)

    def test_directory_is_a_file(self, r):
        path = r.scratch.path("not-a-directory")
        with open(path, "w", encoding="utf-8"):
            pass
        program = [self.site.program("memory_worker"), "--mib", "8", "--units", "100000000", "--seconds", "4"]
        job = r.start(2, program, "vader", cr_options=["--cr-dir", path])
        status = job.wait(30)
        if status != ENVIRONMENT or not re.search("not a directory", "\n".join(job.lines), re.IGNORECASE):
            job.fail(f"mpirun: status {status}, expected 4 and what is wrong with --cr-dir")

    def test_limit_of_file_size(self, r):
        limited = ["sh", "-c", "ulimit -f 16384; exec \"$0\" \"$@\""]
        program = [self.site.program("memory_worker"), "--mib", "32", "--units", "100000000", "--seconds", "4"]
        job = r.start(2, limited + program, "vader")
        job.wait_line("^ready")
        status, lines = r.try_checkpoint(job)
        if status == 0:  # the host may lift the limit for itself
            r.verify(r.snapshot_of(lines))
        elif status != ENVIRONMENT or not re.search("too large|file size", "\n".join(lines), re.IGNORECASE):
            job.lines += lines
            job.fail(f"ompi-checkpoint: status {status}, expected 4 and the limit of the file size")
        job.expect_pass(180)

    def test_stopped_rank(self, r):
        job = self.start(r)
        victim = self.ranks(r)[0]
        os.kill(victim, signal.SIGSTOP)
        try:
            self.must_fail(r, job, (TEMPORARY,), r"rank \d", "--timeout", "4", seconds=40)
        finally:
            os.kill(victim, signal.SIGCONT)
        self.no_whole_snapshot(r, job, r.scratch.path("snapshots"))
        self.still_works(r, job)

    def asking(self, r, job, *options):
        """ompi-checkpoint in the background."""
        return subprocess.Popen([self.site.command("ompi-checkpoint"), *options, str(job.mpirun_pid())],
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                env=r.scratch.environment, cwd=r.scratch.directory)

    def wait_images(self, r, job, seconds=60):
        """Until a context file of an unfinished checkpoint is there."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for directory, _, files in os.walk(r.scratch.path("snapshots")):
                if "manifest.h5" not in os.listdir(os.path.dirname(directory)) and any("rank" in f for f in files):
                    return
            time.sleep(0.001)
        job.fail("no context file appeared")

    def test_rank_killed_during_checkpoint(self, r):
        job = self.start(r, mib=400, seconds=60)
        asking = self.asking(r, job)
        self.wait_images(r, job)
        os.kill(self.ranks(r)[-1], signal.SIGKILL)
        if job.wait(60) == 0:
            job.fail("mpirun says 0 although a rank was killed")
        out, _ = asking.communicate(timeout=60)
        if asking.returncode == 0:
            job.fail("ompi-checkpoint says 0 although a rank was killed before it was done: " + out)
        self.no_whole_snapshot(r, job, r.scratch.path("snapshots"))

    def test_rank_killed_with_an_older_snapshot(self, r):
        job = self.start(r, mib=200)
        snapshot = r.checkpoint(job)
        asking = self.asking(r, job)
        time.sleep(0.1)  # some moment of the second checkpoint, whichever
        os.kill(self.ranks(r)[0], signal.SIGKILL)
        job.wait(60)
        asking.communicate(timeout=60)
        r.verify(snapshot)
        r.restart(snapshot).expect_pass(300)

    def test_command_killed(self, r):
        """ompi-checkpoint dies in the middle: the checkpoint ends by itself, well or not, and the next one works."""
        job = self.start(r, mib=200)
        asking = self.asking(r, job)
        self.wait_images(r, job)
        asking.kill()
        asking.communicate()
        for _ in range(100):
            status, lines = r.try_checkpoint(job)
            if status != TEMPORARY:
                break
            time.sleep(0.2)  # busy: asks again
        if status != 0:
            job.lines += lines
            job.fail(f"the next ompi-checkpoint: status {status}")
        snapshot = r.snapshot_of(lines)
        r.verify(snapshot)
        job.kill()
        r.restart(snapshot).expect_pass(300)

    def test_mpirun_killed_during_checkpoint(self, r):
        job = self.start(r, mib=800, seconds=60)
        asking = self.asking(r, job)
        self.wait_images(r, job)
        r.scratch.note_segments()
        os.kill(job.mpirun_pid(), signal.SIGKILL)
        r.scratch.killed = True
        job.wait(10)
        out, _ = asking.communicate(timeout=60)
        if asking.returncode == 0:
            job.fail("ompi-checkpoint says 0 although mpirun was killed: " + out)
        deadline = time.monotonic() + 30
        while r.scratch.processes():
            if time.monotonic() > deadline:
                job.fail(f"processes outlive their mpirun: {r.scratch.processes()}")
            time.sleep(0.05)
        self.no_whole_snapshot(r, job, r.scratch.path("snapshots"))

    def test_two_requests_at_once(self, r):
        """The second one waits or is told that one is running; neither hurts the other."""
        job = self.start(r, mib=100)
        both = [self.asking(r, job), self.asking(r, job)]
        outs = [p.communicate(timeout=90)[0] for p in both]
        statuses = sorted(p.returncode for p in both)
        if statuses not in ([0, 0], [0, TEMPORARY]):
            job.fail(f"statuses {statuses}: {outs}")
        self.still_works(r, job)

    def test_memory_cgroup_too_small_to_fork(self, r):
        root = "/sys/fs/cgroup/memory"
        group = f"{root}/{r.scratch.id}"
        if not os.path.exists(f"{root}/memory.limit_in_bytes"):
            raise Skip("no writable memory cgroup (version 1) here")
        try:
            os.mkdir(group)
            with open(f"{group}/memory.limit_in_bytes", "w", encoding="ascii") as f:
                f.write(str(1200 << 20))
        except OSError as e:
            raise Skip(f"memory cgroups cannot be made here: {e}") from e
        try:
            wrapper = ["sh", "-c", f"echo $$ > {group}/cgroup.procs; exec \"$0\" \"$@\""]
            r._wrapper = lambda: wrapper  # the job runs in the group, and so do its commands
            job = self.start(r, mib=400, np=2)
            r.checkpoint(job, seconds=120)
            job.expect_pass(300)
            with open(f"{group}/memory.oom_control", encoding="ascii") as f:
                killed = re.search(r"oom_kill (\d+)", f.read())
            if killed and int(killed[1]) > 0:
                job.fail("the kernel killed a process of the job for lack of memory")
        finally:
            r.scratch.kill_all()
            os.rmdir(group)

    def test_another_users_request(self, r):
        if os.getuid() != 0 or shutil.which("setpriv") is None:
            raise Skip("another user's request needs root and setpriv")
        job = self.start(r)
        refused = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups",
                   self.site.command("ompi-checkpoint"), str(job.mpirun_pid())]
        os.chmod(r.scratch.directory, 0o755)
        status, lines = job.command(refused, 30)
        if status == 0 or not re.search("permi|owner|user|not allowed", "\n".join(lines), re.IGNORECASE):
            job.lines += lines
            job.fail(f"another user's request: status {status}")
        self.no_whole_snapshot(r, job, r.scratch.path("snapshots"))
        self.still_works(r, job)
