# file: node/keeper.c
# After a failed write the effects behind it are carried out.
# killed by: test_node_keeper
s/^		SR_TRY(persist(self, fx + from, to - from));$/		(void)!persist(self, fx + from, to - from);/
