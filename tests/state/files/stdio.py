# SPDX-License-Identifier: Apache-2.0
"""stdio.py BIN_DIRECTORY PROGRAM CASE: standard input, output and error that were regular files, after a restart."""
import os
import pty
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from cr_harness import SLOW, Failure, run_test, wait_for  # noqa: E402

LINES = [f"line {i}\n" for i in range(20)]


class Program:
    """Copies lines from one file to another; saved and killed after five."""

    def __init__(self, bin_dir, program, directory):
        self.bin, self.directory = bin_dir, directory
        with open(self.path("in"), "w") as f:
            f.writelines(LINES)
        with open(self.path("in")) as source, open(self.path("out"), "w") as out, open(self.path("err"), "w") as err:
            running = subprocess.Popen([os.path.join(bin_dir, "cr_run"), program, self.path("flag"), "lines"],
                                       stdin=source, stdout=out, stderr=err, cwd=directory)
        wait_for(lambda: "READY" in self.read("err"), "READY")
        done = subprocess.run([os.path.join(bin_dir, "cr_checkpoint"), "--kill", "-f", self.path("context"),
                               str(running.pid)], capture_output=True, text=True, timeout=60 * SLOW)
        running.wait(60 * SLOW)
        if done.returncode != 0:
            raise Failure(f"cr_checkpoint: {done.stderr}")
        open(self.path("flag"), "w").close()

    def path(self, name):
        return os.path.join(self.directory, name)

    def read(self, name):
        with open(self.path(name)) as f:
            return f.read()

    def expect(self, name, text):
        if self.read(name) != text:
            raise Failure(f"{name} is {self.read(name)!r}, not {text!r}")

    def restart(self, *options, **streams):
        done = subprocess.run([os.path.join(self.bin, "cr_restart"), *options, self.path("context")], cwd=self.directory,
                              text=True, timeout=60 * SLOW, **streams)
        if done.returncode != 0:
            raise Failure(f"cr_restart: {done}")
        return done


def input_goes_on(program):
    """Whatever the new standard input is: nothing, a pipe, the same file from its beginning."""
    pipe = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    rest = "".join(LINES[5:])
    for stream in [{"stdin": subprocess.DEVNULL}, {"input": "something else\n"}, {"stdin": open(program.path("in"))}]:
        done = program.restart(**stream, **pipe)
        if done.stdout != rest:
            raise Failure(f"{stream}: {done.stdout!r}")


def input_is_new(program):
    done = program.restart("--stdio=new", input="new\n", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if not done.stdout.endswith("new\n") or "PASS" not in done.stderr:
        raise Failure(f"{done}")


def on_terminal(program, *options, **streams):
    """With a terminal where no other stream is given; what the terminal shows."""
    ours, theirs = pty.openpty()
    try:
        program.restart(*options, **{"stdin": theirs, "stdout": theirs, "stderr": theirs, **streams})
        os.write(theirs, b"END")
        shown = b""
        while not shown.endswith(b"END"):
            shown += os.read(ours, 1000)
        return shown.decode()
    finally:
        os.close(ours)
        os.close(theirs)


def output_goes_on(program):
    """On a terminal nothing is redirected: output continues in the files, cut back to where it was."""
    with open(program.path("out"), "a") as f:
        f.write("after the checkpoint\n")
    shown = on_terminal(program)
    program.expect("out", "".join(LINES))
    program.expect("out.after-1", "after the checkpoint\n")
    if "out was cut back" not in shown or "line" in shown:
        raise Failure(f"the terminal shows {shown!r}")


def output_is_redirected(program):
    with open(program.path("again"), "w") as again:
        on_terminal(program, stdout=again)
    program.expect("out", "".join(LINES[:5]))
    program.expect("again", "".join(LINES[5:]))


def error_goes_on(program):
    """What cr_restart itself says is not for the program's file."""
    program.restart("--stdio=saved", "--verbose", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    program.expect("err", "READY\nPASS\n")
    program.expect("out", "".join(LINES))


def main():
    bin_dir, program, case = sys.argv[1:]
    run_test(lambda directory: globals()[case](Program(bin_dir, program, directory)))


main()
