DELETE FROM ops.reads WHERE id = :id;
