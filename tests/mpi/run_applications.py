#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Applications and libraries from Debian's packages: killed and restarted again and again at random moments.

Each is run natively first. Then it is killed --kills times, each time after a checkpoint at a random moment; when it ends
before, it is begun anew. What it says at its end must be the end of what the native run said. The programs of
tests/mpi/applications compare all their data themselves.
"""
import glob
import os
import random
import re
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness.driver import arguments_of, run_methods  # noqa: E402
from harness.site import Failure, Skip  # noqa: E402

SOURCES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "applications")
PETSC = "/usr/share/petsc/3.18/share/petsc/examples/src/ksp/ksp/tutorials"
PYTHON = "/usr/bin/python3"


def rows_of(pattern):
    """The lines that begin like this, without what differs from run to run."""
    regex = re.compile(pattern)
    return lambda lines: [m[0] for m in map(regex.match, lines) if m]


STEPS = rows_of(r"step \d+$|PASS.*|FAIL.*")


def flags(package):
    run = subprocess.run(["pkg-config", "--cflags", "--libs", package], capture_output=True, text=True, check=False)
    if run.returncode != 0:
        raise Skip(f"{package} is not installed")
    return run.stdout.split()


def built(r, source, *options):
    """A C source compiled for Open MPI; skips the case if it, or what it needs, is not installed."""
    if shutil.which("mpicc.openmpi") is None or not os.path.exists(source):
        raise Skip(f"mpicc.openmpi or {source} is not there")
    program = r.scratch.path(os.path.splitext(os.path.basename(source))[0])
    run = subprocess.run(["mpicc.openmpi", "-O2", "-w", source, "-o", program, *options], capture_output=True, text=True,
                         check=False)
    if run.returncode != 0:
        raise Skip(f"{os.path.basename(source)} cannot be built: {run.stderr.strip().splitlines()[-1]}")
    return program


def own(name):
    return os.path.join(SOURCES, name)


def module(name):
    if subprocess.run([PYTHON, "-c", f"import mpi4py, {name}"], capture_output=True, check=False).returncode != 0:
        raise Skip(f"python3 has no {name}, or no mpi4py")


class Applications:
    def __init__(self, site, arguments):
        self.site = site
        self.kills = arguments.kills
        self.transport = arguments.transport
        self.seed = arguments.seed

    def test_mpi4py(self, r):
        module("numpy")
        return self.killed(r, 3, [PYTHON, own("families_mpi4py.py"), r.scratch.path("file"), "60", "0.1"], STEPS)

    def test_hdf5(self, r):
        program = built(r, own("steps_hdf5.c"), *flags("hdf5-openmpi"))
        return self.killed(r, 3, [program, r.scratch.path("file.h5"), "80", "80000"], STEPS)

    def test_h5py(self, r):
        module("h5py")
        return self.killed(r, 3, [PYTHON, own("steps_h5py.py"), r.scratch.path("file.h5"), "60", "0.1"], STEPS)

    def test_netcdf(self, r):
        program = built(r, own("steps_netcdf.c"), "-I/usr/lib/x86_64-linux-gnu/netcdf/mpi/include", "-lnetcdf_mpi")
        return self.killed(r, 3, [program, r.scratch.path("file.nc"), "80", "80000"], STEPS)

    def test_global_arrays(self, r):
        program = built(r, own("steps_ga.c"), "-lga-openmpi", "-larmci-openmpi", "-lscalapack-openmpi", "-llapack",
                        "-lblas", "-lgfortran", "-lm")
        return self.killed(r, 3, [program, "150", "40000"], STEPS)

    def test_petsc_ksp(self, r):
        program = built(r, os.path.join(PETSC, "ex2.c"), *flags("petsc"))
        return self.killed(r, 3, [program, "-m", "500", "-n", "500", "-ksp_rtol", "1e-9", "-ksp_monitor", "-pc_type",
                                  "jacobi", "-ksp_max_it", "1500"], rows_of(r" *\d+ KSP Residual.*|Norm of error.*"))

    def test_petsc_grid(self, r):
        program = built(r, os.path.join(PETSC, "ex45.c"), *flags("petsc"))
        return self.killed(r, 2, [program, "-da_grid_x", "65", "-da_grid_y", "65", "-da_grid_z", "65", "-ksp_monitor",
                                  "-ksp_rtol", "1e-11", "-pc_type", "jacobi", "-ksp_type", "cg"],
                           rows_of(r" *\d+ KSP Residual.*|Residual norm.*"))

    def test_hpcc(self, r):
        example = "/usr/share/doc/hpcc/examples/_hpccinf.txt"
        if not os.path.exists(example):
            raise Skip("hpcc's example input is not installed")
        shutil.copy(example, r.scratch.path("hpccinf.txt"))
        output = r.scratch.path("hpccoutf.txt")

        def verdicts(_):
            with open(output, encoding="utf-8") as f:
                return re.findall(r"^Success=\d|^HPL_.*PASSED|^.*FAILED.*", f.read(), re.M)[-1:]

        return self.killed(r, 4, [self.site.program("hpcc")], verdicts, again=lambda: os.unlink(output))

    def test_nwchem(self, r):
        # It deals out its work as processes ask for it: the last digits differ from run to run.
        with open(r.scratch.path("water.nw"), "w", encoding="utf-8") as f:
            f.write("start water\ngeometry units angstrom\n O 0 0 0.117\n H 0 0.757 -0.471\n H 0 -0.757 -0.471\nend\n"
                    "basis\n * library 6-31g*\nend\nscf\n thresh 1e-8\nend\ntask scf optimize\ntask scf freq numerical\n")

        def forget():
            for path in glob.glob(r.scratch.path("water.*")):
                if not path.endswith(".nw"):
                    os.unlink(path)

        return self.killed(r, 3, [self.site.program("nwchem.openmpi"), "water.nw"],
                           rows_of(r" +Total SCF energy = +-\d+\.\d{5}|.*Zero-Point correction to Energy.*"), forget,
                           environment={"NWCHEM_BASIS_LIBRARY": "/usr/share/nwchem/libraries/"},
                           cr_options=["--cr-save-files", "1"])  # it writes over the records of its database

    def killed(self, r, np, program, rows, again=None, environment=None, cr_options=()):
        plain = r.start(np, program, self.transport, cr=False, environment=environment)
        begun = time.monotonic()
        plain.expect_status(0, 600)
        length = time.monotonic() - begun
        want = rows(plain.lines)
        if not want:
            plain.fail("nothing in its output can be compared")
        moments = random.Random(self.seed)
        done = restarts = runs = 0
        while done < self.kills or runs == 0:
            if again:
                again()
            job = r.start(np, program, self.transport, environment=environment, cr_options=cr_options)
            runs += 1
            said = []  # before it was killed
            while done < self.kills and self.run_on(job, moments.uniform(0, length / 3)):
                snapshot = self.checkpoint(r, job)
                if snapshot is None:
                    break
                time.sleep(moments.uniform(0, 0.5))
                if job.ended():
                    break
                job.kill()
                said = rows(job.lines)
                done += 1
                job = r.restart(snapshot)
                restarts += 1
            job.expect_status(0, 600)
            got = rows(job.lines)
            if not got and said[-1:] == want[-1:]:  # it was saved when it had said all
                continue
            if not got or want[-len(got):] != got:
                job.fail(f"what it says is not the end of what the native run says\n    want {want[-3:]}"
                         f"\n    got {got[-3:]}")
        return f"{done} kills, {restarts} restarts, {runs} runs of {length:.0f} s natively, {r.refusals} refusals"

    @staticmethod
    def run_on(job, seconds):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not job.ended():
            time.sleep(0.05)
        return not job.ended()

    @staticmethod
    def checkpoint(r, job):
        """None if the job has ended meanwhile."""
        try:
            return r.checkpoint(job, seconds=120, patience=60)
        except Failure:
            if job.ended() and job.process.returncode == 0:
                return None
            raise


def main():
    parser = arguments_of(__doc__)
    parser.add_argument("--kills", type=int, default=2, help="of each application")
    parser.add_argument("--transport", default="vader", choices=["vader", "tcp", "ofi"])
    parser.add_argument("--seed", type=int, default=1, help="of the moments")
    arguments = parser.parse_args()
    options = f" --kills {arguments.kills} --transport {arguments.transport} --seed {arguments.seed}"
    return run_methods(arguments, lambda site: [Applications(site, arguments)], options)


if __name__ == "__main__":
    sys.exit(main())
