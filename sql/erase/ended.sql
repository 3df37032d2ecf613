-- Erasures of which nothing was left: after a restore of what was dumped before their end something is.
SELECT hash, began_at FROM ops.erasures WHERE ended_at IS NOT NULL;
