"""What is particular to the voice platform: signatures, payloads, identity and answers. No I/O."""
