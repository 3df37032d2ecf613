"""Landing a batch: what of it changed, its mapping to facts, the writing, one transaction."""
