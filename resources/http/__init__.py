"""How vendors are asked: permits, connections, answers and what went wrong with them."""
