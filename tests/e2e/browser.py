"""A headless Chromium (Debian's), told what to do over its DevTools protocol."""
import base64
import json
import re
import subprocess
import tempfile
import urllib.request

import websocket

from harness import SLOWDOWN, wait_until

DEVTOOLS = re.compile(r"DevTools listening on ws://([\d.:]+)/")


class Browser:
    """One page. `faults` holds what its console or its script complained of, `hosts` whom it asked."""

    def __init__(self, url):
        self.faults, self.hosts, self._id = [], set(), 0
        self._directory = tempfile.TemporaryDirectory(prefix="duet-chromium-",
                                                      ignore_cleanup_errors=True)
        self._process = subprocess.Popen(
            ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
             "--remote-debugging-port=0", "--remote-allow-origins=*", "--no-first-run",
             "--disable-background-networking", f"--user-data-dir={self._directory.name}",
             "about:blank"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            self._page = websocket.create_connection(self._page_address(), timeout=60 * SLOWDOWN)
            for domain in ("Runtime", "Log", "Network", "Page"):
                self.tell(domain + ".enable")
            self.tell("Page.navigate", url=url)
        except BaseException:
            self.__exit__()
            raise

    def _page_address(self):
        for line in self._process.stderr:
            if match := DEVTOOLS.search(line):
                break
        else:
            raise AssertionError("chromium did not start")
        with urllib.request.urlopen(f"http://{match[1]}/json/list", timeout=60) as answer:
            pages = json.load(answer)
        return next(page["webSocketDebuggerUrl"] for page in pages if page["type"] == "page")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.terminate()
        self._process.wait(30 * SLOWDOWN)
        self._process.stderr.close()
        self._directory.cleanup()

    def tell(self, method, **params):
        """Sends a command; its result. Events that come meanwhile are noted."""
        self._id += 1
        self._page.send(json.dumps({"id": self._id, "method": method, "params": params}))
        while True:
            message = json.loads(self._page.recv())
            if message.get("id") == self._id:
                if "error" in message:
                    raise AssertionError(f"{method}: {message['error']}")
                return message["result"]
            self._note(message)

    def _note(self, message):
        method, params = message.get("method"), message.get("params", {})
        if method == "Runtime.exceptionThrown":
            self.faults.append(params["exceptionDetails"])
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning"):
            self.faults.append(params["args"])
        elif method == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.faults.append(params["entry"])
        elif method == "Network.requestWillBeSent":
            url = params["request"]["url"]
            if not url.startswith("data:"):
                self.hosts.add(url.split("/")[2])

    def ask(self, script):
        """The value of an expression in the page."""
        result = self.tell("Runtime.evaluate", expression=script, returnByValue=True)
        if "exceptionDetails" in result:
            raise AssertionError(result["exceptionDetails"])
        return result["result"].get("value")

    def wait_for(self, script, what):
        wait_until(lambda: self.ask(script), seconds=30, what=what)

    def wait_for_text(self, script, pattern):
        """Until the expression, a text, matches. A figure of one second may miss: a load can stall."""
        try:
            self.wait_for(f"(text => new RegExp({json.dumps(pattern)}, 'm').test(text))({script})",
                          f"/{pattern}/")
        except AssertionError as late:
            raise AssertionError(f"{late}; it says {self.ask(script)!r}") from None

    def resize(self, width, height, mobile=False):
        self.tell("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=1, mobile=mobile)

    def prefer(self, scheme):
        self.tell("Emulation.setEmulatedMedia",
                  features=[{"name": "prefers-color-scheme", "value": scheme}])

    def screenshot(self, path):
        picture = self.tell("Page.captureScreenshot", format="png")["data"]
        with open(path, "wb") as out:
            out.write(base64.b64decode(picture))
