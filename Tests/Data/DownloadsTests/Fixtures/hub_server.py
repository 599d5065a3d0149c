#!/usr/bin/env python3
"""Serves a directory as the Hugging Face hub serves repositories, and misbehaves on request.

    hub_server.py DIRECTORY LOG [CERTIFICATE KEY]

Prints its port. Speaks TLS where it is given a certificate. Appends "METHOD PATH RANGE TOKEN" to LOG for each request, with - for none.
Paths are /MANNER/OWNER/NAME/resolve/REVISION/FILE. Files of 200 bytes and more are large: their answer is a redirect to /cdn/MANNER/FILE
with X-Linked-Etag, their SHA-256; smaller ones have Git's SHA-1 as ETag. MANNER: ok; lies (about hashes); page (HTML with status 200);
bare (no hash); break (half of what is left, then the end); plain (redirects large files to http://); later (redirects to plain only when
the file is asked for); foreign (redirects without a hash); gated; gone; long (a size beyond all); failing (503); loop.
Needs nothing but Python 3.
"""
import hashlib
import http.server
import os
import ssl
import sys

DIRECTORY, LOG = sys.argv[1:3]


class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self, status, body=b"", **fields):
        self.send_response(status)
        for name, value in fields.items():
            self.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in fields:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def do_HEAD(self):
        with open(LOG, "a") as log:
            log.write(f"{self.command} {self.path} {self.headers.get('Range', '-')} {self.headers.get('Authorization', '-')}\n")
        parts = self.path.strip("/").split("/")
        is_content = parts[0] == "cdn"
        manner = parts[1] if is_content else parts[0]
        refused = {"gated": (401, {"X_Error_Code": "GatedRepo"}), "gone": (404, {"X_Error_Code": "RepoNotFound"}),
                   "failing": (503, {})}.get(manner)
        if refused:
            return self.answer(refused[0], **refused[1])
        if manner == "page":
            return self.answer(200, b"<html>log in</html>", Content_Type="text/html")
        if manner == "loop":
            return self.answer(307, Location=self.path)
        if manner == "foreign":
            return self.answer(302, Location="http://127.0.0.2:1/x")
        try:
            with open(os.path.join(DIRECTORY, parts[-1]), "rb") as file:
                data = file.read()
        except OSError:
            return self.answer(404, X_Error_Code="EntryNotFound")
        if is_content:
            return self.content(data, manner)
        if len(data) >= 200:
            digest = "0" * 64 if manner == "lies" else hashlib.sha256(data).hexdigest()
            size = 1 << 50 if manner == "long" else len(data)
            place = f"/cdn/{manner}/{parts[-1]}"
            if manner == "plain" or manner == "later" and self.command == "GET":
                place = f"http://127.0.0.1:{self.server.server_port}{place}"
            return self.answer(302, Location=place, X_Linked_Etag=f'"{digest}"', X_Linked_Size=str(size), ETag='"other"')
        digest = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
        if manner == "bare":
            return self.answer(200, data)
        self.content(data, manner, ETag=f'"{digest}"')

    do_GET = do_HEAD

    def content(self, data, manner, **fields):
        wanted = self.headers.get("Range")
        start = int(wanted.split("=")[1].split("-")[0]) if wanted else 0
        rest = data[start:]
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        for name, value in fields.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(rest)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(rest[:(len(rest) + 1) // 2] if manner == "break" and len(rest) > 100 else rest)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
if len(sys.argv) > 3:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[3], sys.argv[4])
    server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_port, flush=True)
server.serve_forever()
