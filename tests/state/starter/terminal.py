# SPDX-License-Identifier: Apache-2.0
"""terminal.py BIN_DIRECTORY CASE: the modes of the terminal that a program has set, in another terminal after a restart.
A case is one of the functions below."""
import os
import signal
import subprocess
import sys
import termios

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from cr_harness import Failure, run_test, wait_for  # noqa: E402
from terminal import Terminal  # noqa: E402

BIN = sys.argv[1]
# Shows each key in <>, and what it is told; ends at "q".
KEYS = """
import os, signal, sys, termios
def tell(number, frame): os.write(1, b"[%s]" % signal.Signals(number).name.encode())
signal.signal(signal.SIGWINCH, tell)
if sys.argv[1] == "set":
    signal.signal(signal.SIGCONT, tell)
    modes = termios.tcgetattr(0)
    modes[3] &= ~(termios.ICANON | termios.ECHO)
    modes[6][termios.VINTR] = b"\\x07"
    termios.tcsetattr(0, termios.TCSANOW, modes)
os.write(1, b"READY")
key = b""
while key != b"q":
    key = os.read(0, 1)
    if key != b"\\n": os.write(1, b"<%s>" % key)
"""
SETS, SETS_NOTHING = [sys.executable, "-c", KEYS, "set"], [sys.executable, "-c", KEYS, "leave"]


def saved(directory, command, name="context.1"):
    """A program that was saved in a terminal of its own, and ended."""
    terminal = Terminal()
    process = terminal.start([os.path.join(BIN, "cr_run")] + command)
    terminal.expect(b"READY")
    save(directory, process.pid, name)
    terminal.wait(process)
    terminal.close()


def save(directory, pid, name):
    done = subprocess.run([os.path.join(BIN, "cr_checkpoint"), "--kill", "-f", os.path.join(directory, name), str(pid)],
                          capture_output=True, text=True)
    if done.returncode != 0:
        raise Failure(f"cr_checkpoint: {done.stderr}")


def restart(directory, terminal, name="context.1"):
    """cr_restart, when the program goes on."""
    flag = os.path.join(directory, f"goes-on-{name}")
    if os.path.exists(flag):
        os.unlink(flag)
    words = [os.path.join(BIN, "cr_restart"), "--no-restore-pid", "--run-on-success", f"touch {flag}",
             os.path.join(directory, name)]
    process = terminal.start(words)
    wait_for(lambda: os.path.exists(flag) or process.poll() is not None, "the restart")
    if process.poll() is not None:
        terminal.look(1)
        raise Failure(f"cr_restart ended with {process.returncode}: {terminal.shown!r}")
    return process


def must_be(what, is_, wanted):
    if is_ != wanted:
        raise Failure(f"{what}: {is_}, not {wanted}")


def must_be_set(terminal):
    local, characters = terminal.modes()[3], terminal.modes()[4]
    must_be("ICANON and ECHO", local & (termios.ICANON | termios.ECHO), 0)
    must_be("the key that interrupts", characters[termios.VINTR], b"\x07")
    must_be("the key that erases", characters[termios.VERASE], b"\x08")


def set_again(directory):
    """What the program set is set, the rest is the new terminal's; it is told; at the end all is as it was. Twice."""
    saved(directory, SETS)
    for turn in (1, 2):
        terminal = Terminal(rows=30 + turn, columns=100)
        terminal.change(erase=b"\x08")
        before = terminal.modes()
        process = restart(directory, terminal, f"context.{turn}")
        must_be_set(terminal)
        terminal.type(b"x")
        told = terminal.expect(b"<x>")
        must_be("it is told of the window", b"[SIGWINCH]" in told, True)
        must_be("it is told that it goes on", b"[SIGCONT]" in told, True)
        if turn == 1:
            with open(f"/proc/{process.pid}/task/{process.pid}/children") as f:
                save(directory, int(f.read().split()[0]), "context.2")
            terminal.wait(process)
        else:
            terminal.type(b"q")
            must_be("exit code", terminal.wait(process), 0)
        must_be("modes at the end", terminal.modes(), before)
        terminal.close()


def left_alone(directory):
    """Of a program that sets none the new terminal's stay."""
    saved(directory, SETS_NOTHING)
    terminal = Terminal()
    terminal.change(local_off=termios.ECHO, erase=b"\x08")
    before = terminal.modes()
    process = restart(directory, terminal)
    must_be("modes", terminal.modes(), before)
    terminal.type(b"q\n")
    must_be("exit code", terminal.wait(process), 0)
    must_be("modes at the end", terminal.modes(), before)
    must_be("it was told of another window", b"SIGWINCH" in terminal.shown, False)
    terminal.close()


def kept_at_the_end(directory):
    """What a program sets after the restart stays, as if it had been started there."""
    saved(directory, [sys.executable, "-c", 'import os, termios; os.write(1, b"READY"); os.read(0, 1); '
                      "m = termios.tcgetattr(0); m[3] &= ~termios.ECHO; termios.tcsetattr(0, termios.TCSANOW, m)"])
    terminal = Terminal()
    process = restart(directory, terminal)
    terminal.type(b"x\n")
    must_be("exit code", terminal.wait(process), 0)
    must_be("ECHO", terminal.modes()[3] & termios.ECHO, 0)
    terminal.close()


def killed(directory):
    """A signal ends cr_restart and the program: the terminal has its old modes."""
    saved(directory, SETS)
    for number in (signal.SIGTERM, signal.SIGHUP):
        terminal = Terminal()
        before = terminal.modes()
        process = restart(directory, terminal)
        must_be("ICANON", terminal.modes()[3] & termios.ICANON, 0)
        process.send_signal(number)
        must_be("exit code", terminal.wait(process), -number)
        must_be("modes at the end", terminal.modes(), before)
        terminal.close()


def in_the_background(directory):
    """The terminal is the shell's: it is left as it is, which is said, and nobody is stopped."""
    saved(directory, SETS)
    terminal = Terminal()
    before = terminal.modes()
    words = [os.path.join(BIN, "cr_restart"), "--no-restore-pid", os.path.join(directory, "context.1")]
    terminal.start(["sh", "-c", 'set -m; "$@" & read key', "sh", *words])
    terminal.expect(b"not set again")
    must_be("modes", terminal.modes(), before)
    terminal.close()


def before_exec(directory):
    """Set by a program that executed the one that was saved."""
    saved(directory, ["sh", "-c", 'stty -icanon -echo intr ^G; exec "$@"', "sh"] + SETS_NOTHING)
    terminal = Terminal()
    terminal.change(erase=b"\x7f")
    restart(directory, terminal)
    must_be("ICANON and ECHO", terminal.modes()[3] & (termios.ICANON | termios.ECHO), 0)
    terminal.close()


run_test(globals()[sys.argv[2]])
