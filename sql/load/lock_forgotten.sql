-- Whoever writes a text down that may quote somebody has it, and whoever forgets somebody: either the text
-- is written without them, or it is there when it is looked for.
SELECT ops.lock('forgotten');
