-- Whether a day has rows of records after :after, in the order of their keys.
SELECT EXISTS (SELECT FROM facts.{table} t
                WHERE t.call_date = :day AND t.account = :account AND t.stream = :stream
                  AND {record_key:t} > :after) AS has_facts;
