# SPDX-License-Identifier: Apache-2.0
"""Damaged snapshots: ompi-restart must refuse before it launches anything, and say which file."""
import glob
import os
import random
import re
import shutil
import subprocess

from harness.site import Failure

REFUSED = (3, 4, 5)


class SnapshotFaults:
    def __init__(self, site):
        self.site = site

    def snapshot(self, r):
        """A good one of a small job, which has been killed."""
        job = r.start(2, [self.site.program("heat2d"), "--steps", "400", "--seconds", "4"], "vader")
        job.wait_line(r"^step 40/")
        path = r.checkpoint(job)
        job.kill()
        return path

    def images(self, snapshot):
        found = sorted(glob.glob(os.path.join(snapshot, "*", "rank_*")))
        if len(found) < 2:
            raise Failure(f"no two context files in {snapshot}: {os.listdir(snapshot)}")
        return found

    def must_be_refused(self, r, snapshot, what, named=None):
        job = r.restart(snapshot)
        status = job.wait(60)
        said = "\n".join(job.lines)
        if status not in REFUSED:
            job.fail(f"{what}: status {status}, expected one of {REFUSED}")
        if any(re.match(r"step|PASS", line) for line in job.lines):
            job.fail(f"{what}: the program ran")
        if glob.glob(r.scratch.path("tmp", "ompi.*")):
            job.fail(f"{what}: Open MPI was started before the snapshot was found damaged")
        if named and named not in said:
            job.fail(f"{what}: the message does not name {named}")
        if not said.strip() or len(said) < 20:
            job.fail(f"{what}: no message")

    def must_not_verify(self, r, snapshot, what):
        run = subprocess.run([self.site.command("ompi-snapshot"), "verify", snapshot], capture_output=True, text=True,
                             timeout=60, check=False, env=r.scratch.environment)
        if run.returncode == 0:
            raise Failure(f"{what}: ompi-snapshot verify finds nothing wrong: {run.stdout}")

    def damaged(self, r, good, what, damage, named=None):
        """A copy of the good snapshot under its own name, damaged; the good one is left alone."""
        shutil.rmtree(r.scratch.path("damaged"), ignore_errors=True)
        for path in glob.glob(r.scratch.path("tmp", "ompi.*")):
            shutil.rmtree(path)
        copy = r.scratch.path("damaged", os.path.basename(good))
        shutil.copytree(good, copy, symlinks=True)
        damage(copy)
        self.must_not_verify(r, copy, what)
        self.must_be_refused(r, copy, what, named)

    def make_directory(self, copy):
        path = self.images(copy)[0]
        os.unlink(path)
        os.mkdir(path)

    def test_damaged_context_files(self, r):
        good = self.snapshot(r)
        size = os.path.getsize(self.images(good)[1])
        pick = random.Random(1)

        def truncate_to(length):
            return lambda copy: os.truncate(self.images(copy)[1], length)

        def flip(at):
            def damage(copy):
                with open(self.images(copy)[1], "r+b") as f:
                    f.seek(at)
                    byte = f.read(1)[0]
                    f.seek(at)
                    f.write(bytes([byte ^ (1 << pick.randrange(8))]))
            return damage

        def swap(copy):
            one, two = self.images(copy)[:2]
            os.rename(one, copy + ".t")
            os.rename(two, one)
            os.rename(copy + ".t", two)

        name = os.path.basename(self.images(good)[1])
        for length in (0, 1, 4096, size // 2, size - 1):
            self.damaged(r, good, f"context file truncated to {length}", truncate_to(length), name)
        for at in [0, 5, 4095, 4096, size - 1, size - 100] + [pick.randrange(size) for _ in range(8)]:
            self.damaged(r, good, f"bit flipped at {at}", flip(at), name)
        self.damaged(r, good, "context files swapped", swap)
        self.damaged(r, good, "context file missing", lambda copy: os.unlink(self.images(copy)[0]))
        self.damaged(r, good, "context file is a directory", self.make_directory)
        r.restart(good).expect_pass()

    def test_damaged_manifest(self, r):
        good = self.snapshot(r)
        manifest = os.path.join(good, "manifest.h5")
        size = os.path.getsize(manifest)
        pick = random.Random(2)

        def flip(at):
            def damage(copy):
                with open(os.path.join(copy, "manifest.h5"), "r+b") as f:
                    f.seek(at)
                    byte = f.read(1)[0]
                    f.seek(at)
                    f.write(bytes([byte ^ 0x10]))
            return damage

        def replace(content):
            def damage(copy):
                with open(os.path.join(copy, "manifest.h5"), "wb") as f:
                    f.write(content)
            return damage

        self.damaged(r, good, "manifest empty", replace(b""))
        self.damaged(r, good, "manifest is text", replace(b"no HDF5 at all\n" * 100))
        self.damaged(r, good, "manifest missing", lambda copy: os.unlink(os.path.join(copy, "manifest.h5")))
        self.damaged(r, good, "manifest truncated",
                     lambda copy: os.truncate(os.path.join(copy, "manifest.h5"), size // 2))
        for at in [0, 8, 100, 511, 512, size - 1] + [pick.randrange(size) for _ in range(10)]:
            self.damaged(r, good, f"manifest: bit flipped at {at}", flip(at))
        r.restart(good).expect_pass()

    def test_context_file_of_another_snapshot(self, r):
        """Whole in itself, but not the one the manifest means."""
        one, two = self.snapshot(r), None
        shutil.move(one, r.scratch.path("first"))
        two = self.snapshot(r)

        def exchange(copy):
            other = sorted(glob.glob(r.scratch.path("first", "*", "rank_*")))[0]
            shutil.copy(other, self.images(copy)[0])

        self.damaged(r, two, "context file of another snapshot", exchange)

    def test_no_snapshot(self, r):
        self.must_be_refused(r, r.scratch.path("nothing", "here.ckpt"), "a path where nothing is")
        os.mkdir(r.scratch.path("empty.ckpt"))
        self.must_be_refused(r, r.scratch.path("empty.ckpt"), "an empty directory")

    def test_moved_snapshot(self, r):
        """Not a fault: paths inside are relative, so the directory can be moved."""
        good = self.snapshot(r)
        os.mkdir(r.scratch.path("elsewhere"))
        moved = r.scratch.path("elsewhere", "another name.ckpt")
        shutil.move(good, moved)
        r.verify(moved)
        r.restart(moved).expect_pass()

    def test_program_was_rebuilt(self, r):
        """The binary changes after the checkpoint: the snapshot still works, or is refused by name; never wrong."""
        program = r.scratch.path("program")
        shutil.copy(self.site.program("heat2d"), program)
        job = r.start(2, [program, "--steps", "400", "--seconds", "4"], "vader")
        job.wait_line(r"^step 40/")
        good = r.checkpoint(job)
        job.kill()
        with open(program, "ab") as f:
            f.write(b"another build")
        job = r.restart(good)
        if job.wait(60) != 0:
            if "program" not in "\n".join(job.lines):
                job.fail("refused without naming the program that changed")
            return
        job.expect_pass()
