# SPDX-License-Identifier: Apache-2.0
"""Runs cases in parallel, each in a scratch directory of its own, and reports them as a table and as JSON."""
import concurrent.futures
import json
import os
import random
import sys
import threading
import time
import traceback

from .scheduling import let_all_take_turns
from .scratch import Scratch
from .site import Failure, Skip


class Case:
    """name; run(scratch) raises Failure or Skip, may return a remark; repeat: the command that runs this case alone."""

    def __init__(self, name, run, repeat=""):
        self.name = name
        self.run = run
        self.repeat = repeat


_printing = threading.Lock()


def _say(text):
    with _printing:
        print(text, flush=True)


def run_case(case, keep=False):
    begun = time.monotonic()
    result = {"name": case.name, "status": "passed", "text": "", "repeat": case.repeat}
    scratch = Scratch(case.name, keep)
    try:
        result["text"] = case.run(scratch) or ""
        scratch.end(False)
    except Skip as e:
        result.update(status="skipped", text=str(e))
        scratch.end(False)
    except Failure as e:
        result.update(status="failed", text=str(e))
        scratch.end(True)
    except Exception:  # a fault of the test itself must not hide the other results
        result.update(status="failed", text=traceback.format_exc())
        scratch.end(True)
    result["seconds"] = round(time.monotonic() - begun, 2)
    return result


def run_cases(cases, jobs=1, json_path=None, keep=False, limit=None):
    """Prints one line for each case as it ends, then the failures. Exit status for the process: 0, 1, or 77 if
    nothing could run. limit: seconds after which no further case is begun (they count as skipped);
    CAIRN_CASE_SECONDS, set by ./check, is another one, and CAIRN_ORDER_SEED shuffles the cases, so that it is not always
    the same ones that time is not left for."""
    let_all_take_turns()
    begun = time.monotonic()
    share = float(os.environ.get("CAIRN_CASE_SECONDS", "inf"))
    if "CAIRN_ORDER_SEED" in os.environ:
        cases = list(cases)
        random.Random(os.environ["CAIRN_ORDER_SEED"]).shuffle(cases)
    limit = min(share, limit if limit is not None else float("inf"))

    def guarded(case):
        if time.monotonic() - begun > limit:
            return {"name": case.name, "status": "skipped", "text": "no time left", "repeat": case.repeat, "seconds": 0}
        result = run_case(case, keep)
        first = result["text"].splitlines()[0] if result["text"] else ""
        for _ in range(2 if os.environ.get("CAIRN_REPEAT_FAILED") else 0):
            if result["status"] != "failed":
                break
            _say(f"failed   {result['seconds']:7.1f} s  {result['name']}, and is run again: {result['text']}")
            result = run_case(case, keep)
            if result["status"] == "passed":
                result["text"] = "passed only when run again: " + first
        note = ": " + result["text"].splitlines()[0] if result["text"] else ""
        _say(f"{result['status']:8} {result['seconds']:7.1f} s  {result['name']}{note}")
        return result

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        results = list(pool.map(guarded, cases))
    failed = [r for r in results if r["status"] == "failed"]
    skipped = [r for r in results if r["status"] == "skipped"]
    for r in failed:
        _say(f"\nFAILED {r['name']}\n  {r['text']}\n  again with: {r['repeat']}")
    for reason in sorted({r["text"] for r in skipped}):
        _say(f"SKIPPED: {sum(r['text'] == reason for r in skipped)} cases: {reason}")
    if json_path:
        with open(json_path, "w", encoding="utf-8") as f:
            json.dump({"cases": results}, f, indent=1)
    _say(f"{len(results) - len(failed) - len(skipped)} passed, {len(failed)} failed, {len(skipped)} skipped "
         f"in {time.monotonic() - begun:.0f} s")
    if failed:
        return 1
    return 77 if len(skipped) == len(results) else 0


def again(extra):
    """The command that repeats a case of this script: its own name and the chosen arguments."""
    return f"{sys.executable} {sys.argv[0]} {extra}"


# Kinds of steps of random_program that belong together.
FAMILIES = {
    "windows": ("window-create", "window", "window-free"),
    "files": ("file-open", "file", "file-close"),
}


def kinds_named(text):
    """The kinds of a list of kinds and families."""
    return [kind for name in text.split(",") if name for kind in FAMILIES.get(name, (name,))]


def without_what_cannot_be_saved(ofi, native=False, romio=False):
    """Options of random_program. Over libfabric Open MPI itself hangs with some kinds; with early-free it crashes, and its
    windows are not right (docs/testing.md). romio: its collective operations that do not wait crash."""
    without = ["mprobe", "truncate"] if ofi else []
    without += ["file-icollective"] if romio else []
    without += ["early-free"] if native else []
    without += FAMILIES["windows"] if native else ()
    return ["--without", ",".join(without)] if without else []
