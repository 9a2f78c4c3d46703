"""The HTTP side: webhooks in, live answers out."""
