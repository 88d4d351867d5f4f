"""Training of networks over DNA, in PyTorch."""
