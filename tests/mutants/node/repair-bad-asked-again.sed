# file: node/repair.c
# who gave other bytes is asked for the next piece as well
# killed by: test_node_repair
s/p->away_until_ms = now_ms() + away_ms(err);/p->failures = 0;/
