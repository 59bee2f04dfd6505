/*
 * Operations at a pace. Requests are made ahead and answers judged afterwards: in between this
 * process only moves bytes, so that as much of the machine as can be is left to the cluster.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/load/account.h"
#include "tests/load/load.h"

#define AHEAD_PER_S 3000.0               /* made ahead, closed pace: of all */
#define AHEAD_EACH_PER_S 200.0           /* ... and of each client */

struct queue {
	struct account account;
	struct asked *list;
	uint32_t n, room, at;            /* at: under way, or the next one */
	uint32_t member;
};

struct minting {
	struct client *c;
	struct wire_server servers[SR_MEMBERS_MAX];
	struct queue *queues;
	uint32_t clients;
	uint64_t late;                   /* made while it was measured */
};

static void one_more(struct minting *m, struct queue *q)
{
	if (q->n == q->room) {
		q->room = q->room == 0 ? 16 : 2 * q->room;
		q->list = realloc(q->list, q->room * sizeof *q->list);
		load_must(q->list != NULL ? SR_OK : SR_ERR_NO_MEMORY, "requests");
	}
	account_mint(&q->list[q->n], &q->account, m->c);
	asked_seal(&q->list[q->n], m->c, &m->servers[q->member]);
	q->n++;
}

static void ahead(struct minting *m, const struct pace *pace)
{
	double s = pace->warm_s + pace->run_s, each = AHEAD_PER_S * s / pace->clients;

	if (pace->rate > 0)
		each = pace->rate * s / pace->clients + 4;
	else if (each > AHEAD_EACH_PER_S * s)
		each = AHEAD_EACH_PER_S * s;
	for (uint32_t i = 0; i < m->clients; i++) {
		load_must(key_new(&m->queues[i].account.key, VAULT_ACCOUNT_ED25519), "a key");
		m->queues[i].member = i % m->c->epoch->n;
		while (m->queues[i].n < (uint32_t)each)
			one_more(m, &m->queues[i]);
	}
}

/* Once more: sealed anew, for another member. */
static void elsewhere(struct minting *m, struct queue *q)
{
	q->member = (q->member + 1) % m->c->epoch->n;
	asked_seal(&q->list[q->at], m->c, &m->servers[q->member]);
}

static bool next(void *ctx, struct wire *wire, uint32_t client, bool again,
    const uint8_t **request, size_t *n)
{
	struct minting *m = ctx;
	struct queue *q = &m->queues[client];

	if (again) {
		elsewhere(m, q);
	} else if (q->at == q->n) {
		one_more(m, q);
		m->late++;
	}
	wire_lead(wire, client, &m->servers[q->member]);
	*request = q->list[q->at].http;
	*n = q->list[q->at].http_n;
	return true;
}

static const struct wire_server *server(void *ctx, uint32_t client)
{
	struct minting *m = ctx;

	return &m->servers[m->queues[client].member];
}

static enum pace_verdict answer(void *ctx, const struct wire_answer *answer)
{
	struct minting *m = ctx;
	struct queue *q = &m->queues[answer->connection];

	if (asked_passing(answer))
		return PACE_AGAIN;
	load_must(asked_keep(&q->list[q->at++], answer), "an answer");
	return PACE_GOOD;
}

/* How many were not final after all: members' signed answers say so. */
static uint64_t judge(struct minting *m)
{
	struct vault_receipt receipt;
	uint64_t wrong = 0;

	for (uint32_t i = 0; i < m->clients; i++) {
		for (uint32_t k = 0; k < m->queues[i].at; k++) {
			enum sr_error error =
			    asked_judge(&m->queues[i].list[k], m->c, &receipt);

			if (error != SR_OK && wrong++ == 0)
				fprintf(stderr, "load: an operation: %s\n",
				    sr_error_name((unsigned)error));
		}
	}
	return wrong;
}

static void clear(struct minting *m)
{
	for (uint32_t i = 0; i < m->clients; i++) {
		for (uint32_t k = 0; k < m->queues[i].n; k++)
			asked_clear(&m->queues[i].list[k]);
		free(m->queues[i].list);
		key_free(m->queues[i].account.key);
	}
	free(m->queues);
}

int load_mint(const char *cluster, const struct pace *pace)
{
	static struct worker w;
	struct minting m = { .clients = pace->clients };
	struct pace_source source = { &m, next, answer, server };
	struct pace_result result;
	char more[96];
	uint64_t wrong;

	load_worker_open(&w, cluster, 0);
	m.c = w.c;
	m.queues = calloc(pace->clients, sizeof *m.queues);
	load_must(m.queues != NULL ? SR_OK : SR_ERR_NO_MEMORY, "clients");
	account_servers(m.servers, w.c);
	ahead(&m, pace);
	load_must(pace_run(&result, pace, &source), "the load");
	wrong = judge(&m);
	snprintf(more, sizeof more, ",\"wrong\":%" PRIu64 ",\"late\":%" PRIu64, wrong, m.late);
	pace_print(&result, more);
	pace_clear(&result);
	clear(&m);
	load_worker_close(&w);
	return wrong == 0 ? 0 : 1;
}
