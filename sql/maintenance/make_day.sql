SELECT ops.make_day(:day);
