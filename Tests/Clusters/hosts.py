"""Hosts on this machine, as far as programs can see, and a directory of one that others see over a network.

A host has a network namespace, a name, a start and processes of its own. The first, the server, has a directory, and a link to
each of the others, which see it by sshfs over that link, without ssh: the same protocol over a bare connection, within the namespaces.
"""
import os
import subprocess

from trials import HERE, expect, missing_programs, wait

SFTP_SERVER = "/usr/lib/openssh/sftp-server"
PORT = 7000
# What a host has seen of the directory counts for two seconds, as over NFS it does for up to a minute.
SEEN_SECONDS = 2


def missing():
    """Why there can be no such hosts here; None where there can."""
    reason = missing_programs("ip", "nsenter", "sshfs")
    if reason:
        return reason
    if not os.path.exists(SFTP_SERVER):
        return f"{SFTP_SERVER} not installed (openssh-sftp-server)"
    try:
        os.close(os.open("/dev/fuse", os.O_RDWR))
        return None
    except OSError as error:
        return f"/dev/fuse: {error.strerror}"


class Host:
    """A host whose processes all end with `end`."""

    def __init__(self, name, directory):
        self.name, self.directory = name, directory
        self.network = f"consort-{os.getpid()}-{name}"
        subprocess.run(["ip", "netns", "add", self.network], check=True)
        # Its own files lie in its directory; it has no others to write.
        os.makedirs(directory, exist_ok=True)
        self.first = subprocess.Popen(
            ["ip", "netns", "exec", self.network, f"{HERE}/on_host", name, "sleep", "infinity"], stdin=subprocess.DEVNULL)
        self.inside = wait(self.process_inside, f"host {name} does not start", 10)
        self.ip("link", "set", "lo", "up")

    def process_inside(self):
        try:
            with open(f"/proc/{self.first.pid}/task/{self.first.pid}/children") as file:
                children = file.read().split()
            with open(f"/proc/{children[0]}/comm") as file:
                return children[0] if file.read().strip() == "sleep" else None
        except (OSError, IndexError):
            return None

    def ip(self, *arguments):
        subprocess.run(["ip", "-n", self.network, *arguments], check=True)

    def start(self, command, log):
        """Starts a command in the host's directory; its output goes to a file."""
        # The directory is entered on the host: the caller's has no mounts.
        with open(log, "w") as file:
            return subprocess.Popen(
                ["nsenter", "--target", self.inside, "--mount", "--uts", "--net", "--pid", "env", "-C", self.directory,
                 *command],
                stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT)

    def run(self, command):
        log = f"{self.directory}/run.log"
        status = self.start(command, log).wait()
        with open(log) as file:
            expect(status == 0, f"{' '.join(command)} on {self.name}: {file.read()}")

    def end(self):
        self.first.kill()
        self.first.wait()
        subprocess.run(["ip", "netns", "delete", self.network])


class SharedDirectory:
    """`with SharedDirectory(place, names) as shared`: a server's directory, which hosts of these names see as their `shared`."""

    def __init__(self, place, names):
        self.place, self.names, self.hosts = place, names, {}

    def __enter__(self):
        try:
            self.path = f"{self.place}/server/files"
            self.server = Host("server", f"{self.place}/server")
            os.makedirs(self.path, exist_ok=True)
            self.server.start([f"{HERE}/serve_files.py", "0.0.0.0", str(PORT), SFTP_SERVER], f"{self.place}/server/log")
            for number, name in enumerate(self.names, 1):
                self.hosts[name] = host = Host(name, f"{self.place}/{name}")
                self.connect(host, f"10.199.{number}")
            return self
        except BaseException:
            self.__exit__()
            raise

    def connect(self, host, subnet):
        self.server.ip("link", "add", host.name, "type", "veth", "peer", "name", "uplink", "netns", host.network)
        self.server.ip("address", "add", f"{subnet}.1/24", "dev", host.name)
        host.ip("address", "add", f"{subnet}.2/24", "dev", "uplink")
        self.server.ip("link", "set", host.name, "up")
        host.ip("link", "set", "uplink", "up")
        os.makedirs(f"{host.directory}/shared", exist_ok=True)
        host.run(["sshfs", f"{subnet}.1:{self.path}", f"{host.directory}/shared", "-o",
                  f"directport={PORT},dcache_timeout={SEEN_SECONDS},attr_timeout={SEEN_SECONDS},entry_timeout={SEEN_SECONDS}"])

    def address(self, name):
        """The server's address on its link to a host."""
        return f"10.199.{self.names.index(name) + 1}.1"

    def cut(self, host):
        """Takes the link between the server and a host down."""
        self.server.ip("link", "set", host.name, "down")

    def mend(self, host):
        self.server.ip("link", "set", host.name, "up")

    def reaches(self, host, seconds):
        """Whether a host gets an answer about a file that it never asked for, within so many seconds."""
        self.asked = getattr(self, "asked", 0) + 1
        asking = host.start(["test", "!", "-e", f"shared/asked-{self.asked}"], f"{host.directory}/ask.log")
        try:
            return asking.wait(seconds) == 0
        except subprocess.TimeoutExpired:
            # It cannot be ended before the link is there again; then it ends by itself.
            return False

    def __exit__(self, *_):
        for host in list(self.hosts.values()) + ([self.server] if hasattr(self, "server") else []):
            host.end()
