# SPDX-License-Identifier: Apache-2.0
"""Several nodes on one machine: network namespaces on a switch that is a namespace too.

/tmp, /dev/shm and process ids are shared by such nodes; the network and the host name are not. A program that is given
program_options() takes them for nodes by their host names: so its windows are between nodes.
"""
import os
import shlex
import shutil
import subprocess
import tempfile
import threading

from .site import Skip


def _ip(*arguments):
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


class Nodes:
    """Used by one case at a time or by many: holds no state of a job. Needs root."""

    def __init__(self, count=2):
        if os.getuid() != 0:
            raise Skip("network namespaces need root")
        if shutil.which("ip") is None:
            raise Skip("the ip command is not there (package iproute2)")
        self.directory = tempfile.mkdtemp(prefix="cairn-nodes.")
        # No underscores: it begins the nodes' host names.
        self.tag = "cn" + os.path.basename(self.directory).rpartition(".")[2].replace("_", "0")[:5]
        self.names = [f"{self.tag}-{i}" for i in range(1, count + 1)]
        self.order = list(range(count))
        self._made = []
        try:
            self._build()
        except (subprocess.CalledProcessError, OSError) as e:
            self.close()
            raise Skip(f"this machine allows no network namespaces: {e}") from e
        self._write_agents()

    def _build(self):
        switch = f"{self.tag}-sw"
        _ip("netns", "add", switch)
        self._made.append(switch)
        _ip("-n", switch, "link", "add", "br0", "type", "bridge")
        _ip("-n", switch, "link", "set", "br0", "up")
        for i, name in enumerate(self.names, 1):
            _ip("netns", "add", name)
            self._made.append(name)
            _ip("-n", switch, "link", "add", f"p{i}", "type", "veth", "peer", "name", "eth0", "netns", name)
            _ip("-n", switch, "link", "set", f"p{i}", "master", "br0", "up")
            _ip("-n", name, "addr", "add", f"10.78.0.{i}/24", "dev", "eth0")
            _ip("-n", name, "link", "set", "eth0", "up")
            _ip("-n", name, "link", "set", "lo", "up")

    def _write_agents(self):
        on = os.path.join(self.directory, "on")
        with open(on, "w", encoding="utf-8") as f:
            f.write("#!/bin/sh\nnode=$1; shift\n"
                    "exec ip netns exec \"$node\" unshare -u sh -c 'hostname \"$0\"; exec \"$@\"' \"$node\" \"$@\"\n")
        rsh = os.path.join(self.directory, "rsh")
        with open(rsh, "w", encoding="utf-8") as f:
            f.write("#!/bin/sh\nwhile [ \"${1#-}\" != \"$1\" ]; do shift; done\naddress=$1; shift\n"
                    f"exec {shlex.quote(on)} \"{self.tag}-${{address##*.}}\" sh -c \"$*\"\n")
        os.chmod(on, 0o755)
        os.chmod(rsh, 0o755)

    def wrapper(self):
        return [os.path.join(self.directory, "on"), self.names[0]]

    def environment(self):
        return {"OMPI_MCA_plm_rsh_agent": os.path.join(self.directory, "rsh"),
                "OMPI_MCA_orte_keep_fqdn_hostnames": "1"}

    def swapped(self):
        """The same nodes with the ranks' places exchanged."""
        other = Nodes.__new__(Nodes)
        other.__dict__.update(self.__dict__, order=list(reversed(self.order)))
        return other

    def hostfile(self):
        path = os.path.join(self.directory, "hosts-" + "".join(map(str, self.order)))
        if not os.path.exists(path):  # other cases may be reading it
            fresh = f"{path}.{threading.get_ident()}"
            with open(fresh, "w", encoding="utf-8") as f:
                f.writelines(f"10.78.0.{i + 1} slots=64\n" for i in self.order)
            os.rename(fresh, path)
        return path

    def mpirun_options(self):
        return ["--hostfile", self.hostfile(), "--map-by", "node"]

    @staticmethod
    def program_options(site):
        if site.native:
            return []
        return ["-x", "LD_PRELOAD=" + site.program("libshim_apart.so"), "-x", "APART_BY=host"]

    def close(self):
        for name in self._made:
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)
        shutil.rmtree(self.directory, ignore_errors=True)
