SELECT hash, kind, keeps_calls, tail FROM ops.suppressed;
