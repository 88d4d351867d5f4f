"""Networks over DNA, in PyTorch: one file an architecture."""
