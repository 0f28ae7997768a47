// ioredis and its fork iovalkey:  node ioredis.js PACKAGE
"use strict";
const assert = require("node:assert/strict");
const { port, restart, until, run, binary } = require("./scenario.js");
const { Redis } = require(process.argv[2]);

function connect() {
  // RESP2, of which iovalkey has no other, and which has a subscribed mode.
  return new Redis({ port, host: "127.0.0.1", connectionName: "matrix", retryStrategy: () => 50,
                     protocol: 2 });
}

async function values(client) {
  assert.equal(await client.ping(), "PONG"); // after the ready check, which reads INFO
  assert.equal(await client.set("k", "v", "EX", 100), "OK");
  assert.equal(await client.get("k"), "v");
  assert.ok((await client.ttl("k")) > 90);
  await client.set("binary", binary);
  assert.deepEqual(await client.getBuffer("binary"), binary);
  assert.deepEqual(await client.mget("k", "missing"), ["v", null]);
  await assert.rejects(client.incr("k"), /not an integer/);
  assert.equal(await client.client("GETNAME"), "matrix");
}

async function pipeline(client) {
  const batch = client.pipeline();
  for (let i = 0; i < 1000; i++) batch.set(`key:${i}`, i).incr(`key:${i}`);
  const results = await batch.exec();
  assert.equal(results.length, 2000);
  results.forEach(([error, value], i) => {
    assert.equal(error, null);
    assert.equal(value, i % 2 ? (i + 1) / 2 : "OK");
  });
  const found = new Set();
  for await (const keys of client.scanStream({ match: "key:*", count: 50 })) {
    keys.forEach((key) => found.add(key));
  }
  assert.equal(found.size, 1000);
}

async function transaction(client, other) {
  const results = await client.multi().set("t", "1").incr("t").get("t").exec();
  assert.deepEqual(results, [[null, "OK"], [null, 2], [null, "2"]]);
  const mixed = await client.multi().set("t", "x").incr("t").exec();
  assert.match(mixed[1][0].message, /not an integer/);
  await assert.rejects(client.multi().set("t").exec(), /EXECABORT/);
  await client.watch("t");
  await other.set("t", "changed");
  assert.equal(await client.multi().set("t", "lost").exec(), null);
  assert.equal(await client.get("t"), "changed");
}

async function publish(client, subscriber, seen) {
  assert.equal(await subscriber.subscribe("news", "more"), 2);
  assert.equal(await subscriber.psubscribe("n?ws"), 3);
  subscriber.on("message", (channel, message) => seen.push([channel, message]));
  subscriber.on("pmessage", (pattern, channel, message) => seen.push([pattern, channel, message]));
  assert.equal(await client.publish("news", "hello"), 2);
  await until(() => seen.length === 2, "both messages");
  assert.deepEqual(seen, [["news", "hello"], ["n?ws", "news", "hello"]]);
  await assert.rejects(subscriber.get("k"), /subscriber mode/);
  await subscriber.unsubscribe("more");
}

run(async () => {
  const [client, other, subscriber] = [connect(), connect(), connect()];
  await values(client);
  await pipeline(client);
  await transaction(client, other);
  const seen = [];
  await publish(client, subscriber, seen);
  const lost = new Promise((resolve) => client.once("close", resolve));
  await Promise.all([restart(), lost]);
  assert.equal(await client.get("k"), null); // waited for the new server, which is empty
  await until(async () => (await client.publish("news", "again")) === 2, "subscribed again");
  await until(() => seen.some((message) => message[1] === "again"), "a message after it");
  await Promise.all([client.quit(), other.quit(), subscriber.quit()]);
});
