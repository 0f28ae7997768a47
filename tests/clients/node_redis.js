// npm's redis (node-redis), over RESP3 with client-side caching.
"use strict";
const assert = require("node:assert/strict");
const { port, restart, until, run, binary } = require("./scenario.js");
const { BasicClientSideCache, RESP_TYPES, WatchError, createClient } = require("redis");

async function connect(options = {}) {
  const client = createClient({
    socket: { host: "127.0.0.1", port, reconnectStrategy: () => 50 },
    RESP: 3,
    ...options,
  });
  client.on("error", () => {}); // a lost connection is part of the scenario
  await client.connect();
  return client;
}

async function values(client) {
  assert.equal(await client.ping(), "PONG");
  assert.equal(await client.set("k", "v", { expiration: { type: "EX", value: 100 } }), "OK");
  assert.equal(await client.get("k"), "v");
  assert.ok((await client.ttl("k")) > 90);
  await client.set("binary", binary);
  const asBuffers = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
  assert.deepEqual(await asBuffers.get("binary"), binary);
  assert.deepEqual(await client.mGet(["k", "missing"]), ["v", null]);
  await assert.rejects(client.incr("k"), /not an integer/);
  assert.equal(await client.clientGetName(), "matrix");
  assert.match(await client.sendCommand(["CLIENT", "INFO"]), / lib-name=node-redis/);
}

async function pipeline(client) {
  const batch = client.multi();
  for (let i = 0; i < 1000; i++) batch.set(`key:${i}`, String(i)).incr(`key:${i}`);
  const results = await batch.execAsPipeline();
  results.forEach((value, i) => assert.equal(value, i % 2 ? (i + 1) / 2 : "OK"));
  const found = new Set();
  for await (const keys of client.scanIterator({ MATCH: "key:*", COUNT: 50 })) {
    keys.forEach((key) => found.add(key));
  }
  assert.equal(found.size, 1000);
}

async function transaction(client, other) {
  assert.deepEqual(await client.multi().set("t", "1").incr("t").get("t").exec(), ["OK", 2, "2"]);
  await client.watch("t");
  await other.set("t", "changed");
  await assert.rejects(client.multi().set("t", "lost").exec(), WatchError);
  assert.equal(await client.get("t"), "changed");
}

async function publish(client, subscriber, seen) {
  await subscriber.subscribe("news", (message, channel) => seen.push([channel, message]));
  await subscriber.pSubscribe("n?ws", (message, channel) => seen.push(["*", channel, message]));
  await subscriber.sSubscribe("shard", (message, channel) => seen.push([channel, message]));
  assert.equal(await client.publish("news", "hello"), 2);
  assert.equal(await client.sPublish("shard", "hello"), 1);
  await until(() => seen.length === 3, "the messages");
  assert.deepEqual(seen, [["news", "hello"], ["*", "news", "hello"], ["shard", "hello"]]);
  assert.deepEqual(await client.pubSubNumSub("news"), { news: 1 });
  await subscriber.sUnsubscribe("shard");
}

async function caching(client, cached, cache) {
  await client.set("c", "1");
  assert.equal(await cached.get("c"), "1");
  assert.equal(await cached.get("c"), "1");
  assert.equal(cache.stats().hitCount, 1);
  await client.set("c", "2");
  await until(async () => (await cached.get("c")) === "2", "the invalidation");
  await client.flushAll();
  await until(async () => (await cached.get("c")) === null, "the invalidation of FLUSHALL");
}

run(async () => {
  const cache = new BasicClientSideCache({ ttl: 0, maxEntries: 0, evictPolicy: "LRU" });
  const client = await connect({ name: "matrix" });
  const other = await connect();
  const subscriber = await connect();
  const cached = await connect({ clientSideCache: cache });
  await values(client);
  await pipeline(client);
  await transaction(client, other);
  const seen = [];
  await publish(client, subscriber, seen);
  await caching(client, cached, cache);
  await client.set("k", "v");
  await restart();
  await until(async () => (await client.get("k")) === null, "the new, empty server");
  await until(async () => (await client.publish("news", "again")) === 2, "subscribed again");
  await until(() => seen.some((message) => message[1] === "again"), "a message after it");
  await Promise.all([client.close(), other.close(), subscriber.close(), cached.close()]);
});
