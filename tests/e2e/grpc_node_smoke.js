// A Node.js client against a running server: what a user of @grpc/grpc-js would write.
//
//   NODE_PATH=<directory>/node_modules node tests/e2e/grpc_node_smoke.js PORT [PASSWORD]
//   ... grpc_node_smoke.js PORT PASSWORD CA_FILE CERT_FILE KEY_FILE     over TLS
//
// An empty PASSWORD is none. Needs @grpc/grpc-js and @grpc/proto-loader. Ends with 0, or with the first difference.
"use strict";

const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const { once } = require("node:events");
const { promisify } = require("node:util");

const grpc = require("@grpc/grpc-js");
const protoLoader = require("@grpc/proto-loader");

const PROTO = path.resolve(__dirname, "../../proto");
const CALL_MS = 10_000;

// Reads the .proto files as they are: no code is generated.
function loadServices() {
  const definition = protoLoader.loadSync(
    ["duet/v1/key_value_service.proto", "grpc/health/v1/health.proto"],
    { includeDirs: [PROTO], keepCase: true, longs: String, enums: String,
      defaults: true, oneofs: true });
  return grpc.loadPackageDefinition(definition);
}

// A client whose unary methods give promises.
class Caller {
  constructor(client, metadata) {
    this.client = client;
    this.metadata = metadata;
  }
  options() {
    return { deadline: Date.now() + CALL_MS };
  }
  call(method, request) {
    const unary = promisify(this.client[method]).bind(this.client);
    return unary(request, this.metadata, this.options());
  }
  // Sends the requests on one stream and half-closes it; the responses.
  async converse(method, requests) {
    const stream = this.client[method](this.metadata, this.options());
    const responses = [];
    stream.on("data", (response) => responses.push(response));
    for (const request of requests) stream.write(request);
    stream.end();
    await once(stream, "end");
    return responses;
  }
}

function command(...words) {
  return { args: words.map((word) => Buffer.from(word)) };
}

async function singleCalls(store) {
  const key = Buffer.from("node");
  const value = Buffer.from([0, 255, 13, 10]);
  await store.call("Delete", { keys: [key, Buffer.from("node:n")] });
  assert.equal((await store.call("Get", { key })).found, false);
  assert.equal((await store.call("Set", { key, value, ttl: { seconds: 100 } })).applied, true);
  const got = await store.call("Get", { key, return_digest: true });
  assert.equal(got.found, true);
  assert.deepEqual(got.value, value);
  const swap = { key, value: Buffer.from("new"), if_digest_equals: got.digest };
  assert.equal((await store.call("Set", swap)).applied, true);
  assert.equal((await store.call("Set", swap)).applied, false);
  // Beyond what a double holds.
  const big = "9007199254740993";
  const sum = await store.call("Increment", { key: Buffer.from("node:n"), integer: big });
  assert.equal(sum.integer, big);
}

async function execute(store) {
  const { value } = await store.call("Execute", command("MGET", "node", "node:none"));
  assert.equal(value.kind, "array");
  assert.deepEqual(value.array.values.map((element) => element.kind), ["bulk", "null"]);
  assert.equal(value.array.values[0].bulk.toString(), "new");
}

async function pipeline(store) {
  const batches = [7, 8, 9].map((id) => ({
    id,
    commands: [command("GET", "node"), command("INCR", "node"), command("INCR", "node:n")],
  }));
  const responses = await store.converse("Pipeline", batches);
  assert.deepEqual(responses.map((response) => response.id), ["7", "8", "9"]);
  for (const response of responses) {
    assert.deepEqual(response.values.map((one) => one.kind), ["bulk", "error", "integer"]);
  }
  assert.equal(responses[2].values[2].integer, "9007199254740996");
}

async function errors(store) {
  await assert.rejects(store.call("Expire", { key: Buffer.from("node") }), (error) => {
    assert.equal(error.code, grpc.status.INVALID_ARGUMENT);
    assert.match(error.details, /^expiration:/);
    return true;
  });
  await assert.rejects(store.call("Increment", { key: Buffer.from("node"), integer: 1 }),
                       { code: grpc.status.OUT_OF_RANGE });
}

// Without files: in plain text.
function credentialsFrom(files) {
  if (files.length === 0) return grpc.credentials.createInsecure();
  const [authorities, certificate, key] = files.map((file) => fs.readFileSync(file));
  return grpc.credentials.createSsl(authorities, key, certificate);
}

async function watch(health) {
  const stream = health.client.Watch({ service: "readiness" }, health.options());
  const [response] = await once(stream, "data");
  assert.equal(response.status, "SERVING");
  stream.on("error", () => {});  // of the cancellation
  stream.cancel();
}

async function main() {
  const [port, password, ...files] = process.argv.slice(2);
  const metadata = new grpc.Metadata();
  if (password) metadata.set("authorization", `Bearer ${password}`);
  const services = loadServices();
  const target = `127.0.0.1:${port}`;
  const credentials = credentialsFrom(files);
  const store = new Caller(new services.duet.v1.KeyValueService(target, credentials), metadata);
  const health = new Caller(new services.grpc.health.v1.Health(target, credentials),
                            new grpc.Metadata());
  try {
    for (const service of ["", "duet.v1.KeyValueService"]) {
      assert.equal((await health.call("Check", { service })).status, "SERVING");
    }
    await watch(health);
    for (const part of [singleCalls, execute, pipeline, errors]) await part(store);
    console.log("grpc_node_smoke: ok");
  } finally {
    store.client.close();
    health.client.close();
  }
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
