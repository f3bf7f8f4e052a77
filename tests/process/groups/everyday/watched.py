# SPDX-License-Identifier: Apache-2.0
"""Children whose ends an event loop sees by their pidfds, some of which others have inherited."""
import asyncio
import hashlib
import multiprocessing


def sum_up(numbers):
    return sum(numbers)


async def one(i):
    digest = hashlib.md5()
    for step in range(4):
        sorter = await asyncio.create_subprocess_exec("sort", "-n", stdin=asyncio.subprocess.PIPE,
                                                      stdout=asyncio.subprocess.PIPE)
        text = "".join(f"{(n * 7919 + i) % 30011}\n" for n in range(30000))
        out, _ = await sorter.communicate(text.encode())
        sleeper = await asyncio.create_subprocess_exec("sh", "-c", f"sleep 0.0{i + 1}; exit {i + step}")
        with multiprocessing.Pool(1) as pool:  # a copy, which has all the pidfds
            total = await asyncio.to_thread(pool.apply, sum_up, [range(step * 1000)])
        digest.update(out + f"{await sleeper.wait()} {sorter.returncode} {total}".encode())
    return digest.hexdigest()


async def main():
    keeper = await asyncio.create_subprocess_exec("sleep", "1000")
    for i, digest in enumerate(await asyncio.gather(*(one(i) for i in range(3)))):
        print(i, digest)
    keeper.kill()
    print(await keeper.wait())


asyncio.set_child_watcher(asyncio.PidfdChildWatcher())
asyncio.run(main())
