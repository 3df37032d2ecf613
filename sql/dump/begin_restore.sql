-- As long as it is there, everybody refuses the database: what is in it may be a part.
CREATE TABLE public.unfinished_restore ();
