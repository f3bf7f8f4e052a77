# SPDX-License-Identifier: Apache-2.0
"""Forked workers with a queue, shared memory and a lock."""
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
