#!/usr/bin/python3
"""A Python client against a running server: what a user of python3-grpcio would write.

    tests/e2e/grpc_python_smoke.py PORT [PASSWORD]

Needs Debian's python3-grpcio and protobuf-compiler-grpc. Ends with 0, or with the first difference.
"""

import pathlib
import subprocess
import sys
import tempfile

import grpc

PROTO = pathlib.Path(__file__).resolve().parents[2] / "proto"


def generate(directory):
    """Generates the client code into `directory`, as a user's build would."""
    subprocess.run(["protoc", f"-I{PROTO}", f"--python_out={directory}",
                    f"--grpc_python_out={directory}",
                    "--plugin=protoc-gen-grpc_python=/usr/bin/grpc_python_plugin",
                    *PROTO.glob("duet/v1/*.proto")], check=True)
    sys.path.insert(0, directory)


def check(what, got, wanted):
    if got != wanted:
        raise SystemExit(f"{what}: got {got!r}, wanted {wanted!r}")


def main():
    port = int(sys.argv[1])
    metadata = [("authorization", f"Bearer {sys.argv[2]}")] if len(sys.argv) > 2 else []
    with tempfile.TemporaryDirectory() as directory:
        generate(directory)
        from duet.v1 import key_value_service_pb2 as kv
        from duet.v1 import key_value_service_pb2_grpc as kv_grpc

        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            stub = kv_grpc.KeyValueServiceStub(channel)
            call = {"metadata": metadata, "timeout": 10}

            stub.Delete(kv.DeleteRequest(keys=[b"smoke", b"smoke:n"]), **call)
            check("a miss", stub.Get(kv.GetRequest(key=b"smoke"), **call).found, False)
            check("Set", stub.Set(kv.SetRequest(key=b"smoke", value=b"\x00\xff"), **call).applied,
                  True)
            got = stub.Get(kv.GetRequest(key=b"smoke", return_digest=True), **call)
            check("Get", (got.found, got.value), (True, b"\x00\xff"))
            swapped = stub.Set(kv.SetRequest(key=b"smoke", value=b"new",
                                             if_digest_equals=got.digest), **call)
            check("compare and set", swapped.applied, True)
            check("Increment", stub.Increment(kv.IncrementRequest(key=b"smoke:n", integer=5),
                                              **call).integer, 5)
            reply = stub.Execute(kv.ExecuteRequest(args=[b"MGET", b"smoke", b"none"]), **call)
            values = reply.value.array.values
            check("Execute", (values[0].bulk, values[1].WhichOneof("kind")), (b"new", "null"))

            batch = kv.PipelineRequest(id=7, commands=[
                kv.Command(args=[b"GET", b"smoke"]), kv.Command(args=[b"INCR", b"smoke"])])
            responses = list(stub.Pipeline(iter([batch, batch]), **call))
            check("Pipeline ids", [r.id for r in responses], [7, 7])
            check("Pipeline values", [v.WhichOneof("kind") for v in responses[0].values],
                  ["bulk", "error"])
            try:
                stub.Expire(kv.ExpireRequest(key=b"smoke"), **call)
                raise SystemExit("Expire without an expiration was not refused")
            except grpc.RpcError as error:
                check("the code", error.code(), grpc.StatusCode.INVALID_ARGUMENT)
                check("the field", error.details().split(":")[0], "expiration")

            # Health, by its wire format: field 1 is the status, 1 is SERVING.
            health = channel.unary_unary("/grpc.health.v1.Health/Check")
            check("health", health(b"\x0a\x17duet.v1.KeyValueService", timeout=10), b"\x08\x01")
    print("grpc_python_smoke: ok")


if __name__ == "__main__":
    main()
