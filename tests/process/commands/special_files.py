# SPDX-License-Identifier: Apache-2.0
"""special_files.py BIN_DIRECTORY PROGRAM CASE: FIFOs, devices and symbolic links where a context file is written or read."""
import os
import pty
import socket
import stat
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from cr_harness import (ARGUMENTS, ENVIRONMENT, OK, PERMANENT, Failure, expect, run_subject,  # noqa: E402
                        wait_for)


def path(subject, name):
    return os.path.join(subject.directory, name)


def fifo_as_target(subject):
    os.mkfifo(path(subject, "fifo"))
    expect(subject.checkpoint("fifo"), ENVIRONMENT, "nobody reads")
    for option in ["--clobber", "--backup", "--noclobber"]:
        expect(subject.checkpoint("fifo", option), ENVIRONMENT, "FIFO")
    with open(path(subject, "copy"), "wb") as copy:
        with subprocess.Popen(["cat", path(subject, "fifo")], stdout=copy) as reader:
            expect(subject.checkpoint("fifo"), OK)
            reader.wait(60)
    if not stat.S_ISFIFO(os.stat(path(subject, "fifo")).st_mode):
        raise Failure("the FIFO is something else now")
    subject.kill()
    subject.restart("copy")


def device_as_target(subject):
    """A terminal, since anybody can make one."""
    ours, theirs = pty.openpty()
    name = os.ttyname(theirs)
    before = os.stat(name)
    with subprocess.Popen(["cat"], stdin=ours, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as reader:
        expect(subject.checkpoint(name), OK)
        expect(subject.checkpoint(name, "--clobber"), ENVIRONMENT, "device")
        after = os.stat(name)
        reader.kill()
    os.close(ours)
    os.close(theirs)
    if (before.st_ino, before.st_rdev) != (after.st_ino, after.st_rdev):
        raise Failure("the device is something else now")


def ended_while_nobody_reads(subject):
    """What has begun to write there gives up; the next checkpoint is not kept waiting for a reader."""
    os.mkfifo(path(subject, "fifo"))
    ends = os.open(path(subject, "fifo"), os.O_RDWR), *os.pipe(), *pty.openpty()
    for target in [["-f", "fifo"], ["-F", str(ends[2])], ["-f", os.ttyname(ends[4])]]:
        command = [os.path.join(subject.bin, "cr_checkpoint"), *target, str(subject.pid)]
        with subprocess.Popen(command, cwd=subject.directory, pass_fds=[ends[2]], stderr=subprocess.DEVNULL) as asking:
            time.sleep(1)
            if asking.poll() is not None:
                raise Failure(f"{target}: it has not waited: {asking.returncode}")
            asking.terminate()
        expect(subject.checkpoint("context", "--wait=5"), OK)
    for end in ends:
        os.close(end)
    subject.kill()
    subject.restart("context")


def link_as_target(subject):
    with open(path(subject, "file"), "w") as f:
        f.write("precious")
    for name, to in [("link", "file"), ("dangling", "not-there")]:
        os.symlink(to, path(subject, name))
        expect(subject.checkpoint(name), ENVIRONMENT, name, "symbolic link")
        expect(subject.checkpoint(name, "--noclobber"), ENVIRONMENT, "exists")
        if os.readlink(path(subject, name)) != to:
            raise Failure(f"{name} has been replaced")
    expect(subject.checkpoint("link", "--clobber"), OK)
    expect(subject.checkpoint("dangling", "--backup=kept"), OK)
    with open(path(subject, "file")) as f:
        if f.read() != "precious" or os.path.islink(path(subject, "link")) or not os.path.islink(path(subject, "kept")):
            raise Failure("a link was followed, or was not replaced")
    if os.path.exists(path(subject, "not-there")):
        raise Failure("a link was followed")
    subject.kill()
    subject.restart("link")


def socket_as_target(subject):
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(path(subject, "socket"))
        for option in ["--atomic", "--clobber", "--backup"]:
            expect(subject.checkpoint("socket", option), ENVIRONMENT, "no regular file")


def backup_elsewhere(subject):
    """A backup replaces an older one, and nothing that is no file."""
    subject.must_checkpoint("context")
    os.mkfifo(path(subject, "fifo"))
    os.symlink("not-there", path(subject, "link"))
    os.mkdir(path(subject, "directory"))
    for name in ["fifo", "link", "directory"]:
        before = os.lstat(path(subject, name))
        expect(subject.checkpoint("context", f"--backup={name}"), ENVIRONMENT, name, "not replaced")
        if os.lstat(path(subject, name)).st_ino != before.st_ino:
            raise Failure(f"{name} has been replaced")
    expect(subject.checkpoint("context", "--backup=context"), ARGUMENTS, "context")
    for _ in range(2):
        expect(subject.checkpoint("context", "--backup=older"), OK)
    subject.kill()
    subject.restart("older")


def special_files_as_input(subject):
    """No command waits for what never comes, or reads what never ends."""
    os.mkfifo(path(subject, "fifo"))
    os.mkfifo(path(subject, "endless"))
    for command in ["cr_restart", "cr_info"]:
        for name in ["fifo", "/dev/null", "/dev/zero", "/dev/tty"]:
            done = subject.run(command, name)
            expect(done, {ENVIRONMENT, PERMANENT}, name)
        with subprocess.Popen(["sh", "-c", "exec cat /dev/zero 1<>endless"], cwd=subject.directory,
                              stderr=subprocess.DEVNULL) as writer:
            expect(subject.run(command, "endless"), PERMANENT, "endless", "not a context file")
            writer.kill()


def pipe_as_input(subject):
    subject.must_checkpoint("context", "--kill")
    subject.shell.wait(60)
    with open(path(subject, "context"), "rb") as f:
        content = f.read()
    expect(subprocess.run([os.path.join(subject.bin, "cr_info"), "-"], input=content, capture_output=True), OK)
    started = path(subject, "started")
    with open(path(subject, "output"), "w") as out:
        for file in ["-", "/dev/stdin"]:
            with subprocess.Popen([os.path.join(subject.bin, "cr_restart"), "--run-on-success", f"touch {started}", file],
                                  stdin=subprocess.PIPE, stdout=out, stderr=out, cwd=subject.directory) as restarted:
                restarted.stdin.write(content)
                restarted.stdin.close()
                wait_for(lambda: os.path.exists(started) or restarted.poll() is not None, "the restart")
                with open(subject.flag, "w"):
                    pass
                restarted.wait(60)
            if restarted.returncode != 0:
                raise Failure(f"{file}: {restarted.returncode}")
            os.unlink(started)
            os.unlink(subject.flag)
    subject.restart("context")


def main():
    bin_dir, program, case = sys.argv[1:]

    def body(subject):
        globals()[case](subject)
        subject.must_pass()

    run_subject(bin_dir, [program, "@FLAG@"], body)


main()
