"""Debian's python3-redis."""
import os
import sys
import threading
import time

import redis

PORT = int(os.environ["DUET_PORT"])
BINARY = b"\0\r\n\xff$"


def check(condition, what=""):
    if not condition:
        raise AssertionError(what)


def rejects(kind, text, call):
    try:
        call()
    except kind as error:
        check(text in str(error), str(error))
    else:
        check(False, f"no {kind}")


def values(client):
    check(client.ping())
    check(client.set("k", "v", ex=100))
    check(client.get("k") == b"v" and client.ttl("k") > 90)
    client.set("binary", BINARY)
    check(client.get("binary") == BINARY)
    check(client.mget("k", "missing") == [b"v", None])
    check(client.set("k", "w", nx=True) is None)
    rejects(redis.ResponseError, "not an integer", lambda: client.incr("k"))
    check(client.incrbyfloat("f", 1.5) == 1.5)


def pipeline(client):
    with client.pipeline(transaction=False) as batch:
        for i in range(1000):
            batch.set(f"key:{i}", i).incr(f"key:{i}")
        results = batch.execute()
    check(results == [x for i in range(1000) for x in (True, i + 1)])
    check(len(set(client.scan_iter("key:*", count=50))) == 1000)


def transaction(client, other):
    with client.pipeline() as batch:
        check(batch.set("t", 1).incr("t").get("t").execute() == [True, 2, b"2"])
        batch.set("t", "x").incr("t")
        rejects(redis.ResponseError, "not an integer", batch.execute)
        batch.watch("t")
        other.set("t", "changed")
        batch.multi()
        batch.set("t", "lost")
        rejects(redis.WatchError, "", batch.execute)
    check(client.get("t") == b"changed")
    client.transaction(lambda p: (p.get("t"), p.multi(), p.set("t", "mine")), "t")
    check(client.get("t") == b"mine")


def publish(client):
    seen = []
    subscriber = client.pubsub(ignore_subscribe_messages=True)
    subscriber.subscribe(news=lambda m: seen.append((m["channel"], m["data"])))
    subscriber.psubscribe(**{"n?ws": lambda m: seen.append((m["pattern"], m["data"]))})
    until(lambda: client.pubsub_numsub("news") == [(b"news", 1)] and client.pubsub_numpat() == 1)
    check(client.publish("news", "hello") == 2)
    until(lambda: subscriber.get_message(timeout=0.1) or len(seen) == 2)
    until(lambda: subscriber.get_message(timeout=0.1) or len(seen) == 2)
    check(seen == [(b"news", b"hello"), (b"n?ws", b"hello")], seen)
    subscriber.close()


def introspection(client):
    check(client.info()["redis_version"] and client.info("keyspace")["db0"]["keys"] > 1000)
    check(any(entry["name"] == "matrix" for entry in client.client_list()))
    check(int(client.config_get("databases")["databases"]) == 16)
    check(isinstance(client.slowlog_get(), list))
    check(client.command()["get"]["arity"] == 2)


def monitor(client):
    with client.monitor() as watching:
        sender = threading.Timer(0.05, lambda: client.get("watched"))
        sender.start()
        until(lambda: watching.next_command()["command"] == "GET watched")
        sender.join()


def until(condition):
    end = time.monotonic() + 20
    while not condition():
        check(time.monotonic() < end, "not in time")
        time.sleep(0.01)


def restart():
    print("restart", flush=True)
    sys.stdin.readline()


def answers(client):
    try:
        return client.get("k") is None
    except redis.ConnectionError:
        return False


def main():
    client = redis.Redis("127.0.0.1", PORT, client_name="matrix")
    other = redis.Redis("127.0.0.1", PORT)
    values(client)
    pipeline(client)
    transaction(client, other)
    publish(client)
    introspection(client)
    monitor(client)
    restart()
    until(lambda: answers(client))
    check(client.set("k", "after") and other.get("k") == b"after")


main()
