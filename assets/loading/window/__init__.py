"""Reading a window: how large it may be, its answers, the read itself, and its end."""
