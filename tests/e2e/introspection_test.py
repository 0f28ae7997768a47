#!/usr/bin/env python3
"""CLIENT, MONITOR, SLOWLOG, LATENCY, CONFIG and INFO over TCP, with several connections."""
import contextlib
import os
import re
import socket
import tempfile
import unittest

from harness import Duet, RespClient, RespError, encode, wait_until


def lines_of(client):
    """CLIENT LIST as a list of dicts."""
    text = client.call("CLIENT", "LIST").decode()
    return [dict(field.split("=", 1) for field in line.split(" ")) for line in text.splitlines()]


def info(client, *sections):
    text = client.call("INFO", *sections).decode()
    return dict(line.split(":", 1) for line in text.split("\r\n") if line and line[0] != "#")


class IntrospectionTest(unittest.TestCase):
    def setUp(self):
        self.server = self.enterContext(Duet())
        self.client = self.connect()

    def connect(self):
        return self.enterContext(self.server.connect())

    def assert_closed(self, client):
        self.assertEqual(client.read_until_closed(), b"")


class ClientTest(IntrospectionTest):
    def test_list_tells_connections_apart(self):
        other = self.connect()
        other.call("CLIENT", "SETNAME", "other")
        other.call("SELECT", 7)
        other.send(b"*2\r\n$3\r\nGET\r\n")  # and the key does not come
        wait_until(lambda: any(x["name"] == "other" and x["qbuf"] == "13"
                               for x in lines_of(self.client)), what="the partial command")
        mine, others = lines_of(self.client)
        self.assertEqual(others["addr"], "%s:%d" % other.socket.getsockname())
        self.assertEqual(others["laddr"], "%s:%d" % self.server.resp)
        self.assertEqual((others["db"], others["cmd"], others["flags"]), ("7", "select", "N"))
        self.assertEqual(mine["cmd"], "client|list")
        self.assertNotEqual(mine["fd"], others["fd"])
        self.assertGreater(int(others["tot-mem"]), 13)
        self.assertEqual(info(self.client, "clients")["connected_clients"], "2")

    def test_a_client_that_does_not_read_has_output_waiting(self):
        slow = self.enterContext(contextlib.closing(socket.socket()))
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.connect(self.server.resp)
        self.client.call("SET", "big", "x" * 5_000_000)
        slow.sendall(encode("CLIENT", "SETNAME", "slow") + encode("GET", "big") * 4)
        found = wait_until(lambda: [x for x in lines_of(self.client)
                                    if x["name"] == "slow" and int(x["omem"]) > 1_000_000],
                           what="output that waits")
        self.assertEqual(found[0]["events"], "w")

    def test_kill_by_address_and_id(self):
        first, second, third = (self.connect() for _ in range(3))
        addr = "%s:%d" % first.socket.getsockname()
        first.call("PING")  # the server knows it now
        self.assertEqual(self.client.call("CLIENT", "KILL", addr), "OK")
        self.assert_closed(first)
        with self.assertRaisesRegex(RespError, "ERR No such client"):
            self.client.call("CLIENT", "KILL", addr)
        self.assertEqual(self.client.call("CLIENT", "KILL", "ID", second.call("CLIENT", "ID")), 1)
        self.assert_closed(second)
        self.assertEqual(third.call("PING"), "PONG")

    def test_kill_all_and_oneself(self):
        others = [self.connect() for _ in range(3)]
        for other in others:
            other.call("PING")
        laddr = "%s:%d" % self.server.resp
        self.assertEqual(self.client.call("CLIENT", "KILL", "LADDR", laddr), 3)
        for other in others:
            self.assert_closed(other)
        self.assertEqual(info(self.client, "clients")["connected_clients"], "1")
        self.assertEqual(self.client.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "no"), 1)
        self.assert_closed(self.client)

    def test_kill_of_one_that_waits(self):
        other = self.connect()
        id_of_other = other.call("CLIENT", "ID")
        self.client.call("CLIENT", "PAUSE", 100_000, "WRITE")
        other.send(encode("SET", "k", "v"))
        self.wait_for_blocked(1)
        self.assertEqual(self.client.call("CLIENT", "KILL", "ID", id_of_other), 1)
        self.assert_closed(other)
        self.client.call("CLIENT", "UNPAUSE")
        self.assertIsNone(self.client.call("GET", "k"))

    def wait_for_blocked(self, count):
        wait_until(lambda: info(self.client, "clients")["blocked_clients"] == str(count),
                   what=f"{count} blocked clients")

    def test_pause_holds_writes_until_unpause(self):
        others = [self.connect() for _ in range(3)]
        self.client.call("CLIENT", "PAUSE", 100_000, "WRITE")
        for i, other in enumerate(others):
            other.send(encode("GET", "k") + encode("SET", f"k{i}", i) + encode("GET", f"k{i}"))
            self.assertIsNone(other.read())
        self.wait_for_blocked(3)
        self.assertEqual({x["flags"] for x in lines_of(self.client)}, {"N", "b"})
        self.assertEqual(self.client.call("CLIENT", "UNPAUSE"), "OK")
        for i, other in enumerate(others):
            self.assertEqual(other.read(), "OK")
            self.assertEqual(other.read(), b"%d" % i)
        self.wait_for_blocked(0)

    def test_pause_of_all_ends_by_itself(self):
        other = self.connect()
        self.client.call("CLIENT", "PAUSE", 300)
        self.assertEqual(other.call("PING"), "PONG")
        self.assertEqual(self.client.call("PING"), "PONG")

    def test_no_key_expires_during_a_pause(self):
        self.client.send(encode("SET", "k", "v", "PX", 200) +
                         encode("CLIENT", "PAUSE", 100_000, "WRITE"))
        self.assertEqual([self.client.read() for _ in range(2)], ["OK", "OK"])
        before = info(self.client, "stats")["expired_keys"]
        wait_until(lambda: self.client.call("GET", "k") is None, what="the key's time")
        self.assertEqual(info(self.client, "stats")["expired_keys"], before)
        self.client.call("CLIENT", "UNPAUSE")
        wait_until(lambda: info(self.client, "stats")["expired_keys"] == str(int(before) + 1),
                   what="the key's end")

    def test_replies_off_and_skip(self):
        self.client.send(encode("CLIENT", "REPLY", "OFF") + encode("SET", "k", "v") +
                         encode("NONSENSE") + encode("CLIENT", "REPLY", "ON") +
                         encode("GET", "k") + encode("CLIENT", "REPLY", "SKIP") +
                         encode("GET", "k") + encode("PING"))
        self.assertEqual([self.client.read() for _ in range(3)], ["OK", b"v", "PONG"])

    def test_a_unix_socket_is_a_client_too(self):
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, "duet.sock")
            server = self.enterContext(Duet(f"--unixsocket={path}"))
            connection = socket.socket(socket.AF_UNIX)
            connection.settimeout(20)
            connection.connect(path)
            client = self.enterContext(RespClient(connection))
            (line,) = lines_of(client)
            self.assertEqual((line["addr"], line["laddr"], line["flags"]),
                             (path + ":0", path + ":0", "U"))
            watcher = self.enterContext(server.connect())
            watcher.call("MONITOR")
            client.call("PING")
            self.assertIn(f" [0 unix:{path}] \"PING\"", watcher.read())


class TimeTest(unittest.TestCase):
    def test_goes_on_within_a_pipeline(self):
        with Duet("--enable-debug-command=yes") as server, server.connect() as client:
            client.send(encode("SET", "k", "v", "PX", 50) + encode("DEBUG", "SLEEP", "0.2")
                        + encode("GET", "k") + encode("PTTL", "k"))
            self.assertEqual([client.read() for _ in range(4)], ["OK", "OK", None, -2])


class MonitorTest(IntrospectionTest):
    def test_sees_other_connections(self):
        watcher = self.connect()
        self.assertEqual(watcher.call("MONITOR"), "OK")
        self.client.call("SET", "k", b"a\n\xff\"")
        line = watcher.read()
        peer = "%s:%d" % self.client.socket.getsockname()
        self.assertRegex(line, r"^\d{10}\.\d{6} \[0 %s\] " % re.escape(peer))
        self.assertTrue(line.endswith('"SET" "k" "a\\n\\xff\\""'), line)
        (flags,) = [x["flags"] for x in lines_of(self.client) if x["cmd"] == "monitor"]
        self.assertEqual(flags, "O")

    def test_many_pipelined_commands_come_in_order(self):
        watcher = self.connect()
        watcher.call("MONITOR")
        count = 3000
        self.client.send(b"".join(encode("SET", f"k{i}", i) for i in range(count)))
        for i in range(count):
            self.assertEqual(self.client.read(), "OK")
        for i in range(count):
            self.assertIn(f'"SET" "k{i}" "{i}"', watcher.read())

    def test_reset_and_quit_end_it(self):
        for last in ("RESET", "QUIT"):
            watcher = self.connect()
            watcher.call("MONITOR")
            watcher.send(encode(last))
            self.assertIn(watcher.read(), ("RESET", "OK"))
            self.client.call("SET", "k", "v")
            if last == "RESET":
                self.assertEqual(watcher.call("PING"), "PONG")
            else:
                watcher.read_until_closed()

    def test_shows_no_passwords(self):
        watcher = self.connect()
        watcher.call("MONITOR")
        with self.assertRaises(RespError):
            self.client.call("AUTH", "hidden")
        self.client.call("HELLO", 2, "AUTH", "default", "hidden")
        for _ in range(2):
            line = watcher.read()
            self.assertIn('"(redacted)"', line)
            self.assertNotIn("hidden", line)


class SlowlogTest(IntrospectionTest):
    def test_threshold_and_length_are_settings(self):
        self.client.call("CONFIG", "SET", "slowlog-log-slower-than", 0, "slowlog-max-len", 3)
        for i in range(10):
            self.client.call("SET", "k", i)
        self.assertEqual(self.client.call("SLOWLOG", "LEN"), 3)
        entries = self.client.call("SLOWLOG", "GET", -1)
        self.assertEqual(len(entries), 3)
        self.assertEqual(entries[1][3], [b"SET", b"k", b"9"])
        self.assertEqual(entries[1][4].decode(), "%s:%d" % self.client.socket.getsockname())
        self.client.call("CONFIG", "SET", "slowlog-log-slower-than", -1)
        self.client.call("SLOWLOG", "RESET")
        self.client.call("PING")
        self.assertEqual(self.client.call("SLOWLOG", "LEN"), 0)

    def test_starts_as_redis_does(self):
        self.assertEqual(self.client.call("CONFIG", "GET", "slowlog*"),
                         [b"slowlog-log-slower-than", b"10000", b"slowlog-max-len", b"128"])


class LatencyTest(IntrospectionTest):
    def test_long_commands_are_events(self):
        self.client.call("CONFIG", "SET", "latency-monitor-threshold", 1)
        pairs = [word for i in range(400_000) for word in (f"key:{i}", "v")]
        self.client.call("MSET", *pairs)
        # On a busy machine others may be among them.
        events = {event: rest for event, *rest in self.client.call("LATENCY", "LATEST")}
        at, latest, worst = events[b"command"]
        self.assertGreaterEqual(worst, latest)
        self.assertIn([at, latest], self.client.call("LATENCY", "HISTORY", "command"))
        self.assertIn(b"command - high ", self.client.call("LATENCY", "GRAPH", "command"))
        self.assertRegex(self.client.call("LATENCY", "DOCTOR"), rb"\d\. command: ")
        self.assertEqual(self.client.call("LATENCY", "RESET", "command"), 1)
        name, figures = self.client.call("LATENCY", "HISTOGRAM", "mset")
        self.assertEqual((name, figures[:2]), (b"mset", [b"calls", 1]))
        self.assertEqual(figures[3][-1], 1)


class ConfigTest(IntrospectionTest):
    def test_what_was_read_can_be_written_back(self):
        values = self.client.call("CONFIG", "GET", "*")
        refused = {}
        for name, value in zip(values[::2], values[1::2]):
            try:
                self.client.call("CONFIG", "SET", name, value)
            except RespError as error:
                refused[name.decode()] = str(error)
        for name, error in refused.items():
            self.assertRegex(error, "can't set (immutable|protected) config$", name)
        self.assertEqual(self.client.call("CONFIG", "GET", "*"), values)
        self.assertLessEqual({"databases", "daemonize", "cluster-enabled", "dir"}, set(refused))

    def test_one_refusal_leaves_all_as_it_was(self):
        with self.assertRaisesRegex(RespError, r"'save'\) - this server supports no value but ''"):
            self.client.call("CONFIG", "SET", "slowlog-max-len", 5, "save", "3600 1")
        self.assertEqual(self.client.call("CONFIG", "GET", "slowlog-max-len"),
                         [b"slowlog-max-len", b"128"])

    def test_dir_is_where_it_runs(self):
        self.assertEqual(self.client.call("CONFIG", "GET", "dir"),
                         [b"dir", os.getcwd().encode()])

    def test_resetstat(self):
        self.client.call("GET", "nothing")
        with self.assertRaises(RespError):
            self.client.call("INCR", "a", "b")
        self.assertEqual(self.client.call("CONFIG", "RESETSTAT"), "OK")
        figures = info(self.client, "stats", "errorstats", "commandstats")
        for name in ("total_error_replies", "keyspace_misses", "total_connections_received"):
            self.assertEqual(figures[name], "0", name)
        self.assertNotIn("errorstat_ERR", figures)
        self.assertEqual([x for x in figures if x.startswith("cmdstat_")],
                         ["cmdstat_config|resetstat"])


class InfoTest(IntrospectionTest):
    def test_fields_that_exporters_and_clients_read(self):
        figures = info(self.client, "everything")
        for name in """redis_version redis_git_sha1 redis_build_id redis_mode os arch_bits process_id
                       run_id tcp_port uptime_in_seconds hz executable config_file
                       connected_clients maxclients blocked_clients tracking_clients pubsub_clients
                       client_recent_max_input_buffer client_recent_max_output_buffer
                       used_memory used_memory_rss used_memory_dataset
                       used_memory_peak used_memory_lua number_of_cached_scripts
                       maxmemory maxmemory_policy
                       mem_allocator total_system_memory mem_fragmentation_ratio
                       loading async_loading rdb_changes_since_last_save rdb_bgsave_in_progress
                       rdb_last_save_time rdb_last_bgsave_status rdb_last_bgsave_time_sec
                       rdb_current_bgsave_time_sec rdb_last_cow_size aof_enabled
                       aof_rewrite_in_progress aof_rewrite_scheduled aof_last_rewrite_time_sec
                       aof_current_rewrite_time_sec aof_last_bgrewrite_status
                       aof_last_write_status aof_last_cow_size
                       total_connections_received total_commands_processed
                       instantaneous_ops_per_sec total_net_input_bytes total_net_output_bytes
                       instantaneous_input_kbps instantaneous_output_kbps rejected_connections
                       sync_full sync_partial_ok sync_partial_err expired_keys evicted_keys
                       keyspace_hits keyspace_misses latest_fork_usec migrate_cached_sockets
                       slave_expires_tracked_keys active_defrag_hits active_defrag_misses
                       active_defrag_key_hits active_defrag_key_misses total_error_replies
                       unexpected_error_replies dump_payload_sanitizations acl_access_denied_auth
                       role connected_slaves master_failover_state master_replid master_replid2
                       master_repl_offset second_repl_offset repl_backlog_active repl_backlog_size
                       repl_backlog_first_byte_offset repl_backlog_histlen
                       used_cpu_sys used_cpu_user used_cpu_sys_children used_cpu_user_children
                       cluster_enabled duet_version""".split():
            self.assertIn(name, figures)
        self.assertEqual((figures["role"], figures["loading"]), ("master", "0"))

    def test_errors_by_their_words(self):
        for command in (("AUTH", "nobody", "x"), ("HELLO", "9"), ("NONSENSE",)):
            with self.assertRaises(RespError):
                self.client.call(*command)
        figures = info(self.client, "errorstats")
        self.assertEqual(figures["errorstat_WRONGPASS"], "count=1")
        self.assertEqual(figures["errorstat_NOPROTO"], "count=1")
        self.assertEqual(figures["errorstat_ERR"], "count=1")
        self.assertEqual(info(self.client, "stats")["acl_access_denied_auth"], "1")

    def test_rates_rise_and_fall(self):
        def rate():
            return int(info(self.client, "stats")["instantaneous_ops_per_sec"])

        def work():
            self.client.send(encode("PING") * 500)
            for _ in range(500):
                self.client.read()
            return rate() > 100
        wait_until(work, what="a rate")
        wait_until(lambda: rate() < 100, what="the end of it")


if __name__ == "__main__":
    unittest.main(verbosity=2)
