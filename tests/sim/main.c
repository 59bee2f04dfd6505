/* The simulator's command line: seeds in, violations out. `sim --seed N --verbose` replays one. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/hex.h"
#include "tests/sim/fake_crypto.h"
#include "tests/sim/sim.h"

/* Seeds that once found a defect; each --seeds run begins with them. */
static const uint64_t regressions[] = {
	236,    /* a CLOSE block that was final only through a descendant, after restarts */
	503, 1359, /* a member left behind in the closed epoch */
};

struct totals {
	uint64_t seeds, failed, events, messages, crashes, lies, releases, acknowledged, blocks,
	    simulated_ms;
	struct sr_hash32 traces;        /* over the traces of all seeds */
};

static bool run_seed(const struct sim_options *o, struct totals *t)
{
	struct sim *s = malloc(sizeof *s);
	char trace[65];
	SR_ASSERT(s != NULL);
	enum sr_error err = sim_init(s, o);
	SR_ASSERT(err == SR_OK);
	uint32_t n = s->n;
	bool ok = sim_run(s);
	sr_hex_encode(trace, s->trace.b, sizeof s->trace.b);
	t->seeds++;
	t->events += s->events;
	t->messages += s->messages;
	t->crashes += s->crashes;
	t->lies += s->lies;
	t->releases += s->releases;
	t->acknowledged += s->acknowledged;
	t->blocks += s->final_top;
	t->simulated_ms += s->now_us / 1000;
	struct sr_bytes traces[2] = { { t->traces.b, 32 }, { s->trace.b, 32 } };
	t->traces = sr_hash_domain("traces", traces, 2);
	if (!ok) {
		t->failed++;
		printf("VIOLATION seed %llu n %u: %s\n  replay: %s --seed %llu --verbose\n",
		    (unsigned long long)o->seed, n, s->violation,
		    fake_crypto_linked != NULL ? "sim_fast" : "sim",
		    (unsigned long long)o->seed);
	} else if (o->verbose) {
		printf("seed %llu n %u: ok, %llu blocks, trace %.16s\n",
		    (unsigned long long)o->seed, n, (unsigned long long)s->final_top, trace);
	}
	sim_clear(s);
	free(s);
	return ok;
}

/* The same program is linked with either; a run must not be taken for one of the other kind. */
static const char *cryptography(void)
{
	return fake_crypto_linked != NULL ? fake_crypto_linked : "real";
}

static void usage(void)
{
	puts(
	    "usage: sim [--seeds N] [--first N] | --seed N [--verbose]\n"
	    "           [--members N] [--fault-ms MS] [--heal-ms MS] [--calm] [--until-violation]\n"
	    "       sim --version");
}

int main(int argc, char **argv)
{
	static const struct option table[] = {
		{ "seeds", required_argument, NULL, 'n' },
		{ "seed", required_argument, NULL, 's' },
		{ "first", required_argument, NULL, 'f' },
		{ "members", required_argument, NULL, 'm' },
		{ "fault-ms", required_argument, NULL, 'F' },
		{ "heal-ms", required_argument, NULL, 'H' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "calm", no_argument, NULL, 'c' },
		{ "until-violation", no_argument, NULL, 'u' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct sim_options o = { .fault_ms = 0 };
	struct totals t = { 0 };
	uint64_t first = 1, seeds = 20;
	bool until = false;
	int c;
	while ((c = getopt_long(argc, argv, "h", table, NULL)) != -1) {
		switch (c) {
		case 'n': seeds = strtoull(optarg, NULL, 10); break;
		case 's': first = strtoull(optarg, NULL, 10); seeds = 1; break;
		case 'f': first = strtoull(optarg, NULL, 10); break;
		case 'm': o.n = (uint32_t)strtoul(optarg, NULL, 10); break;
		case 'F': o.fault_ms = strtoull(optarg, NULL, 10); break;
		case 'H': o.heal_ms = strtoull(optarg, NULL, 10); break;
		case 'v': o.verbose = true; break;
		case 'c': o.calm = true; break;
		case 'u': until = true; break;
		case 'V': printf("sim, cryptography: %s\n", cryptography()); return 0;
		case 'h': usage(); return 0;
		default: usage(); return 2;
		}
	}
	if (o.n > SIM_NODES_MAX || sr_crypto_init() != SR_OK) {
		usage();
		return 2;
	}
	struct timespec a, b;
	clock_gettime(CLOCK_MONOTONIC, &a);
	for (size_t i = 0; i < sizeof regressions / sizeof regressions[0] && seeds > 1; i++) {
		o.seed = regressions[i];
		run_seed(&o, &t);
	}
	for (uint64_t seed = first; seed < first + seeds && !(until && t.failed > 0); seed++) {
		o.seed = seed;
		run_seed(&o, &t);
		fflush(stdout);
	}
	clock_gettime(CLOCK_MONOTONIC, &b);
	double wall = (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) / 1e9;
	char traces[65];
	sr_hex_encode(traces, t.traces.b, sizeof t.traces.b);
	printf("%llu seeds from %llu: %llu violations; %llu blocks, %llu events, "
	       "%llu messages, %llu crashes, %llu lies, "
	       "%llu acknowledged, %llu opened; %.0f simulated s in %.1f s (%.0fx); "
	       "traces %.16s; cryptography: %s\n",
	    (unsigned long long)t.seeds, (unsigned long long)first,
	    (unsigned long long)t.failed, (unsigned long long)t.blocks,
	    (unsigned long long)t.events, (unsigned long long)t.messages,
	    (unsigned long long)t.crashes, (unsigned long long)t.lies,
	    (unsigned long long)t.acknowledged, (unsigned long long)t.releases,
	    (double)t.simulated_ms / 1000, wall, (double)t.simulated_ms / 1000 / wall, traces,
	    cryptography());
	return t.failed == 0 ? 0 : 1;
}
