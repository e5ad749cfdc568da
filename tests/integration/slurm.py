# SPDX-License-Identifier: Apache-2.0
"""A Slurm cluster of one node on this machine: munge with a key of its own, controller and node daemon
on loopback, everything in one folder; works as root without systemd and cgroups."""
import contextlib
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

from daemon import environment, wait_until

CONFIGURATION = """\
ClusterName=sweep
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmdPort={node_port}
AuthType=auth/munge
AuthInfo=socket={folder}/run/munge.socket
CredType=cred/munge
SlurmUser={user}
SlurmdUser={user}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/run/slurmctld.pid
SlurmdPidFile={folder}/run/slurmd.pid
ProctrackType=proctrack/pgid
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SwitchType=switch/none
MpiDefault=none
SchedulerType=sched/builtin
SchedulerParameters=batch_sched_delay=0
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
ReturnToService=2
NodeName={host} NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=all Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


def program(name):
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    assert found, f"{name} is not installed; `make deps` installs slurm-wlm and munge"
    return found


def free_ports(count):
    """Below those that the system gives away by itself: nobody takes them until they are used."""
    ports = []
    for port in random.sample(range(20000, 30000), 1000):
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            ports.append(port)
        if len(ports) == count:
            return ports
    raise AssertionError("no port is free")


class Slurm:
    """Use as `with Slurm() as slurm`; what it started has ended when the block has."""

    def __init__(self):
        # Short, for the name of a socket takes 107 bytes; munge wants to see who may look into it.
        self.folder = Path(tempfile.mkdtemp(prefix="slurm-"))
        self.folder.chmod(0o755)
        for name in ("run", "state", "spool"):
            (self.folder / name).mkdir(mode=0o755)
        self.started = []
        self.environment = {**environment(), "SLURM_CONF": str(self.folder / "slurm.conf")}

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def spawn(self, name, *words):
        with (self.folder / f"{name}.log").open("wb") as log:
            self.started.append(subprocess.Popen(
                [program(name), *map(str, words)], stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT, env=self.environment, start_new_session=True))

    def start(self):
        run, configuration = self.folder / "run", self.folder / "slurm.conf"
        controller_port, node_port = free_ports(2)
        configuration.write_text(CONFIGURATION.format(
            folder=self.folder, host=socket.gethostname().split(".")[0],
            user=pwd.getpwuid(os.geteuid()).pw_name, controller_port=controller_port,
            node_port=node_port))
        subprocess.run([program("mungekey"), "--create", f"--keyfile={self.folder}/munge.key"],
                       check=True)
        self.spawn("munged", "--foreground", f"--key-file={self.folder}/munge.key",
                   f"--socket={run}/munge.socket", f"--pid-file={run}/munged.pid",
                   f"--seed-file={run}/munge.seed", f"--log-file={run}/munged.log")
        wait_until((run / "munge.socket").exists, 30, "munge")
        self.spawn("slurmctld", "-D", "-i", "-f", configuration)
        self.spawn("slurmd", "-D", "-f", configuration)
        self.wait(lambda: self.ask("sinfo", "-h", "-o", "%t").strip() == "idle", "an idle node")

    def wait(self, condition, what):
        try:
            wait_until(condition, 120, what)
        except AssertionError as failure:
            raise AssertionError(f"{failure}\n{self.logs()}") from None

    def stop(self):
        """Ends all, the last one first, and what they were running with them."""
        for process in reversed(self.started):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def logs(self):
        return "\n".join(f"--- {path.name}\n{path.read_text(errors='replace')[-3000:]}"
                         for path in sorted(self.folder.glob("*.log")))

    def ask(self, *words):
        """Standard output of one of Slurm's commands; empty while nobody answers."""
        return subprocess.run(words, env=self.environment, capture_output=True, text=True,
                              timeout=60, check=False).stdout

    def state(self, job):
        """The states of a job's tasks, as a set."""
        rows = self.ask("squeue", "-h", "-a", "-t", "all", "-r", "-o", "%T", "-j", job).split()
        return set(rows)
