SELECT hash, began_at FROM ops.erasures;
