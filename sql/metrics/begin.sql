-- One moment for all figures; whoever collects them keeps nobody waiting.
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY;
SET LOCAL statement_timeout = '5s';
