#!/usr/bin/env python3
"""maxmemory under load from both doors: what the server counts stays at the bound, and what the
kernel counts, its resident memory, is measured beside it. Prints the figures."""
import tempfile
import threading
import unittest

import grpc

import grpc_python_smoke
from harness import SANITIZED, SLOWDOWN, Duet, encode, wait_until

MB = 1 << 20
BOUND = 32 * MB
VALUE_BYTES = 500
# Keys that each of the two writers sets: together twice as much as may stay.
KEYS = 60_000
BATCH = 100
# What requests and replies under way may take for a moment; it counts as used too, and what they
# took too much is evicted while commands go on (maxmemory-eviction-tenacity).
UNDER_WAY = 8 * MB
# Beyond what is resident before the first command: what the allocator cannot use of its pages.
MOST_RESIDENT = 1.4 * BOUND + UNDER_WAY + 16 * MB

# One for each way to choose; memory_bound_test.cc has them all.
POLICIES = ("allkeys-lru", "allkeys-random", "volatile-lfu", "volatile-ttl")


def info(client, section):
    lines = client.call("INFO", section).decode().splitlines()
    return dict(line.split(":", 1) for line in lines if ":" in line)


class Watch:
    """Samples a server's memory until it is left; resident is told as more than at the start."""

    def __init__(self, server):
        self.server = server
        self.resident_at_start = server.rss_bytes()
        self.most_used = self.most_resident = self.samples = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def _run(self):
        with self.server.connect() as client:
            while not self._stop.wait(0.02):
                self.most_used = max(self.most_used, int(info(client, "memory")["used_memory"]))
                resident = self.server.rss_bytes() - self.resident_at_start
                self.most_resident = max(self.most_resident, resident)
                self.samples += 1

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()


class Writer(threading.Thread):
    """Runs `work`, and keeps what it raises for the test."""

    def __init__(self, work):
        super().__init__()
        self.work = work
        self.failure = None

    def run(self):
        try:
            self.work()
        except Exception as failure:  # noqa: BLE001: told by the test
            self.failure = failure


def key(door, i):
    return b"%s:%08d" % (door, i)


def commands(door):
    """Batches of SETs, a third of them with an expiry far away."""
    value = b"v" * VALUE_BYTES
    for start in range(0, KEYS, BATCH):
        yield [(b"SET", key(door, i), value, b"EX", b"%d" % (10_000 + i))
               for i in range(start, start + BATCH)]


class Memory(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        directory = tempfile.TemporaryDirectory()
        cls.addClassCleanup(directory.cleanup)
        grpc_python_smoke.generate(directory.name)

    def write_resp(self, server):
        with server.connect() as client:
            for batch in commands(b"resp"):
                client.send(b"".join(encode(*command) for command in batch))
                for _ in batch:
                    client.read()

    def write_grpc(self, server):
        from duet.v1 import key_value_service_pb2 as kv
        from duet.v1 import key_value_service_pb2_grpc as kv_grpc
        with grpc.insecure_channel("127.0.0.1:%d" % server.grpc[1]) as channel:
            stub = kv_grpc.KeyValueServiceStub(channel)
            requests = (kv.PipelineRequest(commands=[kv.Command(args=command) for command in batch])
                        for batch in commands(b"grpc"))
            for _ in stub.Pipeline(requests, timeout=120 * SLOWDOWN):
                pass

    def load_both(self, server):
        writers = [Writer(lambda: self.write_resp(server)), Writer(lambda: self.write_grpc(server))]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
            if writer.failure is not None:
                raise writer.failure

    def test_the_bound_holds_under_load_from_both_doors(self):
        for policy in POLICIES:
            with self.subTest(policy=policy), \
                    Duet(f"--maxmemory={BOUND}", f"--maxmemory-policy={policy}") as server, \
                    server.connect() as client:
                with Watch(server) as watch:
                    self.load_both(server)
                wait_until(lambda: int(info(client, "memory")["used_memory"]) <= BOUND,
                           what="no more than the bound")
                stats, memory = info(client, "stats"), info(client, "memory")
                keys = client.call("DBSIZE")
                print(f"{policy:16} used at most {watch.most_used / BOUND:.3f} of the bound, "
                      f"resident {watch.most_resident / BOUND:.3f} more than at the start; {keys} keys, "
                      f"{stats['evicted_keys']} evicted, {watch.samples} samples", flush=True)
                self.assertEqual(keys + int(stats["evicted_keys"]), 2 * KEYS)
                self.assertGreater(int(memory["used_memory_dataset"]), BOUND / 2)
                if not SANITIZED:
                    self.assertLessEqual(watch.most_used, BOUND + UNDER_WAY)
                    self.assertLessEqual(watch.most_resident, MOST_RESIDENT)

    def test_without_eviction_both_doors_are_refused(self):
        from duet.v1 import key_value_service_pb2 as kv
        from duet.v1 import key_value_service_pb2_grpc as kv_grpc
        with Duet(f"--maxmemory={BOUND}") as server, server.connect() as client:
            with self.assertRaisesRegex(Exception, "OOM command not allowed"):
                self.write_resp(server)
            keys = client.call("DBSIZE")
            self.assertLessEqual(int(info(client, "memory")["used_memory"]), BOUND + UNDER_WAY)
            with grpc.insecure_channel("127.0.0.1:%d" % server.grpc[1]) as channel:
                stub = kv_grpc.KeyValueServiceStub(channel)
                with self.assertRaises(grpc.RpcError) as refused:
                    stub.Set(kv.SetRequest(key=b"k", value=b"v"), timeout=10 * SLOWDOWN)
                self.assertEqual(refused.exception.code(), grpc.StatusCode.RESOURCE_EXHAUSTED)
                self.assertTrue(stub.Get(kv.GetRequest(key=key(b"resp", 0)),
                                         timeout=10 * SLOWDOWN).found)
            self.assertEqual(client.call("DBSIZE"), keys)

    def test_a_lower_bound_is_reached_though_nobody_asks(self):
        with Duet() as server, server.connect() as client:
            self.write_resp(server)
            used = int(info(client, "memory")["used_memory"])
            self.assertGreater(used, BOUND)
            client.call("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
            client.call("CONFIG", "SET", "maxmemory", str(BOUND))
            client.close()
            with server.connect() as late:
                wait_until(lambda: int(info(late, "memory")["used_memory"]) <= BOUND,
                           what="evicted down to the bound")
                self.assertGreater(int(info(late, "stats")["evicted_keys"]), 0)

    @unittest.skipIf(SANITIZED, "sanitizers bring an allocator of their own")
    def test_an_idle_server_gives_free_memory_back(self):
        # The allocator waits for ten seconds by default.
        with Duet(variables={"MALLOC_CONF": "dirty_decay_ms:200"}) as server:
            at_start = server.rss_bytes()
            with server.connect() as client:
                self.write_resp(server)
                full = server.rss_bytes()
                self.assertGreater(full - at_start, BOUND)
                client.call("FLUSHALL")
            wait_until(lambda: server.rss_bytes() - at_start < (full - at_start) / 2, seconds=60,
                       what="memory that went back to the kernel")


if __name__ == "__main__":
    unittest.main(verbosity=2)
