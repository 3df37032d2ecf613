-- All is in it, and nobody who was forgotten.
DROP TABLE public.unfinished_restore;
