"""A TCP load balancer such as a Kubernetes Service is: new connections go to the servers that say
they are ready, one after the other; what is connected stays where it is."""
import asyncio
import itertools
import threading
import time

from harness import http_get

POLL_SECONDS = 0.05


class Balancer:
    """Balances one door of servers. `address` is where it listens. Leaving the context closes
    everything."""

    def __init__(self, door):
        self._door = door
        self._servers = []  # replaced as a whole, so that threads need no lock
        self._ready = []
        self._turn = itertools.count()
        self._loop = asyncio.new_event_loop()
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._serve), threading.Thread(target=self._poll)]
        self._listening = threading.Event()

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        self._listening.wait()
        return self

    def __exit__(self, *_):
        self._stopping.set()
        self._loop.call_soon_threadsafe(self._loop.stop)
        for thread in self._threads:
            thread.join()

    def add(self, server):
        self._servers = [*self._servers, server]
        while server not in self._ready:
            time.sleep(POLL_SECONDS)

    def remove(self, server):
        self._servers = [other for other in self._servers if other is not server]

    def _poll(self):
        while not self._stopping.wait(POLL_SECONDS):
            self._ready = [server for server in self._servers if is_ready(server)]

    def _serve(self):
        asyncio.set_event_loop(self._loop)
        listener = self._loop.run_until_complete(
            asyncio.start_server(self._carry, "127.0.0.1", 0))
        self.address = listener.sockets[0].getsockname()[:2]
        self._listening.set()
        self._loop.run_forever()
        listener.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    async def _carry(self, client_reader, client_writer):
        ready = self._ready
        if not ready:
            client_writer.close()
            return
        server = ready[next(self._turn) % len(ready)]
        try:
            reader, writer = await asyncio.open_connection(*getattr(server, self._door))
        except OSError:
            client_writer.close()
            return
        await asyncio.gather(pump(client_reader, writer), pump(reader, client_writer))


async def pump(reader, writer):
    """Carries one direction until it ends."""
    try:
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    except (OSError, asyncio.CancelledError):
        pass
    finally:
        writer.close()


def is_ready(server):
    try:
        return http_get(server.admin, "/readyz")[0] == 200
    except OSError:
        return False
