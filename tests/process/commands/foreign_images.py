# SPDX-License-Identifier: Apache-2.0
"""foreign_images.py BIN_DIRECTORY PROGRAM TREE: what somebody else may have written is not restarted: by root, what is not
root's; by anybody, what others may write. Both the file of a process and the directory, and each file, of a tree.
Nothing of it is done before it is refused, and --foreign=accept takes it."""
import os
import stat
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from cr_harness import ENVIRONMENT, ORDINARY, Failure, Skip, Subject, expect, run_test  # noqa: E402

BIN, PROGRAM, TREE = sys.argv[1:]
OTHER = ORDINARY + 1


def saved(directory, program, *options):
    """The files of a checkpoint, and that of the directory if it is a tree."""
    os.mkdir(directory)
    subject = Subject(BIN, [program, "@FLAG@"], directory)
    try:
        subject.wait_ready()
        subject.must_checkpoint("context", *options)
        subject.kill()
    finally:
        subject.close()
    return subject


def refused(subject, path, how, *said):
    done = subprocess.run([os.path.join(BIN, "cr_restart"), os.path.join(subject.directory, "context")], cwd=subject.directory,
                          capture_output=True, text=True, timeout=60)
    try:
        expect(done, ENVIRONMENT, *said, "--foreign=accept")
    except Failure as failure:
        raise Failure(f"{path}, {how}: {failure}") from failure


def walk(subject):
    """Everything of it in turn belongs to somebody else, or may be written by others."""
    context = os.path.join(subject.directory, "context")
    paths = [context]
    if os.path.isdir(context):
        paths += [os.path.join(context, name) for name in os.listdir(context) if name.isdigit() or name.endswith(".ctx")]
        if len(paths) < 3:
            raise Failure(f"where are the files of the processes? {os.listdir(context)}")
    for path in paths:
        was = os.stat(path)
        os.chown(path, OTHER, OTHER)
        refused(subject, path, "of another user", f"belongs to user {OTHER}")
        os.chown(path, 0, OTHER)
        os.chmod(path, stat.S_IMODE(was.st_mode) | stat.S_IWGRP)
        refused(subject, path, "of a group that may write", "may be written by others")
        os.chown(path, 0, 0)
        os.chmod(path, stat.S_IMODE(was.st_mode) | stat.S_IWOTH)
        refused(subject, path, "of all", "may be written by others")
        os.chmod(path, stat.S_IMODE(was.st_mode))


def body(directory):
    if os.geteuid() != 0:
        raise Skip("needs root, to give files away")
    os.chmod(directory, 0o755)
    for name, program, options in (("alone", PROGRAM, []), ("tree", TREE, ["--tree"])):
        subject = saved(os.path.join(directory, name), program, *options)
        walk(subject)
        context = os.path.join(subject.directory, "context")
        os.chown(context, OTHER, OTHER)
        try:
            subject.restart("context", "--foreign=accept")
            subject.must_pass()
        finally:
            subject.close()


run_test(body)
