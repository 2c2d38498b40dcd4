"""Small neural networks that run in numpy."""
