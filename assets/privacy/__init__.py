"""Personal data of people who ask: it is erased, or exported for them."""
