"""What is said about an OpenMemory SDK that cannot be used, with what to do."""

_COMMIT = "7a5e7c8215138ab158895250acbcbef3e4c62a95"  # 1.3.2, the last one with an engine

INSTALL = (
    'pip install "openmemory-py @ git+https://github.com/CaviraOSS/OpenMemory'
    f'@{_COMMIT}#subdirectory=packages/openmemory-py" python-dotenv PyYAML'
)

_ELSE = (
    "Or set OPENMEMORY_MODE=remote for an OpenMemory server, "
    "or OPENMEMORY_MODE=embedded to do without."
)

NOT_INSTALLED = (
    "OPENMEMORY_MODE=local needs the OpenMemory SDK, 1.3.x, in this Python: "
    f"{INSTALL} (the package registry does not have it). {_ELSE}"
)

TOO_OLD = (
    "this OpenMemory SDK is 1.2 or older: it only finds the newest 1000 memories of all "
    f"callers together. Use 1.3.x: {INSTALL}. {_ELSE}"
)

BRIDGE = (
    "this OpenMemory SDK is 2.x, a client of a LongMemory server: it cannot list or delete "
    "the memories of a caller, nor recall for one caller only. "
    f"Use 1.3.x: {INSTALL}. {_ELSE}"
)

UNKNOWN = (
    "the module 'openmemory' in this Python is not the OpenMemory SDK, 1.3.x. "
    f"Uninstall it, then: {INSTALL}. {_ELSE}"
)

OTHER_DATABASE = (
    "the OpenMemory SDK uses another database than it was told: remove [db] url from the "
    "openmemory.toml beside the database"
)

_PACKAGES = {
    "dotenv": "python-dotenv",
    "yaml": "PyYAML",
    "bs4": "beautifulsoup4",
    "github": "PyGithub",
    "googleapiclient": "google-api-python-client",
    "notion_client": "notion-client",
    "pkg_resources": "'setuptools<81'",
}


def missing_module(name: str) -> str:
    """Return what to do about a module that the SDK needs and cannot import; "" if unknown."""
    module = name.partition(".")[0]
    if not module or module == "openmemory":
        return f"the OpenMemory SDK cannot be imported: install it again: {INSTALL}. {_ELSE}"
    package = _PACKAGES.get(module, module)
    return (
        f"the OpenMemory SDK needs the module '{module}', which is not installed: "
        f"pip install {package}. {_ELSE}"
    )
