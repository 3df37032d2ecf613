"""What a vendor's module is made of: what it declares, paging, mapping values."""
