/*
 * tests/load/pace.h - clients at a pace, measured. Closed: each has one request under way and makes
 * the next when it is answered. Open: requests are due at a rate, whoever is free takes them, and a
 * request's time runs from when it was due: one that waited behind a slow one shows it.
 */
#ifndef SR_TESTS_LOAD_PACE_H
#define SR_TESTS_LOAD_PACE_H

#include "tests/load/wire.h"

#define PACE_PAUSE_US 50000u             /* before a request is made once more */

enum pace_verdict { PACE_GOOD, PACE_AGAIN, PACE_BAD };

/* What is asked. */
struct pace_source {
	void *ctx;
	/* The client's next request; again: the one that failed, once more. False: it has none. May
	 * lead its connection elsewhere. */
	bool (*next)(void *ctx, struct wire *wire, uint32_t client, bool again,
	    const uint8_t **request, size_t *n);
	enum pace_verdict (*answer)(void *ctx, const struct wire_answer *answer);
	/* Where a client's connection leads at first. All are made before the time begins (may be
	 * NULL: as they are needed). */
	const struct wire_server *(*server)(void *ctx, uint32_t client);
};

struct pace {
	uint32_t clients;
	double rate;                     /* 0: closed */
	double warm_s, run_s;            /* run_s 0: until the source has no more */
};

struct pace_result {
	double seconds;                  /* of the window */
	uint64_t good, bad, again;       /* that ended in it */
	double cpu_s;                    /* this process's, in the window */
	uint32_t *us;                    /* of each good one that began in it; sorted */
	size_t us_n, us_room;
	uint64_t behind;                 /* open: requests due that nobody had taken at the end */
};

/* NO_MEMORY, IO. */
SR_MUST_CHECK enum sr_error pace_run(struct pace_result *out, const struct pace *pace,
    const struct pace_source *source);
/* For what is measured otherwise and printed alike. */
void pace_sample(struct pace_result *self, uint64_t us);
void pace_sort(struct pace_result *self);
/* ms of that share (0.5: the median); 0 when there are none. */
double pace_share(const struct pace_result *self, double share);
/* One line of JSON on stdout; more: further members, with a comma in front, or "". */
void pace_print(const struct pace_result *self, const char *more);
void pace_clear(struct pace_result *self);

#endif
