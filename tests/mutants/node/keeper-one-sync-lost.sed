# file: node/keeper.c
# A stretch is synced only when its last record asks for it.
# killed by: test_node_keeper
s/sync = sync || fx\[i\].number == 1;/sync = fx[i].number == 1;/
