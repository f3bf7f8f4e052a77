# SPDX-License-Identifier: Apache-2.0
"""Workers share a dictionary of a manager, another process."""
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
