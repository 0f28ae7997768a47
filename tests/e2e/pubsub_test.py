#!/usr/bin/env python3
"""Publishing and listening over TCP, with several workers."""
import threading
import time
import unittest

from harness import SLOWDOWN, Duet, RespError, encode, http_get, wait_until


def info(client, field):
    for line in client.call("INFO", "stats").decode().splitlines():
        if line.startswith(field + ":"):
            return int(line.partition(":")[2])
    raise AssertionError(f"no {field} in INFO")


class Pubsub(unittest.TestCase):
    def setUp(self):
        self.server = self.enterContext(Duet("--threads=3"))
        self.publisher = self.connect()

    def connect(self):
        return self.enterContext(self.server.connect())

    def publish(self, channel, payload):
        return self.publisher.call("PUBLISH", channel, payload)

    def test_a_message_reaches_a_client_that_waits(self):
        resp2, resp3 = self.connect(), self.connect()
        resp3.call("HELLO", "3")
        self.assertEqual(resp2.raw("SUBSCRIBE", "news"),
                         b"*3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n")
        self.assertEqual(resp3.raw("PSUBSCRIBE", "n*"),
                         b">3\r\n$10\r\npsubscribe\r\n$2\r\nn*\r\n:1\r\n")
        self.assertEqual(self.publish("news", "hello"), 2)
        self.assertEqual(resp2.read_raw(), b"*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$5\r\nhello\r\n")
        self.assertEqual(resp3.read_raw(),
                         b">4\r\n$8\r\npmessage\r\n$2\r\nn*\r\n$4\r\nnews\r\n$5\r\nhello\r\n")

    def test_a_client_that_publishes_to_itself_gets_the_reply_first(self):
        client = self.connect()
        client.call("HELLO", "3")
        client.call("SUBSCRIBE", "news")
        self.assertEqual(client.raw("PUBLISH", "news", "x"), b":1\r\n")
        self.assertEqual(client.read(), [b"message", b"news", b"x"])

    def test_a_message_comes_before_what_is_asked_after_it(self):
        client = self.connect()
        client.call("SUBSCRIBE", "news")
        for i in range(200):
            self.publish("news", i)
            self.assertEqual(client.call("PING", "x"), [b"message", b"news", b"%d" % i])
            self.assertEqual(client.read(), [b"pong", b"x"])

    def test_a_transaction_that_joins_and_leaves_a_channel_has_one_reply(self):
        client = self.connect()
        for command in (("MULTI",), ("SUBSCRIBE", "news"), ("PUBLISH", "news", "x"),
                        ("UNSUBSCRIBE", "news")):
            client.call(*command)
        self.assertEqual(client.call("EXEC"),
                         [[b"subscribe", b"news", 1], 1, [b"unsubscribe", b"news", 0]])
        for i in range(10):
            self.assertEqual(client.call("ECHO", b"%d" % i), b"%d" % i)

    def test_large_and_many_messages_arrive_whole_and_in_order(self):
        client = self.connect()
        client.call("SUBSCRIBE", "news")
        large = b"x" * 3_000_000
        sent = [b"%d" % i for i in range(5000)] + [large] + [b"%d" % i for i in range(5000)]
        sender = threading.Thread(target=lambda: [self.publish("news", text) for text in sent])
        sender.start()
        for text in sent:
            self.assertEqual(client.read(), [b"message", b"news", text])
        sender.join()

    def test_all_listeners_see_one_order(self):
        listeners = [self.connect() for _ in range(6)]
        for client in listeners:
            client.call("SUBSCRIBE", "news")
        count = 500

        def publish(name):
            with self.server.connect() as client:
                for i in range(count):
                    self.assertEqual(client.call("PUBLISH", "news", f"{name}:{i}"), len(listeners))

        threads = [threading.Thread(target=publish, args=(name,)) for name in "abc"]
        for thread in threads:
            thread.start()
        seen = [[client.read()[2] for _ in range(3 * count)] for client in listeners]
        for thread in threads:
            thread.join()
        for other in seen[1:]:
            self.assertEqual(other, seen[0])

    def test_the_end_of_a_client_frees_its_channels(self):
        with self.server.connect() as client:
            client.call("SUBSCRIBE", "a")
            client.call("RESET")
            client.call("SUBSCRIBE", "b")
            self.assertEqual(self.publisher.call("PUBSUB", "CHANNELS"), [b"b"])
            client.call("PSUBSCRIBE", "p*")
        wait_until(lambda: self.publisher.call("PUBSUB", "CHANNELS") == [], what="the channel's end")
        wait_until(lambda: self.publisher.call("PUBSUB", "NUMPAT") == 0, what="the pattern's end")

    def limited(self):
        _, _, body = http_get(self.server.admin, "/metrics")
        for line in body.decode().splitlines():
            if line.startswith("duet_output_limited_total "):
                return int(float(line.split()[1]))
        return 0

    def test_a_client_that_does_not_read_is_closed_and_counted(self):
        self.publisher.call("CONFIG", "SET", "client-output-buffer-limit", "pubsub 4mb 0 0")
        slow, quick = self.connect(), self.connect()
        slow.call("SUBSCRIBE", "news")
        quick.call("SUBSCRIBE", "news")
        payload, sent = b"x" * 100_000, 0
        while self.publish("news", payload) == 2:
            self.assertEqual(quick.read()[2], payload)
            sent += 1
            self.assertLess(sent, 1000, "the slow client is never closed")
        self.assertGreaterEqual(sent, 40)
        slow.read_until_closed()
        self.assertEqual(quick.read()[2], payload)
        wait_until(lambda: self.limited() == 1, what="the metric")
        self.assertEqual(info(self.publisher, "client_output_buffer_limit_disconnections"), 1)
        self.assertEqual(self.publish("news", "x"), 1)

    def test_a_client_above_the_soft_limit_is_closed_without_traffic(self):
        self.publisher.call("CONFIG", "SET", "client-output-buffer-limit", "pubsub 0 100kb 1")
        slow = self.connect()
        slow.call("SUBSCRIBE", "news")
        for _ in range(200):
            self.publish("news", b"x" * 100_000)
        begin = time.monotonic()
        wait_until(lambda: self.limited() == 1, what="the close")
        self.assertLess(time.monotonic() - begin, 8 * SLOWDOWN)

    def test_limits_are_read_back(self):
        get = ("CONFIG", "GET", "client-output-buffer-limit")
        self.assertEqual(self.publisher.call(*get)[1],
                         b"normal 1073741824 0 0 slave 268435456 67108864 60 "
                         b"pubsub 33554432 8388608 60")
        self.publisher.call("CONFIG", "SET", "client-output-buffer-limit", "normal 2mb 1mb 5")
        self.assertTrue(self.publisher.call(*get)[1].startswith(b"normal 2097152 1048576 5 slave"))
        self.assertEqual(self.publisher.call("CONFIG", "GET", "max-output-bytes")[1], b"2097152")
        self.publisher.call("SET", "k", b"x" * 3_000_000)
        with self.server.connect() as client:
            client.send(encode("GET", "k"))
            client.read_until_closed()
        self.publisher.call("CONFIG", "SET", "client-output-buffer-limit", "normal 0 0 0")
        self.assertEqual(len(self.publisher.call("GET", "k")), 3_000_000)
        with self.assertRaisesRegex(RespError, "Wrong number of arguments in buffer limit"):
            self.publisher.call("CONFIG", "SET", "client-output-buffer-limit", "pubsub 1")

    def test_key_events_can_be_switched_on_and_off(self):
        client = self.connect()
        client.call("PSUBSCRIBE", "__key*")
        self.publisher.call("SET", "k", "v")
        self.publisher.call("CONFIG", "SET", "notify-keyspace-events", "KEA")
        self.assertEqual(self.publisher.call("CONFIG", "GET", "notify-keyspace-events")[1], b"AKE")
        self.publisher.call("SET", "k", "v", "PX", "1")
        events = [client.read()[2:] for _ in range(6)]
        self.assertEqual(events, [[b"__keyspace@0__:k", b"set"], [b"__keyevent@0__:set", b"k"],
                                  [b"__keyspace@0__:k", b"expire"],
                                  [b"__keyevent@0__:expire", b"k"],
                                  [b"__keyspace@0__:k", b"expired"],
                                  [b"__keyevent@0__:expired", b"k"]])
        self.publisher.call("CONFIG", "SET", "notify-keyspace-events", "")
        self.publisher.call("SET", "k", "v")
        self.assertEqual(client.call("PING"), [b"pong", b""])


class Flags(unittest.TestCase):
    def test_they_do_what_config_set_does(self):
        with Duet("--notify-keyspace-events=E$", "--client-output-buffer-limit=pubsub 1mb 0 0",
                  "--max-subscriptions=2", "--max-subscription-bytes=1kb") as server:
            with server.connect() as listener, server.connect() as client:
                listener.call("SUBSCRIBE", "__keyevent@0__:set")
                client.call("SET", "k", "v")
                self.assertEqual(listener.read(), [b"message", b"__keyevent@0__:set", b"k"])
                self.assertTrue(client.call("CONFIG", "GET", "client-output-buffer-limit")[1]
                                .endswith(b"pubsub 1048576 0 0"))
                with self.assertRaisesRegex(RespError, "at most 1024 bytes of channel"):
                    listener.call("SUBSCRIBE", b"b" * 1025)
                listener.call("SUBSCRIBE", "b")
                with self.assertRaisesRegex(RespError, "at most 2 channels"):
                    listener.call("SUBSCRIBE", "c")


if __name__ == "__main__":
    unittest.main(verbosity=2)
