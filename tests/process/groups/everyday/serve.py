# SPDX-License-Identifier: Apache-2.0
"""A server and its clients, in one process or in two."""
import asyncio, hashlib, sys
async def serve(reader, writer):
    total = 0
    while line := await reader.readline():
        total += int(line)
        writer.write(f"{total}\n".encode() * (int(line) % 50 + 1))
        await writer.drain()
    writer.close()
async def ask(digest, port, name, rounds):
    if isinstance(port, str): reader, writer = await asyncio.open_unix_connection(port)
    else: reader, writer = await asyncio.open_connection("127.0.0.1", port)
    total = 0
    for number in range(rounds):
        writer.write(f"{number * name}\n".encode())
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
