"""Reading a window: the right to read it, how large it may be, its answers, and the read itself."""
