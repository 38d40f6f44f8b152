"""The PyTorch back-end: a program as one readable module."""
