/* Connections to one member that say nothing, until SIGTERM. Prints how many it holds once all were
 * tried, and how many it still holds at the end. */
#include <stdio.h>

#include "tests/load/account.h"
#include "tests/load/load.h"

static void say(const struct wire *wire, uint32_t connections)
{
	uint32_t held = wire_quiet(wire);

	printf("{\"held\":%u,\"lost\":%u}\n", held, connections - held);
	fflush(stdout);
}

/* Nothing was asked, so there is nothing to hear. */
static void take(void *ctx, const struct wire_answer *answer)
{
	(void)ctx;
	(void)answer;
}

int load_idle(const char *cluster, uint32_t member, uint32_t connections)
{
	static struct worker w;
	static struct wire_server servers[SR_MEMBERS_MAX];
	struct wire *wire;

	load_worker_open(&w, cluster, 0);
	load_must(member < w.c->epoch->n ? SR_OK : SR_ERR_OUT_OF_RANGE, "a member");
	account_servers(servers, w.c);
	load_must(wire_new(&wire, connections), "connections");
	for (uint32_t i = 0; i < connections; i++)
		wire_lead(wire, i, &servers[member]);
	(void)wire_connect_all(wire);
	say(wire, connections);
	while (!load_ending)
		wire_turn(wire, 100, take, NULL);
	say(wire, connections);
	wire_free(wire);
	load_worker_close(&w);
	return 0;
}
