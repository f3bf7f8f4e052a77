# SPDX-License-Identifier: Apache-2.0
"""What the drivers' command lines have in common, and cases that are methods of a class."""
import argparse
import os

from .cases import Case, again, run_cases
from .job import Runner
from .site import Site


def arguments_of(description):
    """A parser with the options that every driver has."""
    parser = argparse.ArgumentParser(description=description.split("\n", maxsplit=1)[0])
    parser.add_argument("--build", default=os.environ.get("CAIRN_BUILD"), required="CAIRN_BUILD" not in os.environ,
                        help="build tree or installation prefix")
    parser.add_argument("--case", help="only cases whose name contains this")
    parser.add_argument("--jobs", type=int, default=1, help="cases at a time")
    parser.add_argument("--json", help="write the results there, too")
    parser.add_argument("--limit", type=float, help="seconds after which no case is begun")
    return parser


def run_methods(arguments, make, options=""):
    """Each method test_NAME(runner) of the objects that make(site) returns is the case NAME; their exit status.
    options: what a command that repeats a case needs besides."""
    site = Site(arguments.build)
    cases = []
    for family in make(site):
        for name in (n.removeprefix("test_") for n in dir(family) if n.startswith("test_")):
            if arguments.case and arguments.case not in name:
                continue
            method = getattr(family, "test_" + name)
            cases.append(Case(name, lambda scratch, m=method: m(Runner(site, scratch)),
                              again(f"--build {arguments.build} --case {name}{options}")))
    return run_cases(cases, arguments.jobs, arguments.json, limit=arguments.limit)
