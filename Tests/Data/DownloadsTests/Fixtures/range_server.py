#!/usr/bin/env python3
"""Serves the files of a directory over HTTP for the tests of downloads, and misbehaves on request.

    range_server.py DIRECTORY LOG

Prints its port. Appends "<path> <Range header or ->" to LOG for each request. By the first part of the path:
/ok/ obeys ranges, /break/ sends half of what is left and closes, /whole/ ignores ranges.
Needs nothing but Python 3.
"""
import http.server
import os
import sys

DIRECTORY, LOG = sys.argv[1:3]


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        wanted = self.headers.get("Range")
        with open(LOG, "a") as log:
            log.write(f"{self.path} {wanted or '-'}\n")
        manner, name = self.path.strip("/").split("/", 1)
        try:
            with open(os.path.join(DIRECTORY, os.path.basename(name)), "rb") as file:
                data = file.read()
        except OSError:
            self.send_error(404)
            return
        start = int(wanted.split("=")[1].split("-")[0]) if wanted and manner != "whole" else 0
        if start >= len(data):
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        rest = data[start:]
        self.wfile.write(rest[:(len(rest) + 1) // 2] if manner == "break" and len(rest) > 100 else rest)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
