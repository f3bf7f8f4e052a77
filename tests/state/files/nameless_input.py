# SPDX-License-Identifier: Apache-2.0
"""nameless_input.py BIN_DIRECTORY CASE: standard input that has no path, as a shell's here-document. Nobody could give it again:
it is saved, and goes on where it was, for each process of a tree."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from cr_harness import SLOW, Failure, run_test, wait_for  # noqa: E402

TEXT = "".join(f"line {i:05}\n" for i in range(20_000))
READ, REST = TEXT[:11], TEXT[11:]

# What the child reads the parent has not left.
PROGRAM = f"""import os, sys, time
tree = "tree" in sys.argv
if os.read(0, 11) != {READ.encode()!r}: os._exit(1)
copy = os.dup(0)
child = os.fork() if tree else None
if child != 0: open("ready", "w").close()
while not os.path.exists("flag"): time.sleep(0.01)
if child == 0:
    os.write(1, os.read(0, 11))
    os._exit(0)
if tree: os.waitpid(child, 0)
os.write(1, os.read(copy, 11))
while data := os.read(0, 1 << 16): os.write(1, data)
"""


class Program:
    def __init__(self, bin_dir, directory):
        self.bin, self.directory = bin_dir, directory

    def path(self, name):
        return os.path.join(self.directory, name)

    def saved(self, *words, input, kept=False):
        command = [os.path.join(self.bin, "cr_run"), sys.executable, "-c", PROGRAM, *words]
        with open(self.path("out"), "w") as out:
            running = subprocess.Popen(command, stdin=input, stdout=out, cwd=self.directory)
        if not kept:
            os.close(input)
        wait_for(lambda: os.path.exists(self.path("ready")), "the program to be ready")
        self.checkpoint(running)

    def checkpoint(self, running):
        done = subprocess.run([os.path.join(self.bin, "cr_checkpoint"), "--kill", "-f", self.path("context"),
                               str(running.pid)], capture_output=True, text=True, timeout=60 * SLOW)
        if done.returncode != 0:
            open(self.path("flag"), "w").close()
        running.wait(60 * SLOW)
        if done.returncode != 0:
            raise Failure(f"cr_checkpoint: {done.stderr}")
        open(self.path("flag"), "w").close()

    def goes_on(self, *options, rest=REST, **streams):
        done = subprocess.run([os.path.join(self.bin, "cr_restart"), *options, self.path("context")], cwd=self.directory,
                              text=True, timeout=60 * SLOW, capture_output=True, **streams)
        if done.returncode != 0 or done.stdout != rest:
            raise Failure(f"cr_restart ended with {done.returncode}: {done.stderr}, {done.stdout[:100]!r}")

    def goes_on_everywhere(self):
        for streams in [{"stdin": subprocess.DEVNULL}, {"input": "something else\n"}]:
            self.goes_on(**streams)
        self.goes_on("--stdio=new", input="new\n", rest="new\n")


def memory():
    fd = os.memfd_create("input")
    os.write(fd, TEXT.encode())
    os.lseek(fd, 0, os.SEEK_SET)
    return fd


def deleted(program):
    """For reading only, as a shell has it."""
    with open(program.path("in"), "w") as f:
        f.write(TEXT)
    fd = os.open(program.path("in"), os.O_RDONLY)
    os.unlink(program.path("in"))
    return fd


def memory_file(program):
    program.saved(input=memory())
    program.goes_on_everywhere()


def memory_file_of_tree(program):
    program.saved("tree", input=memory())
    program.goes_on_everywhere()


def deleted_file(program):
    program.saved(input=deleted(program))
    program.goes_on_everywhere()


def deleted_file_of_tree(program):
    program.saved("tree", input=deleted(program))
    program.goes_on_everywhere()


def starter_has_it(program):
    """Who has started the program reads on in the same file when it has ended."""
    fd = memory()
    program.saved(input=fd, kept=True)
    program.goes_on_everywhere()


def other_name(program):
    """Its path is gone, but it has another one that nobody tells."""
    with open(program.path("in"), "w") as f:
        f.write(TEXT)
    fd = os.open(program.path("in"), os.O_RDONLY)
    os.link(program.path("in"), program.path("other"))
    os.unlink(program.path("in"))
    program.saved(input=fd)
    program.goes_on_everywhere()


def here_document(program):
    """Too long for a pipe."""
    with open(program.path("script"), "w") as f:
        f.write(f'"$1" "$2" -c "$3" >out <<END &\n{TEXT}END\necho $! >number\nwait $!\n')
    shell = subprocess.Popen(["bash", "script", os.path.join(program.bin, "cr_run"), sys.executable, PROGRAM],
                             cwd=program.directory, stderr=subprocess.DEVNULL)
    wait_for(lambda: os.path.exists(program.path("ready")), "the program to be ready")
    with open(program.path("number")) as f:
        number = int(f.read())
    try:
        done = subprocess.run([os.path.join(program.bin, "cr_checkpoint"), "--kill", "-f", program.path("context"),
                               str(number)], capture_output=True, text=True, timeout=60 * SLOW)
    finally:
        open(program.path("flag"), "w").close()
        shell.wait(60 * SLOW)
    if done.returncode != 0:
        raise Failure(f"cr_checkpoint: {done.stderr}")
    program.goes_on_everywhere()


def main():
    bin_dir, case = sys.argv[1:]
    run_test(lambda directory: globals()[case](Program(bin_dir, directory)))


main()
