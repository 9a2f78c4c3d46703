"""`run.py backup`, `restore` and `import`."""
