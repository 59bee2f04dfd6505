/* Connections to one member that say nothing, until SIGTERM. Prints how many it holds once all were
 * tried, and again at the end. */
#include <stdio.h>

#include "tests/load/account.h"
#include "tests/load/load.h"

#define AT_ONCE 64u                      /* handshakes under way */

struct idling { uint32_t held, lost, busy; };

static void take(void *ctx, const struct wire_answer *answer)
{
	struct idling *s = ctx;

	s->busy--;
	if (answer->error == SR_OK)
		s->held++;
	else
		s->lost++;
}

static void say(const struct idling *s)
{
	printf("{\"held\":%u,\"refused\":%u}\n", s->held, s->lost);
	fflush(stdout);
}

int load_idle(const char *cluster, uint32_t member, uint32_t connections)
{
	static struct worker w;
	static struct wire_server servers[SR_MEMBERS_MAX];
	struct idling s = { 0 };
	struct wire *wire;
	uint32_t begun = 0;

	load_worker_open(&w, cluster, 0);
	load_must(member < w.c->epoch->n ? SR_OK : SR_ERR_OUT_OF_RANGE, "a member");
	account_servers(servers, w.c);
	load_must(wire_new(&wire, connections), "connections");
	while (!load_ending && s.held + s.lost < connections) {
		while (begun < connections && s.busy < AT_ONCE) {
			wire_lead(wire, begun, &servers[member]);
			wire_connect(wire, begun++);
			s.busy++;
		}
		wire_turn(wire, 100, take, &s);
	}
	say(&s);
	while (!load_ending)
		wire_turn(wire, 100, take, &s);
	wire_free(wire);
	load_worker_close(&w);
	return 0;
}
