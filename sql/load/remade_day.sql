-- All facts of the day have been made again: by the account's settings.
UPDATE ops.days SET made_for = NULL
 WHERE account = :account AND stream = :stream AND call_date = :day AND made_for IS NOT NULL;
