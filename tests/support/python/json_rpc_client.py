"""Debian's python3-websockets at /ws: reads calls from stdin, prints answers and notifications, a JSON line each."""

import asyncio
import json
import os
import sys

import websockets


def show(line):
    print(json.dumps(line), flush=True)


def tell(message):
    if "method" in message:
        show({"event": {"name": message["method"], "body": message["params"]}})
    elif "error" in message:
        show({"id": message["id"], "answer": {"error": message["error"]["data"]}})
    else:
        show({"id": message["id"], "answer": {"result": message["result"]}})


async def main(url):
    async with websockets.connect(url.replace("http", "ws") + "/ws") as socket:
        show({"ready": True})

        async def receive():
            try:
                while True:
                    tell(json.loads(await socket.recv()))
            except websockets.ConnectionClosed:
                # The thread that reads stdin would keep the program.
                os._exit(0)

        receiving = asyncio.ensure_future(receive())
        loop = asyncio.get_running_loop()
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            call = json.loads(line)
            await socket.send(
                json.dumps({"jsonrpc": "2.0", "id": call["id"], "method": call["name"], "params": call["input"]})
            )
        receiving.cancel()


asyncio.run(main(sys.argv[1]))
