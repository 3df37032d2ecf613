-- A table of facts, as sql/facts describes it.
CREATE TABLE facts.{table} (
    {definitions},
    PRIMARY KEY ({key})
) PARTITION BY RANGE (call_date);
{indexes}
COMMENT ON TABLE facts.{table} IS {meaning};
{comments}
