"""A trained model on disk: safe to open, verified when it is loaded."""
