# file: node/platform.c
# A question too many is left without an answer.
# killed by: test_node_platform
s/^		answer_put(self,$/		if (false) answer_put(self,/
