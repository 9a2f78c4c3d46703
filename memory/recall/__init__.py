"""Recall: from a question in words to the memories of one caller that answer it."""
