"""Asks servers, and says how they answer."""
import json
import os
import re
import statistics
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))


def spread(values, digits=1):
    return f"{statistics.median(values):,.{digits}f} ({min(values):,.{digits}f} to {max(values):,.{digits}f}, n = {len(values)})"


def wrk(server, clients, seconds, bodies=None):
    """wrk with one thread: each client asks again when it has its answer."""
    before, mine = server.processor_seconds(), os.times()
    output = subprocess.run(
        ["wrk", "-t1", f"-c{clients}", f"-d{seconds}s", "--timeout", "60s", "-s", os.path.join(HERE, "post.lua"),
         f"http://{server.host}:{server.port}"], check=True, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "BODIES": bodies or server.bodies, "TARGET": server.path}).stdout
    figures = json.loads(re.search(r"^\{.*\}$", output, re.MULTILINE).group(0))
    if figures["bad_status"] or figures["lost"]:
        raise SystemExit(f"{server.path} fails under load: {figures}")
    figures["per_second"] = figures["requests"] / figures["seconds"]
    times = os.times()
    used = times.children_user + times.children_system - mine.children_user - mine.children_system
    figures["generator_processors"] = used / figures["seconds"]
    figures["server_processors"] = (server.processor_seconds() - before) / figures["seconds"]
    return figures


def open_loop(program, server, clients, rate, seconds, *arguments, bodies=None):
    """Requests at fixed times over `clients` connections; at rate 0 as wrk does it."""
    output = subprocess.run(
        [program, str(server.port), server.path, bodies or server.bodies, str(clients), str(rate), str(seconds),
         *[str(argument) for argument in arguments]], check=True, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "OPEN_LOOP_HOST": server.host}).stdout
    return json.loads(output)
