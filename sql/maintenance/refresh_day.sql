SELECT mart, rows, written FROM ops.refresh_day(:day, :always);
