/*
 * tests/bench/consensus.c - what agreement costs in computing: n instances in one thread, a
 * network without delay, a log in memory. On real machines the n parts run side by side, and the
 * network and the disk's sync come on top.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "consensus/internal.h"
#include "tests/lib/consensus_fleet.h"

#define BLOCKS_MAX 4096u

struct run {
	uint64_t proposed_ns[BLOCKS_MAX], final_ns[BLOCKS_MAX];
	uint64_t height[FLEET_MAX], blocks;
};

static struct run run;

static uint64_t clock_ns(void)
{
	struct timespec t;

	SR_ASSERT(clock_gettime(CLOCK_MONOTONIC, &t) == 0);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static bool proposal_note(struct fleet *c, uint32_t from, uint32_t to, const uint8_t *msg, size_t n)
{
	uint64_t height = fleet_height(c, from) + 1;

	(void)to;
	if (n > 2 && msg[1] == CONS_PROPOSE && height < BLOCKS_MAX && run.proposed_ns[height] == 0)
		run.proposed_ns[height] = clock_ns();
	return false;
}

static bool final_note(struct fleet *c, void *ctx)
{
	(void)ctx;
	for (uint32_t i = 0; i < c->n; i++) {
		uint64_t height = fleet_height(c, i);

		/* The time of the first member that has it final. */
		if (height > run.height[i] && height < BLOCKS_MAX && run.final_ns[height] == 0)
			run.final_ns[height] = clock_ns();
		run.height[i] = height;
	}
	return fleet_height_least(c) >= run.blocks;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void measure(uint32_t n, uint64_t blocks)
{
	static uint64_t took[BLOCKS_MAX];
	struct fleet *c = fleet_new(n, 1);
	uint64_t begin, total;
	size_t samples = 0;

	run = (struct run){ .blocks = blocks };
	c->delay_min_ms = c->delay_max_ms = 0;
	c->slot_ms = 20;
	c->slot_min_ms = 1;
	c->lose = proposal_note;
	fleet_start(c);
	begin = clock_ns();
	SR_ASSERT(fleet_run_until(c, final_note, NULL, blocks * 100));
	total = clock_ns() - begin;
	for (uint64_t h = 1; h <= blocks; h++)
		if (run.proposed_ns[h] != 0 && run.final_ns[h] > run.proposed_ns[h])
			took[samples++] = run.final_ns[h] - run.proposed_ns[h];
	SR_ASSERT(samples > blocks / 2);
	qsort(took, samples, sizeof(took[0]), compare);
	printf("n=%-3u %6.0f finalised empty blocks/s, all %u in one thread; proposal to finality "
	    "median %.2f ms, p99 %.2f ms\n", n, (double)blocks * 1e9 / (double)total, n,
	    (double)took[samples / 2] / 1e6, (double)took[samples * 99 / 100] / 1e6);
	fleet_free(c);
}

int main(void)
{
	if (sr_crypto_init() != SR_OK)
		return 1;
	measure(4, 2000);
	measure(7, 1000);
	measure(13, 300);
	return 0;
}
