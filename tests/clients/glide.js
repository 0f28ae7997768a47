// npm's @valkey/valkey-glide: Valkey's client, whose core is written in Rust; RESP3.
"use strict";
const assert = require("node:assert/strict");
const { port, restart, until, run, binary } = require("./scenario.js");
const { Batch, ClientSideCache, Decoder, GlideClient, GlideClientConfiguration, TimeUnit } =
  require("@valkey/valkey-glide");

const Mode = GlideClientConfiguration.PubSubChannelModes;

function connect(options = {}) {
  return GlideClient.createClient({
    addresses: [{ host: "127.0.0.1", port }],
    clientName: "matrix",
    requestTimeout: 5000,
    ...options,
  });
}

async function values(client) {
  assert.equal(await client.ping(), "PONG");
  const expiry = { type: TimeUnit.Seconds, count: 100 };
  assert.equal(await client.set("k", "v", { expiry }), "OK");
  assert.equal(await client.get("k"), "v");
  assert.ok((await client.ttl("k")) > 90);
  await client.set("binary", binary);
  assert.deepEqual(await client.get("binary", { decoder: Decoder.Bytes }), binary);
  assert.deepEqual(await client.mget(["k", "missing"]), ["v", null]);
  await assert.rejects(client.incr("k"), /not an integer/);
  assert.equal(await client.clientGetName(), "matrix");
}

async function batches(client, other) {
  const pipeline = new Batch(false);
  for (let i = 0; i < 1000; i++) pipeline.set(`key:${i}`, String(i)).incr(`key:${i}`);
  const results = await client.exec(pipeline, true);
  results.forEach((value, i) => assert.equal(value, i % 2 ? (i + 1) / 2 : "OK"));

  const transaction = new Batch(true).set("t", "1").incr("t").get("t");
  assert.deepEqual(await client.exec(transaction, true), ["OK", 2, "2"]);
  await client.watch(["t"]);
  await other.set("t", "changed");
  assert.equal(await client.exec(new Batch(true).set("t", "lost"), true), null);
  assert.equal(await client.get("t"), "changed");
}

async function scan(client) {
  const found = new Set();
  let cursor = "0";
  do {
    const [next, keys] = await client.scan(cursor, { match: "key:*", count: 50 });
    keys.forEach((key) => found.add(key));
    cursor = next;
  } while (cursor !== "0");
  assert.equal(found.size, 1000);
}

// Its cache asks for every key to be announced: CLIENT TRACKING ON BCAST.
async function caching(client) {
  const cached = await connect({
    clientSideCache: new ClientSideCache({ maxCacheKb: 1024, entryTtlMs: 0, enableMetrics: true,
                                           serverAssisted: true }),
  });
  await client.set("c", "1");
  assert.equal(await cached.get("c"), "1");
  assert.equal(await cached.get("c"), "1");
  assert.ok((await cached.getCacheHitRate()) > 0);
  await client.set("c", "2");
  await until(async () => (await cached.get("c")) === "2", "the invalidation");
  await client.flushall();
  await until(async () => (await cached.get("c")) === null, "the invalidation of FLUSHALL");
  cached.close();
}

run(async () => {
  const seen = [];
  const client = await connect();
  const other = await connect();
  const subscriber = await connect({
    pubsubSubscriptions: {
      channelsAndPatterns: { [Mode.Exact]: new Set(["news"]), [Mode.Pattern]: new Set(["n?ws"]) },
      callback: (message) => seen.push([message.channel, message.message, message.pattern ?? null]),
    },
  });
  await values(client);
  await batches(client, other);
  await scan(client);
  await caching(client);
  assert.equal(await client.publish("hello", "news"), 2);
  await until(() => seen.length === 2, "both messages");
  assert.deepEqual(seen, [["news", "hello", null], ["news", "hello", "n?ws"]]);
  await restart();
  await until(async () => (await client.get("k")) === null, "the new, empty server");
  await until(async () => (await client.publish("again", "news")) === 2, "subscribed again");
  await until(() => seen.some((message) => message[1] === "again"), "a message after it");
  for (const each of [client, other, subscriber]) each.close();
});
