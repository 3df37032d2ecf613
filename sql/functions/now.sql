-- The clock by which everything goes: the database's, which all hosts share. Tests put a clock of theirs here.
CREATE OR REPLACE FUNCTION ops.now() RETURNS timestamptz LANGUAGE sql AS 'SELECT clock_timestamp()';
