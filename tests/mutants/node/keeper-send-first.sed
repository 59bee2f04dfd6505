# file: node/keeper.c
# Votes are sent before they are durable.
# killed by: test_node_keeper
s/^		SR_TRY(persist(self, fx + from, to - from));$/		size_t first = from, many = to - from;/
/^enum sr_error keeper_run/,/^}/{/^				return SR_OK;$/{n;s/^		}$/		}\n		SR_TRY(persist(self, fx + first, many));/
}
}
