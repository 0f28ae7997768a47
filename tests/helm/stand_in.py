"""As much of a Kubernetes API server as helm needs to install, upgrade, roll back and uninstall a chart:
discovery of the kinds below, and objects in memory that it creates, reads, lists by label, replaces,
patches and deletes. It schedules nothing and checks nothing. Over plain HTTP, on a free port.

    with Cluster() as cluster:
        subprocess.run([helm, "install", ..., "--kubeconfig", cluster.kubeconfig])
        cluster.objects["Secret", "ns", "name"]
"""
import base64
import copy
import http.server
import json
import re
import tempfile
import threading
import urllib.parse

import yaml

# (group and version, plural name, kind)
KINDS = [("v1", "pods", "Pod"), ("v1", "services", "Service"), ("v1", "configmaps", "ConfigMap"),
         ("v1", "secrets", "Secret"), ("v1", "serviceaccounts", "ServiceAccount"),
         ("apps/v1", "deployments", "Deployment"), ("apps/v1", "statefulsets", "StatefulSet"),
         ("policy/v1", "poddisruptionbudgets", "PodDisruptionBudget"),
         ("networking.k8s.io/v1", "networkpolicies", "NetworkPolicy"),
         ("monitoring.coreos.com/v1", "servicemonitors", "ServiceMonitor"),
         ("monitoring.coreos.com/v1", "prometheusrules", "PrometheusRule"),
         ("cert-manager.io/v1", "certificates", "Certificate")]
PATH = re.compile(r"/(?:api|apis)/(?P<version>[\w.-]+(?:/v\w+)?)/namespaces/(?P<namespace>[\w-]+)/"
                  r"(?P<plural>\w+)(?:/(?P<name>[\w.-]+))?$")


def merged(target, patch):
    """JSON merge patch (RFC 7386), lists replaced: a stand-in for the strategic kind too."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        elif not key.startswith("$"):
            result[key] = merged(result.get(key), value)
    return result


def fields(data):
    """(number, value) of a protobuf message's fields; varints and byte strings, which is all there is."""
    def varint():
        nonlocal at
        shift = value = 0
        while True:
            byte = data[at]
            at, value, shift = at + 1, value | (byte & 0x7F) << shift, shift + 7
            if byte < 0x80:
                return value

    at = 0
    while at < len(data):
        tag = varint()
        if tag & 7 == 0:
            yield tag >> 3, varint()
        elif tag & 7 == 2:
            length = varint()
            yield tag >> 3, data[at:at + length]
            at += length
        else:
            raise ValueError(f"wire type {tag & 7}")


def pairs(message, number):
    """A map<string, bytes> field."""
    return {entry[1].decode(): entry.get(2, b"")
            for entry in (dict(fields(value)) for n, value in message if n == number)}


def secret(data):
    """helm writes its own records, which are Secrets, as protobuf: runtime.Unknown around v1.Secret
    (k8s.io/apimachinery/pkg/runtime/generated.proto, k8s.io/api/core/v1/generated.proto)."""
    assert data[:4] == b"k8s\0"
    message = list(fields(dict(fields(data[4:]))[2]))
    metadata = list(fields(dict(message)[1]))
    return {"apiVersion": "v1", "kind": "Secret", "type": dict(message)[3].decode(),
            "metadata": {"name": dict(metadata)[1].decode(),
                         "labels": {key: value.decode()
                                    for key, value in pairs(metadata, 11).items()}},
            "data": {key: base64.b64encode(value).decode()
                     for key, value in pairs(message, 2).items()}}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, body, code=200):
        data = json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def fail(self, code, reason):
        self.answer({"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason,
                     "code": code, "message": f"{self.path}: {reason}"}, code)

    def discovery(self, path):
        """The answer to a question about groups and kinds, or None."""
        groups = sorted({version for version, _, _ in KINDS if "/" in version})
        if path == "/version":
            return {"major": "1", "minor": "31", "gitVersion": "v1.31.0"}
        if path == "/api":
            return {"kind": "APIVersions", "versions": ["v1"]}
        if path == "/apis":
            def group(version):
                one = {"groupVersion": version, "version": version.split("/")[1]}
                return {"name": version.split("/")[0], "versions": [one], "preferredVersion": one}
            return {"kind": "APIGroupList", "apiVersion": "v1", "groups": [group(v) for v in groups]}
        version = re.sub("^/apis?/", "", path)
        if version in {each for each, _, _ in KINDS}:
            return {"kind": "APIResourceList", "groupVersion": version, "resources": [
                {"name": plural, "singularName": "", "namespaced": True, "kind": kind,
                 "verbs": ["create", "delete", "get", "list", "patch", "update"]}
                for each, plural, kind in KINDS if each == version]}
        return None

    def handle_any(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else None
        if body and self.headers["Content-Type"] == "application/vnd.kubernetes.protobuf":
            # The options of a DELETE come so too, and do not matter.
            body = secret(body) if self.command != "DELETE" else None
        elif body:
            body = yaml.safe_load(body)
        parts = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(parts.query))
        found = self.discovery(parts.path)
        if found:
            return self.answer(found)
        match = PATH.match(parts.path)
        kinds = [kind for version, plural, kind in KINDS
                 if match and (version, plural) == (match["version"], match["plural"])]
        if not kinds:
            return self.fail(404, "NotFound")
        with self.server.lock:
            return getattr(self, "do_" + self.command.lower())(
                (kinds[0], match["namespace"], match["name"]), body, query)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any

    def store(self, key, made, code=200):
        kind, namespace, name = key
        made.setdefault("metadata", {}).update(name=name, namespace=namespace, uid=f"{kind}-{name}")
        self.server.objects[key] = made
        self.answer(made, code)

    def do_get(self, key, _, query):
        objects = self.server.objects
        if key[2] is None:
            wanted = dict(each.split("=") for each in query.get("labelSelector", "").split(",")
                          if "=" in each)
            items = [each for (kind, namespace, _), each in objects.items()
                     if (kind, namespace) == key[:2] and
                     wanted.items() <= each["metadata"].get("labels", {}).items()]
            version = next(version for version, _, kind in KINDS if kind == key[0])
            return self.answer({"kind": key[0] + "List", "apiVersion": version, "metadata": {},
                                "items": items})
        return self.answer(objects[key]) if key in objects else self.fail(404, "NotFound")

    def do_post(self, key, body, _):
        key = key[:2] + (body["metadata"]["name"],)
        if key in self.server.objects:
            return self.fail(409, "AlreadyExists")
        return self.store(key, body, 201)

    def do_put(self, key, body, _):
        return self.store(key, body)

    def do_patch(self, key, body, _):
        # Server-side apply sends the whole object, and makes it if there is none.
        applies = "apply-patch" in self.headers["Content-Type"]
        old = self.server.objects.get(key)
        if old is None and not applies:
            return self.fail(404, "NotFound")
        return self.store(key, copy.deepcopy(body) if applies else merged(old, body))

    def do_delete(self, key, *_):
        if self.server.objects.pop(key, None) is None:
            return self.fail(404, "NotFound")
        return self.answer({"kind": "Status", "apiVersion": "v1", "status": "Success"})


class Cluster:
    """The server in a thread; `kubeconfig` is a file that points at it."""

    def __enter__(self):
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.lock = threading.Lock()
        self.objects = self._server.objects = {}
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()
        self._file = tempfile.NamedTemporaryFile("w", suffix=".yaml")
        address = f"http://127.0.0.1:{self._server.server_address[1]}"
        yaml.safe_dump({
            "apiVersion": "v1", "kind": "Config", "current-context": "here",
            "clusters": [{"name": "here", "cluster": {"server": address}}],
            "users": [{"name": "nobody", "user": {}}],
            "contexts": [{"name": "here", "context": {"cluster": "here", "user": "nobody"}}],
        }, self._file)
        self._file.flush()
        self.kubeconfig = self._file.name
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._file.close()
