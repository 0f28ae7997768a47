"""What redis_compare.py measures, and what each row must reach (issue 2, "What it must reach")."""
import dataclasses


@dataclasses.dataclass(frozen=True)
class Target:
    """Bounds of a row; None: none. Ratios are Duet's figure over redis-server's."""
    rate_min: float | None = None  # requests per second
    cpu_max: float | None = None   # server CPU per request
    p50_max: float | None = None   # median round trip
    # Ratios must be no worse than those of this other row.
    as_good_as: str | None = None


@dataclasses.dataclass(frozen=True)
class Workload:
    name: str
    command: str  # as redis_load.cc and redis-benchmark -t call it
    requests: int  # a round
    target: Target
    clients: int = 50
    pipeline: int = 1
    value_bytes: int = 32
    keys: int = 1_000_000  # preloaded; the workload draws from them at random


@dataclasses.dataclass(frozen=True)
class MemoryWorkload:
    """Resident bytes per key: 16 B key and 32 B value, after a fill of a fresh server."""
    name: str
    ttl: bool
    ratio_max: float
    keys: int = 5_000_000


# What "no lower than" another measured figure allows: the spread of repeated runs, as seen on the
# two-core virtual machines that this runs on.
NOISE = 0.1

_BY_PIPELINE = {
    1: (150_000, Target(rate_min=0.93, cpu_max=0.87)),
    16: (1_000_000, Target(rate_min=2.0, cpu_max=0.45)),
    100: (5_000_000, Target(rate_min=5.0, cpu_max=0.25)),
}


def _variant(workload, suffix, **change):
    """The same under another condition, under which it must do as well."""
    return dataclasses.replace(workload, name=f"{workload.name} {suffix}",
                               target=Target(as_good_as=workload.name), **change)


def _all():
    for pipeline, (requests, target) in _BY_PIPELINE.items():
        for command in ("set", "get"):
            workload = Workload(f"{command} p{pipeline}", command, requests, target,
                                pipeline=pipeline)
            yield workload
            yield _variant(workload, "1000 connections", clients=1000)
            yield _variant(workload, "10M keys", keys=10_000_000)
    for command in ("set", "get"):
        yield Workload(f"{command} p16 1KB", command, 600_000, Target(rate_min=2.0), pipeline=16,
                       value_bytes=1024)
    yield Workload("mset10 p1", "mset", 60_000, Target(rate_min=1.7))
    for command in ("set", "get"):
        yield Workload(f"{command} 1 connection", command, 30_000, Target(p50_max=1.0), clients=1)
    yield MemoryWorkload("memory", ttl=False, ratio_max=0.58)
    yield MemoryWorkload("memory ttl", ttl=True, ratio_max=0.65)


WORKLOADS = tuple(_all())


def shortened(workload, fraction):
    """The workload with 1/fraction of the keys and requests. Its figures are not to be quoted."""
    if isinstance(workload, MemoryWorkload):
        return dataclasses.replace(workload, keys=workload.keys // fraction)
    return dataclasses.replace(workload, keys=workload.keys // fraction,
                               requests=max(workload.requests // fraction,
                                            workload.clients * workload.pipeline))
