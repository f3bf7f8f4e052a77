# SPDX-License-Identifier: Apache-2.0
"""A terminal of a test's own (a pty), commands that are started on it as by a person, and what they show."""
import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time

from cr_harness import SLOW, Failure


class Terminal:
    def __init__(self, rows=24, columns=80):
        self.master, self.slave = pty.openpty()
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.shown = b""
        self.taken = 0  # of what was shown
        self.started = []

    def start(self, command, **more):
        """The leader of a session whose terminal this is, in the foreground."""
        def own_it():
            fcntl.ioctl(0, termios.TIOCSCTTY, 1)
        process = subprocess.Popen(command, stdin=self.slave, stdout=self.slave, stderr=self.slave,
                                   start_new_session=True, preexec_fn=own_it, **more)
        self.started.append(process)
        return process

    def type(self, keys):
        os.write(self.master, keys)

    def look(self, seconds=0.0):
        if select.select([self.master], [], [], seconds)[0]:
            self.shown += os.read(self.master, 4096)

    def expect(self, text, seconds=20):
        """Waits until it shows `text` after what was expected before; returns what came in between."""
        end = time.monotonic() + seconds * SLOW
        while text not in self.shown[self.taken:]:
            if time.monotonic() > end:
                raise Failure(f"the terminal does not show {text!r} within {seconds * SLOW:.0f} s: {self.shown!r}")
            self.look(0.2)
        at = self.shown.index(text, self.taken)
        between = self.shown[self.taken:at]
        self.taken = at + len(text)
        return between

    def modes(self):
        """As tcgetattr(3), without the speeds, which are the line's."""
        now = termios.tcgetattr(self.slave)
        return now[:4] + now[6:]

    def change(self, local_off=0, **characters):
        """Local modes that are taken away, and characters: erase=b"\\x08"."""
        now = termios.tcgetattr(self.slave)
        now[3] &= ~local_off
        for name, value in characters.items():
            now[6][getattr(termios, "V" + name.upper())] = value
        termios.tcsetattr(self.slave, termios.TCSANOW, now)

    def wait(self, process, seconds=60):
        """Its exit code, while the terminal is read: who ends waits until its output is."""
        end = time.monotonic() + seconds * SLOW
        while process.poll() is None:
            if time.monotonic() > end:
                raise Failure(f"it has not ended within {seconds * SLOW:.0f} s; the terminal shows {self.shown!r}")
            self.look(0.05)
        return process.returncode

    def close(self):
        for process in self.started:
            if process.poll() is None:
                process.kill()
                process.wait()
        os.close(self.master)
        os.close(self.slave)
