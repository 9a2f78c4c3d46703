"""The optional semantic layer: texts to vectors, by a model that the user names."""
