#!/usr/bin/python3
"""Runs a command where the services of the machine itself answer at their own addresses.

    unshare --map-root-user --net machine_services.py COMMAND...

In the new network namespace the addresses of the container's agent and of EC2's metadata service (both
kinds) are this host's own, and identity_server answers there.
"""

import fcntl
import http.server
import socket
import struct
import subprocess
import sys
import threading

from identity_server import Handler, prepare

V4 = ("169.254.170.2", "169.254.169.254")
V6 = ("fd00:ec2::254", "fd00:ec2::23")
SIOCSIFADDR, SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8916, 0x8913, 0x8914, 1


class V6Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6


def add_addresses():
    v4 = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    v6 = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    flags = struct.unpack("16xh14x", fcntl.ioctl(v4, SIOCGIFFLAGS, struct.pack("16s16x", b"lo")))[0]
    fcntl.ioctl(v4, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", flags | IFF_UP))
    for number, address in enumerate(V4):
        name = f"lo:{number}".encode()
        fcntl.ioctl(v4, SIOCSIFADDR, struct.pack("16sHH4s8x", name, socket.AF_INET, 0, socket.inet_aton(address)))
    for address in V6:
        packed = socket.inet_pton(socket.AF_INET6, address)
        fcntl.ioctl(v6, SIOCSIFADDR, struct.pack("16sIi", packed, 128, socket.if_nametoindex("lo")))


def serve(kind, address):
    server = prepare(kind((address, 80), Handler))
    threading.Thread(target=server.serve_forever, daemon=True).start()


def main():
    add_addresses()
    for address in V4:
        serve(http.server.ThreadingHTTPServer, address)
    for address in V6:
        serve(V6Server, address)
    sys.exit(subprocess.run(sys.argv[1:], check=False).returncode)


if __name__ == "__main__":
    main()
