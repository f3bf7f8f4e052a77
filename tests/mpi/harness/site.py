# SPDX-License-Identifier: Apache-2.0
"""Where things are, and how a case ends other than well."""
import os
import shutil


class Failure(Exception):
    """The product did something else than the test expects."""


class Skip(Exception):
    """The case cannot run here; the text says why."""


class Site:
    """A build tree or an installation prefix. native: Open MPI's own mpirun, for cases without a checkpoint."""

    def __init__(self, build, native=False):
        self.build = os.path.abspath(build)
        self.native = native

    def command(self, name):
        if self.native:
            return shutil.which(name)
        path = os.path.join(self.build, "bin", name)
        if not os.access(path, os.X_OK):
            raise Skip(f"{name} is not built ({path})")
        return path

    def program(self, name):
        for directory in ("tests/programs", "examples/mpi", "bin"):
            path = os.path.join(self.build, directory, name)
            if os.access(path, os.X_OK):
                return path
        path = shutil.which(name)
        if path is None:
            raise Skip(f"the program {name} is not there")
        return path


def slow_factor():
    """Multiplies every deadline: CAIRN_TEST_SLOW, for slow machines and emulators."""
    return float(os.environ.get("CAIRN_TEST_SLOW", "1"))
