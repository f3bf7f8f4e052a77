# SPDX-License-Identifier: Apache-2.0
"""programs.py [--seed S] [--moments N] BIN_DIRECTORY CASE: everyday programs whose processes are joined by pipes. Each
is saved at random moments, ended, and restarted; its output must be that of a run without Cairn."""
import argparse
import os
import random
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from cr_harness import OK, TEMPORARY, Failure, Skip, alive, kill_tree, run_test, wait_for  # noqa: E402

FILTER = """
import sys, time
sys.stdout.reconfigure(line_buffering=True)
for number, line in enumerate(sys.stdin):
    sys.stdout.write(str(int(line) * 3) + "\\n")
    if number % 200 == 0: time.sleep(0.01)
"""
TALK = """
import subprocess, sys, hashlib
worker = subprocess.Popen(["sed", "-u", "s/[0-4]/x/g"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
digest = hashlib.sha256()
for number in range(4000):
    worker.stdin.write(f"{number * 7919}\\n")
    worker.stdin.flush()
    digest.update(worker.stdout.readline().encode())
worker.stdin.close()
rest = worker.stdout.read()
assert worker.wait() == 0 and rest == ""
print(digest.hexdigest())
"""
WORKERS = """
import multiprocessing as mp, hashlib
def work(n, total, lock):
    digest = b""
    for i in range(300):
        digest = hashlib.sha256(digest + str(n * i).encode() * 500).digest()
        with lock: total.value += 1
    return digest
def run(n, queue, total, lock):
    queue.put((n, work(n, total, lock)))
if __name__ == "__main__":
    mp.set_start_method("fork")
    queue, total, lock = mp.Queue(), mp.Value("l", 0), mp.Lock()
    workers = [mp.Process(target=run, args=(n, queue, total, lock)) for n in range(4)]
    for worker in workers: worker.start()
    found = sorted(queue.get() for _ in workers)
    for worker in workers: worker.join()
    print(total.value, hashlib.sha256(repr(found).encode()).hexdigest(), [worker.exitcode for worker in workers])
"""
SERVE = """
import asyncio, hashlib, sys
async def serve(reader, writer):
    total = 0
    while line := await reader.readline():
        total += int(line)
        writer.write(f"{total}\\n".encode() * (int(line) % 50 + 1))
        await writer.drain()
    writer.close()
async def ask(digest, port, name, rounds):
    if isinstance(port, str): reader, writer = await asyncio.open_unix_connection(port)
    else: reader, writer = await asyncio.open_connection("127.0.0.1", port)
    total = 0
    for number in range(rounds):
        writer.write(f"{number * name}\\n".encode())
        total += number * name
        for _ in range(number * name % 50 + 1):
            line = await reader.readline()
            assert int(line) == total, (line, total)
        digest.append((name, total))
    writer.close()
async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    local = await asyncio.start_unix_server(serve, "local.socket")
    port = server.sockets[0].getsockname()[1]
    if len(sys.argv) > 1:  # the clients are another process
        client = await asyncio.create_subprocess_exec(sys.executable, __file__, str(port), stdout=asyncio.subprocess.PIPE)
        print((await client.communicate())[0].decode(), client.returncode)
        return
    digest = []
    await asyncio.gather(*(ask(digest, where, name, 120) for name, where in enumerate([port, port, "local.socket", port], 3)))
    print(hashlib.sha256(repr(sorted(digest)).encode()).hexdigest())
async def client(port):
    digest = []
    await asyncio.gather(*(ask(digest, where, name, 120) for name, where in enumerate([port, "local.socket"], 5)))
    print(hashlib.sha256(repr(sorted(digest)).encode()).hexdigest())
asyncio.run(client(int(sys.argv[1])) if len(sys.argv) > 1 and sys.argv[1].isdigit() else main())
"""
MANAGED = """
import multiprocessing as mp, multiprocessing.managers
def work(shared, lock, n):
    for i in range(60):
        with lock: shared[n] = shared.get(n, 0) + i
if __name__ == "__main__":
    with mp.Manager() as manager:
        shared, lock = manager.dict(), manager.Lock()
        workers = [mp.Process(target=work, args=(shared, lock, n)) for n in range(3)]
        for worker in workers: worker.start()
        for worker in workers: worker.join()
        print(sorted(shared.items()), [worker.exitcode for worker in workers])
"""
MAKEFILE = """
all: $(foreach n,1 2 3 4 5 6 7 8,part$(n))
\tcat part* | md5sum
part%:
\tseq $* 3 40000 | sort -rn | sed s/1/x/ | md5sum > $@
"""
CASES = {
    "pipeline": ["bash", "-c", "seq 1 30000 | python3 filter.py | sed s/1/one/ | tac | md5sum"],
    "substitution": ["bash", "-c", 'for i in 1 2 3 4 5 6 7 8; do x=$(seq $i 2 30000); y=$(sort -r <<<"$x"); '
                                   'md5sum <<<"$i $y"; done'],
    "subshells": ["bash", "-c", 'for i in 1 2 3 4 5 6; do x=$(seq $i 3 30000 | while read n; do echo $((n * 3)); done | md5sum); '
                                'echo "$i $x"; done | (cat; echo end)'],
    "workers": ["python3", "workers.py"],
    "server": ["python3", "serve.py"],
    "client": ["python3", "serve.py", "two"],
    "manager": ["python3", "managed.py"],
    "archive": ["bash", "-c", "tar -cf - --sort=name --mtime=@0 data | gzip -9n | tee copy | gunzip | md5sum; md5sum copy"],
    "make": ["make", "-s", "-j2"],
    "python": ["python3", "talk.py"],
}


def prepare(directory):
    for name, text in {"filter.py": FILTER, "talk.py": TALK, "workers.py": WORKERS, "serve.py": SERVE, "managed.py": MANAGED,
                       "Makefile": MAKEFILE}.items():
        with open(os.path.join(directory, name), "w") as f:
            f.write(text)
    os.mkdir(os.path.join(directory, "data"))
    draw = random.Random(1)
    for i in range(40):
        with open(os.path.join(directory, "data", f"{i}"), "wb") as f:
            f.write(draw.randbytes(20000) * 40)


def start(command, directory):
    with open(os.path.join(directory, "output"), "wb") as out, open(os.path.join(directory, "errors"), "wb") as errors:
        return subprocess.Popen(command, cwd=directory, stdin=subprocess.DEVNULL, stdout=out, stderr=errors)


def outcome(directory):
    with open(os.path.join(directory, "output")) as f, open(os.path.join(directory, "errors")) as g:
        return f.read(), g.read()


def said(directory):
    """By cr_restart."""
    try:
        with open(os.path.join(directory, "restart")) as f:
            return f.read()
    except OSError:
        return ""


def checkpoint(bin_dir, pid, directory, process):
    """True if it was saved, and ended by that: what it would do to files behind the checkpoint would be there in a restart.
    What comes and goes may be in the way for a while."""
    last = ""
    for _ in range(200):
        done = subprocess.run([os.path.join(bin_dir, "cr_checkpoint"), "-f", "context", "--kill", str(pid)], cwd=directory,
                              capture_output=True, text=True, timeout=120)
        if done.returncode == OK:
            return True
        if process.poll() is not None:
            return False
        last = done.stderr
        if done.returncode != TEMPORARY:
            break
        time.sleep(0.01)
    raise Failure(f"no checkpoint: {last}")


def run_once(bin_dir, command, directory, wanted, seconds, draw):
    """Saved, ended and restarted at one to three moments. How often that was done."""
    process = start([os.path.join(bin_dir, "cr_run"), *command], directory)
    pid, times = process.pid, 0
    try:
        for _ in range(draw.randint(1, 3)):
            time.sleep(draw.uniform(0.02, seconds * 0.7))
            if process.poll() is not None or not checkpoint(bin_dir, pid, directory, process):
                break
            process.wait()
            process = subprocess.Popen([os.path.join(bin_dir, "cr_restart"), "--stdio=saved", "context"], cwd=directory,
                                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                       stderr=open(os.path.join(directory, "restart"), "ab"))
            wait_for(lambda: process.poll() is not None or alive(pid), "a restart")
            times += 1
        if process.wait(120) != 0:
            raise Failure(f"it ended with {process.returncode}: {outcome(directory)[1]}{said(directory)}")
    finally:
        kill_tree(process.pid)
        kill_tree(pid)
    if outcome(directory)[0] != wanted:
        raise Failure(f"other output after {times} restarts: {outcome(directory)} instead of {wanted}")
    return times


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--moments", type=int, default=3, help="restarts at least")
    parser.add_argument("bin")
    parser.add_argument("case", choices=CASES)
    arguments = parser.parse_args()
    if os.getuid() != 0:
        print("needs root, for the numbers of processes")
        sys.exit(77)
    draw = random.Random(arguments.seed)
    print(f"--seed {arguments.seed}")

    def body(directory):
        if shutil.which(CASES[arguments.case][0]) is None:
            raise Skip(f"no {CASES[arguments.case][0]}")
        native = os.path.join(directory, "native")
        os.mkdir(native)
        prepare(native)
        begun = time.monotonic()
        if start(CASES[arguments.case], native).wait(120) != 0:
            raise Failure(f"without Cairn: {outcome(native)}")
        seconds = time.monotonic() - begun
        times = tries = 0
        while times < arguments.moments:
            if tries > 20:
                raise Failure("it always ends before it is saved")
            place = os.path.join(directory, str(tries))
            os.mkdir(place)
            prepare(place)
            times += run_once(arguments.bin, CASES[arguments.case], place, outcome(native)[0], seconds, draw)
            tries += 1

    run_test(body)


main()
