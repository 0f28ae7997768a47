#!/usr/bin/env python3
"""Start-up, refusal to start, and the drain."""
import os
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest
import unittest.mock

from harness import (BINARY, DOORS, SLOWDOWN, Duet, encode, environment, free_port, http_get,
                     wait_until)

DRAIN_SECONDS = 15


def start_and_fail(*flags):
    """(exit code, lines printed) of a server that must not start."""
    done = subprocess.run([BINARY, *flags], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=30 * SLOWDOWN, text=True,
                          env=environment())
    return done.returncode, done.stdout.strip().splitlines()


def send_until_closed(connection, data):
    try:
        while True:
            connection.sendall(data)
    except OSError:
        pass


def receive_until_closed(connection):
    try:
        while connection.recv(1 << 20):
            pass
    except OSError:
        pass


class StartUp(unittest.TestCase):
    def test_says_where_each_door_listens(self):
        with Duet() as server:
            for door in DOORS:
                with self.subTest(door=door):
                    host, port = server.addresses[door]
                    self.assertNotEqual(port, 0)
                    socket.create_connection((host, port), 10).close()

    def test_a_given_port_is_taken(self):
        port = free_port()
        with Duet(f"--resp-port={port}") as server:
            self.assertEqual(server.resp[1], port)

    def test_two_servers_side_by_side(self):
        with Duet() as one, Duet() as other:
            with one.connect() as a, other.connect() as b:
                a.call("SET", "k", "one")
                self.assertIsNone(b.call("GET", "k"))

    def test_a_taken_port_ends_with_one_line(self):
        for door in DOORS:
            with self.subTest(door=door), socket.create_server(("127.0.0.1", 0)) as taken:
                port = taken.getsockname()[1]
                flags = [f"--{d}-port={port if d == door else 0}" for d in DOORS]
                code, lines = start_and_fail("--bind=127.0.0.1", *flags)
                self.assertEqual(code, 1, lines)
                self.assertEqual(len(lines), 1, lines)
                self.assertIn(str(port), lines[0])

    def test_a_port_of_another_duet_is_taken(self):
        # gRPC shares a listening port in silence unless told not to.
        with Duet() as server:
            for door in DOORS:
                with self.subTest(door=door):
                    port = server.addresses[door][1]
                    code, lines = start_and_fail(
                        *(f"--{d}-port={port if d == door else 0}" for d in DOORS))
                    self.assertEqual((code, len(lines)), (1, 1), lines)

    def test_bad_flags_end_with_one_line(self):
        for flag in ("--no-such-flag", "--no-such-flag=1", "--resp-port=abc", "--resp-port=65536",
                     "--resp-port=-2", "--resp-port=", "--threads=-1", "--bind=not-an-address",
                     "stray-argument"):
            with self.subTest(flag=flag):
                code, lines = start_and_fail(*(f"--{d}-port=0" for d in DOORS), flag)
                self.assertEqual(code, 1, lines)
                self.assertEqual(len(lines), 1, lines)
                self.assertIn(flag.lstrip("-").split("=")[0], lines[0])

    def test_an_unreadable_file_ends_with_one_line(self):
        code, lines = start_and_fail("--requirepass-file=/nonexistent/password")
        self.assertEqual((code, len(lines)), (1, 1), lines)
        self.assertIn("/nonexistent/password", lines[0])

    def test_the_first_client_has_the_first_id(self):
        with Duet() as server, server.connect() as client, server.connect() as second:
            self.assertEqual(client.call("CLIENT", "ID"), 1)
            self.assertEqual(second.call("CLIENT", "ID"), 2)

    def test_help_and_version(self):
        for flag, wanted in (("--help", "--resp-port"), ("--version", "0.1")):
            done = subprocess.run([BINARY, flag], stdin=subprocess.DEVNULL, text=True,
                                  stdout=subprocess.PIPE, timeout=30 * SLOWDOWN)
            self.assertEqual(done.returncode, 0)
            self.assertIn(wanted, done.stdout)


class Supervisor(unittest.TestCase):
    def healthcheck(self, *flags, **variables):
        done = subprocess.run([BINARY, "--healthcheck", *flags], capture_output=True, text=True,
                              env=environment(**variables), timeout=60 * SLOWDOWN)
        return done.returncode, done.stdout + done.stderr

    def test_healthcheck(self):
        with Duet("--drain-delay=2s") as server:
            port = str(server.admin[1])
            self.assertEqual(self.healthcheck("--admin-port", port), (0, ""))
            self.assertEqual(self.healthcheck(DUET_ADMIN_PORT=port, DUET_BIND="*"), (0, ""))
            server.process.send_signal(signal.SIGTERM)
            wait_until(lambda: http_get(server.admin, "/readyz")[0] == 503, what="not ready")
            code, said = self.healthcheck("--admin-port", port)
            self.assertEqual(code, 1)
            self.assertIn("503 Service Unavailable: the server is starting or draining", said)
            self.assertEqual(server.stop(None, DRAIN_SECONDS), 0)
        code, said = self.healthcheck("--admin-port", port)
        self.assertEqual(code, 1)
        self.assertIn(f"no server at 127.0.0.1, port {port}: Connection refused", said)

    def test_healthcheck_needs_a_port(self):
        for port in ("off", "0"):
            code, said = self.healthcheck("--admin-port", port)
            self.assertEqual(code, 1)
            self.assertIn("--healthcheck needs the number of the admin port", said)

    def test_systemd_is_told(self):
        with tempfile.TemporaryDirectory() as directory:
            for address in (directory + "/notify", f"@duet-test-{os.getpid()}"):
                with self.subTest(address=address), \
                        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
                    systemd.bind(address.replace("@", "\0"))
                    systemd.settimeout(20 * SLOWDOWN)
                    with unittest.mock.patch.dict(os.environ, NOTIFY_SOCKET=address):
                        with Duet() as server:
                            self.assertEqual(systemd.recv(100), b"READY=1")
                            self.assertEqual(server.stop(), 0)
                            self.assertEqual(systemd.recv(100), b"STOPPING=1")

    def test_nobody_listens_to_what_systemd_is_told(self):
        with unittest.mock.patch.dict(os.environ, NOTIFY_SOCKET="/nowhere/at/all"):
            with Duet() as server, server.connect() as client:
                self.assertEqual(client.call("PING"), "PONG")


class Drain(unittest.TestCase):
    def test_both_signals_end_with_0(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(signal=number), Duet() as server:
                with server.connect() as idle:
                    idle.call("PING")
                    self.assertEqual(server.stop(number, DRAIN_SECONDS), 0, server.output())
                    self.assertEqual(idle.read_until_closed(), b"")

    def test_what_is_in_flight_is_answered(self):
        count = 300  # within one read of the server
        value = "v" * 10
        with Duet("--threads=2") as server:
            with server.connect() as client:
                client.send(b"".join(encode("SET", f"key:{i}", value) for i in range(count)))
                replies = client.read_raw()
                code = server.stop(signal.SIGTERM, DRAIN_SECONDS)
                replies += client.read_until_closed()
            self.assertEqual(code, 0)
            self.assertEqual(replies, b"+OK\r\n" * count)

    def test_a_pipeline_is_never_cut_inside_a_reply(self):
        frame = encode("MGET", *["k"] * 50) * 2000
        whole = b"*50\r\n" + b"$5\r\nvalue\r\n" * 50
        with Duet() as server:
            with server.connect() as client:
                client.call("SET", "k", "value")
                client.socket.setblocking(False)
                try:
                    client.socket.send(frame)
                except BlockingIOError:
                    pass
                client.socket.settimeout(20 * SLOWDOWN)
                got = client.read_raw()
                server.process.send_signal(signal.SIGTERM)
                got += client.read_until_closed()
                self.assertEqual(len(got) % len(whole), 0)
                self.assertEqual(got, whole * (len(got) // len(whole)))
            self.assertEqual(server.stop(None), 0)

    def test_no_new_connections(self):
        with Duet() as server:
            self.assertEqual(server.stop(), 0)
            with self.assertRaises(OSError):
                server.connect()

    def test_a_client_that_does_not_read_cannot_hold_it(self):
        with Duet() as server:
            with server.connect() as client, server.connect() as slow:
                client.call("SET", "big", b"v" * 1_000_000)
                slow.send(encode("GET", "big") * 100)
                started = time.monotonic()
                self.assertEqual(server.stop(signal.SIGTERM, 40), 0)
                self.assertLess(time.monotonic() - started, 40 * SLOWDOWN)

    def test_a_client_that_goes_on_sending_cannot_hold_it(self):
        commands = encode("LCS", "a", "b") * 10_000  # much work for a few bytes
        for threads in (1, 2):
            with self.subTest(threads=threads), \
                    Duet("--drain-timeout=1s", f"--threads={threads}") as server:
                with server.connect() as idle, socket.create_connection(server.resp) as flood:
                    idle.call("MSET", "a", "x" * 200, "b", "y" * 200)
                    pump = threading.Thread(target=send_until_closed, args=(flood, commands))
                    reader = threading.Thread(target=receive_until_closed, args=(flood,))
                    pump.start()
                    reader.start()
                    wait_until(lambda: "cmdstat_lcs" in str(idle.call("INFO", "commandstats")))
                    self.assertEqual(server.stop(signal.SIGTERM, DRAIN_SECONDS), 0)
                    self.assertEqual(idle.read_until_closed(), b"")
                    pump.join()
                    reader.join()

    def test_a_client_that_does_not_read_holds_no_other_door(self):
        with Duet("--drain-timeout=10m") as server:
            with server.connect() as client, server.connect() as slow:
                client.call("SET", "big", b"v" * 1_000_000)
                slow.send(encode("GET", "big") * 100)
                wait_until(lambda: b"cmd=get" in client.call("CLIENT", "LIST"), what="its replies")
                server.process.terminate()
                wait_until(lambda: not self.accepts(server.resp), what="the RESP door is closed")
                wait_until(lambda: not self.accepts(server.grpc), what="the gRPC door is closed")
                self.assertTrue(server.alive())
            self.assertEqual(server.stop(None), 0)

    @staticmethod
    def accepts(address):
        try:
            socket.create_connection(address, 20 * SLOWDOWN).close()
            return True
        except ConnectionRefusedError:
            return False

    def test_the_delay_is_the_one_that_was_set_last(self):
        with Duet() as server, server.connect() as client:
            client.call("CONFIG", "SET", "drain-delay", "2s")
            self.assertEqual(client.call("CONFIG", "GET", "drain-delay"), [b"drain-delay", b"2000"])
            started = time.monotonic()
            server.process.send_signal(signal.SIGTERM)
            wait_until(lambda: http_get(server.admin, "/readyz")[0] == 503, what="not ready")
            self.assertEqual(client.call("PING"), "PONG")  # which it would not be without the delay
            self.assertEqual(server.stop(None, DRAIN_SECONDS), 0)
            self.assertGreaterEqual(time.monotonic() - started, 2)

    def test_clients_that_asked_are_told_before(self):
        with Duet("--drain-delay=2s") as server, server.connect() as client:
            client.call("HELLO", "3")
            client.call("CLIENT", "MAINT_NOTIFICATIONS", "ON", "moving-endpoint-type", "none")
            server.process.send_signal(signal.SIGTERM)
            self.assertEqual(client.read(), [b"MOVING", 1, 2, None])
            with server.connect() as late:  # one that has come meanwhile
                late.call("HELLO", "3")
                self.assertEqual(late.call("CLIENT", "MAINT_NOTIFICATIONS", "ON"), "OK")
                push = late.read()
                self.assertEqual((push[:2], push[3]), ([b"MOVING", 1], None))
                self.assertLessEqual(push[2], 2)
                self.assertEqual(client.call("PING"), "PONG")
            self.assertEqual(client.read_until_closed(), b"")
            self.assertEqual(server.stop(None, DRAIN_SECONDS), 0)

    def test_told_even_when_there_is_no_delay(self):
        with Duet("--drain-delay=0s") as server, server.connect() as client:
            client.call("HELLO", "3")
            client.call("CLIENT", "MAINT_NOTIFICATIONS", "ON")
            server.process.send_signal(signal.SIGTERM)
            self.assertEqual(client.read(), [b"MOVING", 1, 0, None])
            self.assertEqual(server.stop(None, DRAIN_SECONDS), 0)

    def test_the_timeout_is_the_one_that_was_set_last(self):
        with Duet("--drain-timeout=60m") as server:
            with server.connect() as client, server.connect() as slow:
                client.call("SET", "big", b"v" * 1_000_000)
                slow.send(encode("GET", "big") * 100)
                slow.read_raw()  # so the rest has begun, and cannot end
                client.call("CONFIG", "SET", "drain-timeout", "100ms")
                self.assertEqual(server.stop(signal.SIGTERM, DRAIN_SECONDS), 0)


class Shutdown(unittest.TestCase):
    def test_the_command_drains_as_a_signal_does(self):
        with Duet() as server, server.connect() as client, server.connect() as idle:
            idle.call("PING")
            client.send(encode("SET", "k", "v") + encode("SHUTDOWN", "NOSAVE"))
            self.assertEqual(client.read_until_closed(), b"+OK\r\n")
            self.assertEqual(idle.read_until_closed(), b"")
            self.assertEqual(server.stop(None, DRAIN_SECONDS), 0)
            self.assertIn("draining", server.lines)

    def test_now_leaves_out_the_delay(self):
        with Duet("--drain-delay=60s") as server, server.connect() as client:
            client.send(encode("SHUTDOWN", "NOW"))
            self.assertEqual(client.read_until_closed(), b"")
            self.assertEqual(server.stop(None, DRAIN_SECONDS), 0)

    def test_a_client_that_waits_does_not_hold_it(self):
        with Duet() as server, server.connect() as client, server.connect() as waiting:
            waiting.send(encode("WAIT", "1", "0"))
            wait_until(lambda: b"cmd=wait" in client.call("CLIENT", "LIST"), what="WAIT")
            client.send(encode("SHUTDOWN"))
            self.assertEqual(waiting.read_until_closed(), b"")
            self.assertEqual(server.stop(None, DRAIN_SECONDS), 0)


class Debug(unittest.TestCase):
    def test_is_refused_unless_it_was_asked_for(self):
        with Duet() as server, server.connect() as client:
            with self.assertRaisesRegex(Exception, "DEBUG command not allowed"):
                client.call("DEBUG", "SLEEP", "0")
        with Duet("--enable-debug-command=local") as server, server.connect() as client:
            self.assertEqual(client.call("DEBUG", "SLEEP", "0"), "OK")
            with self.assertRaisesRegex(Exception, "immutable"):
                client.call("CONFIG", "SET", "enable-debug-command", "yes")

    def test_background_expiry_can_be_stopped(self):
        with Duet("--enable-debug-command=yes") as server, server.connect() as client:
            client.call("DEBUG", "SET-ACTIVE-EXPIRE", "0")
            client.call("SET", "k", "v", "PX", "1")
            time.sleep(0.5)
            self.assertEqual(client.call("DBSIZE"), 1)
            client.call("DEBUG", "SET-ACTIVE-EXPIRE", "1")
            wait_until(lambda: client.call("DBSIZE") == 0, what="expiry")


if __name__ == "__main__":
    unittest.main(verbosity=2)
