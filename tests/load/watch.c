/* When changes start and epochs begin, as the members tell it in block time. */
#include "tests/load/load.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "enclave/client_roster.h"

#define LOOK_MS 50u

struct watch {
	struct client_roster *now;
	uint64_t epoch, target, started_ms;
	uint32_t attempts;
};

/* Of whoever is asked first; the next one when he does not answer, or is behind. */
static bool look(struct watch *v, struct client *c)
{
	struct sr_reader r;
	uint8_t *answer = NULL;
	size_t n = 0;
	bool good = false;

	if (client_public(c, CLIENT_ROSTER, c->order[0], (struct sr_bytes){ NULL, 0 }, &answer, &n,
		2000) == SR_OK) {
		sr_reader_init(&r, answer, n);
		client_roster_read(v->now, &r);
		good = sr_reader_finish(&r) == SR_OK && v->now->epoch >= v->epoch;
	}
	client_answer_free(answer, n);
	return good;
}

static void note(struct watch *v, struct worker *w)
{
	const struct client_roster *r = v->now;
	char text[160];

	if (r->epoch > v->epoch && v->epoch > 0)
		load_line(w, text, snprintf(text, sizeof text,
		    "%" PRIu64 " %" PRIu64 " %" PRIu64 " %u %u\n", r->epoch,
		    v->target == r->epoch ? v->started_ms : r->began_ms, r->began_ms, r->members_n,
		    v->attempts));
	v->epoch = r->epoch;
	v->attempts = r->attempts;
	if (r->changing) {
		v->target = r->change.target;
		v->started_ms = r->change.started_ms;
	}
}

static bool watch(struct worker *w, void *ctx)
{
	struct watch v = { .now = malloc(sizeof *v.now) };

	(void)ctx;
	if (v.now == NULL)
		load_die("memory");
	while (!load_ending) {
		load_begin(w);
		if (look(&v, w->c)) {
			if (v.now->epoch > w->c->epoch->epoch)
				(void)client_epoch_moved(w->c);
			note(&v, w);
			cli_pause_ms(LOOK_MS);
		} else {
			(void)client_epoch_moved(w->c);
			client_rotate(w->c);
		}
	}
	free(v.now);
	return true;
}

int load_watch(const char *cluster, const char *log)
{
	return load_workers(cluster, log, 1, watch, NULL, NULL);
}
