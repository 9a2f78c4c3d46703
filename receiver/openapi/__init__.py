"""The description of the HTTP API, in OpenAPI 3.1: data alone, one module for each area."""
