# SPDX-License-Identifier: Apache-2.0
"""multiplexer.py BIN_DIRECTORY: a tmux server with a shell that runs a loop and has a job, and less with a file. It is
saved without a client, killed, and restarted, twice; then somebody attaches, sees the screens, and goes on typing."""
import os
import re
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from cr_harness import OK, TEMPORARY, Failure, Skip, alive, kill_tree, run_test, wait_for  # noqa: E402


class Server:
    """Its socket is in the test's directory, and nobody's settings are read."""

    def __init__(self, bin_dir, directory):
        self.bin_dir, self.directory = bin_dir, directory
        self.environment = dict(os.environ, TERM="xterm", LC_ALL="C.UTF-8", SHELL="/bin/sh", HOME=directory,
                                HISTFILE="/dev/null", LESSHISTFILE="-", PS1="> ")
        self.environment.pop("TMUX", None)
        self.words = ["tmux", "-S", os.path.join(directory, "socket"), "-f", "/dev/null"]
        self.process = self.pid = None

    def ask(self, *words, check=True):
        done = subprocess.run([*self.words, *words], env=self.environment, cwd=self.directory, capture_output=True, text=True,
                              timeout=60, stdin=subprocess.DEVNULL)
        if check and done.returncode != 0:
            raise Failure(f"tmux {words}: {done.stderr}")
        return done.stdout

    def screen(self, window):
        return self.ask("capture-pane", "-p", "-t", f"work:{window}").rstrip("\n")

    def type(self, window, *keys):
        self.ask("send-keys", "-t", f"work:{window}", *keys)

    def wait_for_screen(self, window, pattern):
        wait_for(lambda: re.search(pattern, self.screen(window), re.S), f"{pattern} on the screen of window {window}")

    def start(self):
        command = [os.path.join(self.bin_dir, "cr_run"), *self.words, "-D"]
        log = open(os.path.join(self.directory, "server.log"), "ab")
        self.process = subprocess.Popen(command, env=self.environment, cwd=self.directory, stdin=subprocess.DEVNULL,
                                        stdout=log, stderr=log)
        self.pid = self.process.pid
        wait_for(lambda: os.path.exists(os.path.join(self.directory, "socket")), "the server")

    def save(self, name, *options):
        """A client that has just left may still be there."""
        last = ""
        for _ in range(100):
            done = subprocess.run([os.path.join(self.bin_dir, "cr_checkpoint"), "-f", name, *options, str(self.pid)],
                                  cwd=self.directory, capture_output=True, text=True, timeout=120)
            if done.returncode == OK:
                return
            last = done.stderr
            if done.returncode != TEMPORARY:
                break
            time.sleep(0.1)
        raise Failure(f"no checkpoint: {last}")

    def restart(self, name):
        socket = os.path.join(self.directory, "socket")
        if os.path.exists(socket):
            os.unlink(socket)
        log = open(os.path.join(self.directory, "restart.log"), "ab")
        self.process = subprocess.Popen([os.path.join(self.bin_dir, "cr_restart"), name], cwd=self.directory,
                                        stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_for(lambda: os.path.exists(socket) or self.process.poll() is not None, "the restart")
        if self.process.poll() is not None:
            with open(os.path.join(self.directory, "restart.log")) as f:
                raise Failure(f"no restart: {f.read()}")


def attached_screen(server):
    """What somebody who attaches is shown, from a terminal of his own."""
    import pty
    pid, master = pty.fork()
    if pid == 0:
        os.environ.update(server.environment)
        os.execvp("tmux", [*server.words, "attach", "-t", "work:0"])
    shown = b""
    try:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and b"counted" not in shown:
            shown += os.read(master, 65536)
        server.ask("detach-client", "-s", "work")
        os.waitpid(pid, 0)
    finally:
        os.close(master)
    return shown.decode(errors="replace")


def check_life(server, life):
    """Screens as they were, and all of it alive."""
    server.wait_for_screen(1, "line 1\n.*line 10\n")
    server.type(1, "G")
    server.wait_for_screen(1, "line 500")
    server.type(1, "g")
    server.wait_for_screen(1, "line 1\n")
    server.wait_for_screen(2, "half a comm$")
    before = len(re.findall("counted", server.screen(0)))
    wait_for(lambda: len(re.findall("counted", server.screen(0))) != before or before > 20, "the loop")
    if "counted" not in attached_screen(server):
        raise Failure("who attaches sees another screen")
    # The shell controls its jobs, and the terminal tells its size.
    server.type(3, f"echo life-$(({life} + 10)) $(stty size)", "Enter")
    server.wait_for_screen(3, f"life-{life + 10} \\d+ \\d+")
    server.type(3, "sleep 1000", "Enter")
    wait_for(lambda: server.ask("display-message", "-p", "-t", "work:3", "#{pane_current_command}").strip() == "sleep",
             "a command in the foreground")
    server.type(3, "C-z")
    server.wait_for_screen(3, r"Stopped.*sleep 1000")
    server.type(3, "kill %1; fg", "Enter")
    server.wait_for_screen(3, "Terminated.*\n>$")
    server.type(3, "clear", "Enter")
    server.wait_for_screen(3, r"^>$")


def body(bin_dir, directory):
    if shutil.which("tmux") is None or shutil.which("less") is None:
        raise Skip("no tmux, or no less")
    if os.getuid() != 0:
        raise Skip("needs root, for the numbers of processes")
    with open(os.path.join(directory, "text"), "w") as f:
        f.writelines(f"line {i}\n" for i in range(1, 501))
    server = Server(bin_dir, directory)
    numbers = []
    try:
        server.start()
        numbers.append(server.process.pid)
        server.ask("new-session", "-d", "-s", "work", "-x", "80", "-y", "24",
                   "i=0; while :; do i=$((i + 1)); echo counted $i; sleep 0.2; done")
        server.ask("new-window", "-t", "work:1", "less text")
        server.ask("new-window", "-t", "work:2", "bash --norc --noprofile")
        server.ask("new-window", "-t", "work:3", "bash --norc --noprofile")
        server.wait_for_screen(2, ">$")
        server.type(2, "half a comm")
        check_life(server, 0)
        server.save("context.0")  # and goes on
        check_life(server, 1)
        for life in (2, 3):
            name = f"context.{life}"
            server.save(name, "--kill")
            server.process.wait()
            server.restart(name)
            numbers.append(server.process.pid)
            check_life(server, life)
        server.type(2, "and; echo 'half a line' was && exit", "Enter")
        server.ask("kill-server")
        if server.process.wait(60) != 0:
            raise Failure(f"the server ended with {server.process.returncode}")
    finally:
        for pid in numbers:
            if alive(pid):
                kill_tree(pid)


if __name__ == "__main__":
    run_test(lambda directory: body(sys.argv[1], directory))
