SELECT set_config('statement_timeout', :timeout, true), set_config('timezone', 'UTC', true)
