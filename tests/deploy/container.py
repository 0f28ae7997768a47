"""Runs a root directory as a container runtime would: a mount and a process namespace of its own, the
root read-only, the image's user without capabilities, the image's environment only. Needs root."""
import os
import pathlib
import signal
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

from harness import DOORS, Duet, Process, wait_until  # noqa: E402

import dockerfile  # noqa: E402

SCRIPT = """
set -eu
root=$1 user=$2
shift 2
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -o remount,bind,ro "$root"
exec setpriv --no-new-privs chroot --userspec="$user" "$root" "$@"
"""


def may_run():
    """Whether this process may make namespaces and mounts."""
    return os.geteuid() == 0 and os.system("unshare --mount --pid --fork true 2>/dev/null") == 0


class Container(Duet):
    """duet-server in `root`, with the flags of a container and free ports."""

    def __init__(self, root, *flags):
        image = dockerfile.stages()[-1]
        user = "{}:{}".format(*dockerfile.user())
        ports = [f"--{door}-port=0" for door in DOORS]
        environment = [f"{name}={value}" for name, value in image.environment.items()]
        Process.__init__(self, ["unshare", "--mount", "--pid", "--kill-child", "env", "-i",
                                f"PATH={os.environ['PATH']}", *environment, "sh", "-c", SCRIPT,
                                "sh", str(root), user, *image.settings["ENTRYPOINT"], *ports,
                                *flags])
        self.addresses = {}
        try:
            self.wait_for_lines(self._doors_open)
        except AssertionError:
            self.process.kill()
            self.process.wait()
            raise

    @property
    def server_pid(self):
        """The server's process, which is number 1 in its namespace."""
        path = pathlib.Path(f"/proc/{self.pid}/task/{self.pid}/children")
        return int(wait_until(path.read_text, what="the server's process"))

    def status(self):
        """/proc/PID/status of the server."""
        lines = pathlib.Path(f"/proc/{self.server_pid}/status").read_text().splitlines()
        return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}

    def stop(self, with_signal=signal.SIGTERM, seconds=20.0):
        if with_signal is not None and self.alive():
            os.kill(self.server_pid, with_signal)
        return super().stop(None, seconds)
