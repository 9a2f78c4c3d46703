"""nginx and Caddy with the files of `deploy/`, in front of a server of the test's."""

import asyncio
import json
import os
import shutil
import ssl
import subprocess
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import ClientConnectionError, ClientSession, TCPConnector

from tests.program import free_port

DEPLOY = Path(__file__).parent.parent / "deploy"
# What a site file is included into; in the foreground, and with every file in one folder.
NGINX_CONF = """
{user}daemon off;
pid {folder}/nginx.pid;
error_log {folder}/log warn;
worker_processes 1;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/callspool.conf;
}}
"""
START_SECONDS = 20.0


@asynccontextmanager
async def in_front_of(upstream_port, folder, *, kind):
    """Run `kind`, "nginx" or "caddy", before a server of this machine; yield a session to it."""
    if shutil.which(kind) is None:
        pytest.skip(f"{kind} is not installed")
    folder.mkdir()
    port = free_port()
    prepare = {"nginx": _nginx, "caddy": _caddy}[kind]
    command, environment, base = prepare(folder, port, upstream_port)
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        async with ClientSession(base, connector=TCPConnector(ssl=False)) as client:
            await _until_it_answers(client, process, folder / "log")
            yield client
    finally:
        process.terminate()
        process.wait(30)
    await asyncio.sleep(0)


async def _until_it_answers(client, process, log):
    deadline = asyncio.get_running_loop().time() + START_SECONDS
    while asyncio.get_running_loop().time() < deadline and process.poll() is None:
        try:
            async with client.get("/metrics", headers=HOST) as response:
                await response.read()
        except ClientConnectionError:
            await asyncio.sleep(0.05)
        else:
            return
    raise AssertionError(log.read_text("utf-8", "replace"))


HOST = {"Host": "callspool.example.com"}


def _nginx(folder, port, upstream_port):
    """The site file with other ports and another certificate; all else as it is."""
    _certificate(folder)
    text = (DEPLOY / "nginx/callspool.conf").read_text("utf-8")
    for written, here in (
        ("listen 80;", f"listen 127.0.0.1:{free_port()};"),
        ("listen [::]:80;", ""),
        ("listen 443 ssl;", f"listen 127.0.0.1:{port} ssl;"),
        ("listen [::]:443 ssl;", ""),
        ("/etc/letsencrypt/live/callspool.example.com", str(folder)),
        ("127.0.0.1:8080", f"127.0.0.1:{upstream_port}"),
    ):
        assert written in text
        text = text.replace(written, here)
    (folder / "callspool.conf").write_text(text, "utf-8")
    user = "user root;\n" if os.geteuid() == 0 else ""  # who else may not read the test's folder
    (folder / "nginx.conf").write_text(NGINX_CONF.format(folder=folder, user=user), "utf-8")
    command = ["nginx", "-p", str(folder), "-e", str(folder / "log")]
    return [*command, "-c", str(folder / "nginx.conf")], None, f"https://127.0.0.1:{port}"


def _certificate(folder):
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "2", "-subj", "/CN=callspool.example.com"),
            *("-keyout", str(folder / "privkey.pem"), "-out", str(folder / "fullchain.pem")),
        ],
        check=True,
        capture_output=True,
    )
    ssl.create_default_context().load_verify_locations(folder / "fullchain.pem")


def _caddy(folder, port, upstream_port):
    """The Caddyfile as it is, for a plain port of 127.0.0.1, and without its control port."""
    base = f"http://127.0.0.1:{port}"
    environment = {
        **os.environ,
        "HOME": str(folder),
        "XDG_DATA_HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder),
        "CALLSPOOL_DOMAIN": f"http://:{port}",
        "CALLSPOOL_UPSTREAM": f"127.0.0.1:{upstream_port}",
    }
    adapted = subprocess.run(
        ["caddy", "adapt", "--config", str(DEPLOY / "caddy/Caddyfile")],
        env=environment,
        check=True,
        capture_output=True,
    )
    config = {**json.loads(adapted.stdout), "admin": {"disabled": True}}
    [site] = config["apps"]["http"]["servers"].values()
    assert site["listen"] == [f":{port}"]
    site["listen"] = [f"127.0.0.1:{port}"]
    (folder / "caddy.json").write_text(json.dumps(config), "utf-8")
    return ["caddy", "run", "--config", str(folder / "caddy.json")], environment, base
