#!/usr/bin/env python3
"""The status page in a browser: its figures move under load, it complains of nothing and asks
nobody else, on a desk and on a phone, in light and in dark.

    status_page_test.py --screenshot FILE   also makes README's picture
"""
import sys
import threading
import unittest

import grpc

from browser import Browser
from harness import SLOWDOWN, Duet, encode

TILE = "document.querySelector('[data-tile=\"%s\"] b')?.textContent"
SCREENSHOT = None


class StatusPage(unittest.TestCase):
    def setUp(self):
        self.server = self.enterContext(Duet("--slowlog-log-slower-than=0"))
        self.client = self.enterContext(self.server.connect())
        self.client.call("CLIENT", "SETNAME", "<b>bold</b>")
        self.client.call("CLIENT", "SETINFO", "LIB-NAME", "demo")
        self.client.call("SET", "a-secret-key", "a-secret-value")
        self.stop = threading.Event()
        for each in (self.load, self.load_grpc):
            thread = threading.Thread(target=each)
            thread.start()
            self.addCleanup(thread.join)
        self.addCleanup(self.stop.set)
        self.browser = self.enterContext(Browser("http://127.0.0.1:%d/" % self.server.admin[1]))
        self.browser.wait_for("document.querySelector('#state')?.textContent === 'ready'",
                              "the page's first figures")

    def load(self):
        with self.server.connect() as client:
            client.call("CLIENT", "SETNAME", "load")
            batch = b"".join(encode("SET", f"key:{i}", "v" * 20, "EX", 1000) + encode("GET", f"key:{i}")
                             for i in range(100))
            while not self.stop.wait(0.01):
                client.send(batch)
                for _ in range(200):
                    client.read_raw()

    def load_grpc(self):
        with grpc.insecure_channel("%s:%d" % self.server.grpc) as channel:
            execute = channel.unary_unary("/duet.v1.KeyValueService/Execute")
            while not self.stop.wait(0.001):
                execute(b"\x0a\x04PING", timeout=20 * SLOWDOWN)  # ExecuteRequest{args: ["PING"]}

    def test_figures_move_under_load(self):
        self.browser.wait_for(f"parseFloat({TILE % 'RESP commands/s'}) > 0", "RESP")
        self.browser.wait_for(f"parseFloat({TILE % 'gRPC commands/s'}) > 0", "gRPC")
        self.browser.wait_for(f"{TILE % 'keys'} === '101'", "the number of keys")
        self.browser.wait_for_text(TILE % "latency, p99", r"^\d+(\.\d)? (ns|µs|ms|s)$")
        self.browser.wait_for_text(TILE % "memory", r"^[\d.]+ [KM]iB$")
        self.browser.wait_for(
            "['.resp', '.grpc'].every(door => document.querySelector('#chart ' + door)"
            ".getAttribute('points').split(' ').length > 2)", "points of the chart")
        table = "document.querySelector('#%s').innerText"
        self.browser.wait_for_text(table % "commands", r"^get\s")
        self.browser.wait_for_text(table % "workers", r"^0 io")
        self.browser.wait_for_text(table % "databases", r"db0\s+101\s+100")
        self.browser.wait_for_text(table % "doors", r"resp\s+[\d.]+( k)?\s+[\d.]+ [KM]iB/s")
        self.browser.wait_for_text(table % "doors", r"grpc\s+[1-9]\d*\s")
        self.browser.wait_for_text("document.querySelector('#most').textContent", r"^at most [1-9]")
        if SCREENSHOT:
            self.browser.resize(1180, 900)
            for _ in range(20):
                self.browser.ask("new Promise((done) => setTimeout(done, 1000))")
                self.stop.wait(1)
            self.browser.screenshot(SCREENSHOT)

    def test_what_clients_say_stays_text(self):
        clients = self.browser.ask("document.querySelector('#clients').innerText")
        self.assertIn("<b>bold</b>", clients)
        self.assertIn("demo", clients)
        self.assertEqual(self.browser.ask("document.querySelectorAll('#clients b').length"), 0)

    def test_the_slow_log_names_no_keys(self):
        self.assertIn("SET", self.browser.ask("document.querySelector('#slow').innerText"))
        self.assertNotIn("a-secret", self.browser.ask("document.documentElement.outerHTML"))

    def test_phone_and_dark(self):
        light = "getComputedStyle(document.body).backgroundColor"
        self.browser.prefer("light")
        bright = self.browser.ask(light)
        self.browser.prefer("dark")
        self.assertNotEqual(self.browser.ask(light), bright)
        self.browser.resize(360, 740, mobile=True)
        self.browser.wait_for("innerWidth === 360", "the phone's width")
        self.assertLessEqual(self.browser.ask("document.documentElement.scrollWidth"), 360)

    def test_says_when_the_server_is_gone(self):
        self.stop.set()
        self.server.stop()
        self.browser.wait_for("document.querySelector('#state').textContent === 'no answer'",
                              "that the server is gone")
        self.assertLess(float(self.browser.ask(
            "getComputedStyle(document.querySelector('#tiles')).opacity")), 1)
        self.browser.faults.clear()  # the failed requests, which a browser reports

    def tearDown(self):
        self.assertEqual(self.browser.faults, [])
        self.assertEqual(self.browser.hosts, {"127.0.0.1:%d" % self.server.admin[1]})


if __name__ == "__main__":
    if len(sys.argv) == 3 and sys.argv[1] == "--screenshot":
        SCREENSHOT = sys.argv[2]
        del sys.argv[1:]
    unittest.main(verbosity=2)
