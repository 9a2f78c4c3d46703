"""What the operator sees once the receiver is ready: URLs, where the data lies, what is next."""

from cli.output import console, for_whoever_reads
from settings import ENV_FILE, Settings

ENDPOINTS = (
    ("a call rings", "client-data"),
    ("the agent asks", "search-data"),
    ("a call ended", "post-call"),
)


def show_banner(settings: Settings, host: str, port: int) -> None:
    """Print the webhook URLs, the folders and the next step; the summary says the rest."""
    with for_whoever_reads():
        _print(settings, host, port)


def _print(settings: Settings, host: str, port: int) -> None:
    shown_host = f"[{host}]" if ":" in host else host
    base = f"http://{shown_host}:{port}"
    console.print(f"\nCallspool is ready on {base}\n", markup=False, style="bold")
    show_webhooks(base)
    console.print(f"  {'is it well?':<15} GET  {base}/health\n", markup=False)
    console.print(f"  events   {settings.payload_storage_path.resolve()}", markup=False)
    console.print(f"  memory   {settings.openmemory_db_path.resolve()}", markup=False)
    if settings.openmemory_mode != "embedded":
        console.print(f"  mirror   {_openmemory(settings)}", markup=False)
    console.print(f"  secrets  {ENV_FILE.resolve()}\n", markup=False)
    console.print("Next: in a second terminal, `uv run run.py simulate` plays two calls.")
    command = "uv run run.py connect --agent AGENT_ID --url https://…"
    console.print(f"Then connect your agent: {command}\n", markup=False)


def show_webhooks(base: str) -> None:
    """Print the three webhook URLs of a server that is reached at `base`."""
    for when, name in ENDPOINTS:
        console.print(f"  {when:<15} POST {base}/webhook/{name}", markup=False)


def _openmemory(settings: Settings) -> str:
    from cli.assembly.openmemory import sdk_database
    from memory.openmemory.server.address import server_url, shown_url

    if settings.openmemory_mode == "remote":
        return f"the OpenMemory server at {shown_url(server_url(settings.openmemory_port))}"
    return f"OpenMemory, {sdk_database(settings).resolve()}"
