UPDATE ops.streams SET piece_s = :piece_s WHERE account = :account AND stream = :stream;
