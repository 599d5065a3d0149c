#!/usr/bin/env python3
"""serve_files.py ADDRESS PORT SERVER: starts SERVER, which speaks on standard input and output, for each connection."""
import socket
import subprocess
import sys

with socket.create_server((sys.argv[1], int(sys.argv[2]))) as listener:
    while True:
        connection, _ = listener.accept()
        with connection:
            subprocess.Popen([sys.argv[3]], stdin=connection, stdout=connection)
