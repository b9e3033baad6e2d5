"""Debian's python3-socketio: reads calls from stdin, prints answers and events, a JSON line each."""

import asyncio
import json
import os
import sys

import socketio


def show(line):
    print(json.dumps(line), flush=True)


async def main(url):
    client = socketio.AsyncClient(reconnection=False)

    @client.on("*")
    async def event(name, body):
        show({"event": {"name": name, "body": body}})

    @client.event
    async def disconnect():
        # The thread that reads stdin would keep the program.
        os._exit(0)

    await client.connect(url)
    show({"ready": True})
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        call = json.loads(line)

        def answered(answer, id=call["id"]):
            show({"id": id, "answer": answer})

        await client.emit(call["name"], call["input"], callback=answered)
    await client.disconnect()


asyncio.run(main(sys.argv[1]))
