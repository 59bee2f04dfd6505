/*
 * The simulator's command line: seeds in, violations out. `sim --seed N --verbose` replays one,
 * `sim --seed N --shrink` looks for a short schedule that still fails.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/run.h"

/*
 * What once found a defect; each --seeds run begins with them. A seed means another run after the
 * plan or the workload has changed: then the defect is planted again, to find a new one.
 */
static const struct run_regression regressions[] = {
	{ "close-final-by-descendant", { .seed = 236 } },
	{ "left-behind-in-closed-epoch", { .seed = 503 } },
	{ "left-behind-in-closed-epoch", { .seed = 1359 } },
	/* The log's last records were of an epoch that its own certificate had ended. */
	{ "log-goes-on-after-the-close", { .seed = 13345, .stir = 12 } },
	/* The close came out of an archive, and its certificate stood after it in the log. */
	{ "close-out-of-an-archive", { .seed = 50065 } },
	/* Of the simulator itself: it asked a store that was closed. */
	{ "power-cut-as-it-joins", { .seed = 15868 } },
};

static void usage(void)
{
	puts("usage: sim [--seeds N] [--first N] [--jobs J] [--until-violation] [--quiet]\n"
	     "       sim --seed N [--verbose | --story | --shrink]\n"
	     "  what a run is like: [--members N] [--fault-ms MS] [--heal-ms MS] [--calm]\n"
	     "           [--only-faults A,B,...] [--without KIND,...] [--stir N]\n"
	     "       sim --selftest           every invariant, each with its planted fault\n"
	     "       sim --kinds              the faults there are\n"
	     "       sim --version            which cryptography it is linked with");
}

static void kinds_print(void)
{
	for (unsigned k = 0; k < SIM_FAULT_KINDS; k++)
		printf("%-22s %s\n", sim_fault_name((enum sim_fault_kind)k),
		    sim_fault_what((enum sim_fault_kind)k));
}

static bool list_faults(struct sim_options *o, const char *text)
{
	o->has_only = true;
	while (*text != '\0') {
		char *end;
		unsigned long f = strtoul(text, &end, 10);
		if (end == text || f >= SIM_PLAN_MAX || (*end != ',' && *end != '\0'))
			return false;
		o->only[f / 64] |= 1ull << f % 64;
		text = *end == ',' ? end + 1 : end;
	}
	return true;
}

static bool list_kinds(struct sim_options *o, const char *text)
{
	while (*text != '\0') {
		size_t n = strcspn(text, ",");
		unsigned k = 0;
		while (k < SIM_FAULT_KINDS &&
		    (strncmp(sim_fault_name((enum sim_fault_kind)k), text, n) != 0 ||
			sim_fault_name((enum sim_fault_kind)k)[n] != '\0'))
			k++;
		if (k == SIM_FAULT_KINDS)
			return false;
		o->without_kinds |= 1ull << k;
		text += n + (text[n] == ',');
	}
	return true;
}

enum { OPT_ONLY = 256, OPT_WITHOUT, OPT_STIR, OPT_SHRINK, OPT_STORY, OPT_SELFTEST, OPT_KINDS,
	OPT_QUIET, OPT_VERSION };

static bool options_read(struct run_options *r, int argc, char **argv)
{
	static const struct option table[] = {
		{ "seeds", required_argument, NULL, 'n' },
		{ "seed", required_argument, NULL, 's' },
		{ "first", required_argument, NULL, 'f' },
		{ "jobs", required_argument, NULL, 'j' },
		{ "members", required_argument, NULL, 'm' },
		{ "fault-ms", required_argument, NULL, 'F' },
		{ "heal-ms", required_argument, NULL, 'H' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "calm", no_argument, NULL, 'c' },
		{ "until-violation", no_argument, NULL, 'u' },
		{ "only-faults", required_argument, NULL, OPT_ONLY },
		{ "without", required_argument, NULL, OPT_WITHOUT },
		{ "stir", required_argument, NULL, OPT_STIR },
		{ "shrink", no_argument, NULL, OPT_SHRINK },
		{ "story", no_argument, NULL, OPT_STORY },
		{ "selftest", no_argument, NULL, OPT_SELFTEST },
		{ "kinds", no_argument, NULL, OPT_KINDS },
		{ "quiet", no_argument, NULL, OPT_QUIET },
		{ "version", no_argument, NULL, OPT_VERSION },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct sim_options *o = &r->sim;
	bool good = true;
	int c;
	while (good && (c = getopt_long(argc, argv, "h", table, NULL)) != -1) {
		switch (c) {
		case 'n': r->seeds = strtoull(optarg, NULL, 10); break;
		case 's': r->first = strtoull(optarg, NULL, 10); r->single = true; break;
		case 'f': r->first = strtoull(optarg, NULL, 10); break;
		case 'j': r->jobs = (uint32_t)strtoul(optarg, NULL, 10); break;
		case 'm': o->n = (uint32_t)strtoul(optarg, NULL, 10); break;
		case 'F': o->fault_ms = strtoull(optarg, NULL, 10); break;
		case 'H': o->heal_ms = strtoull(optarg, NULL, 10); break;
		case 'v': o->verbose = true; break;
		case 'c': o->calm = true; break;
		case 'u': r->until_violation = true; break;
		case OPT_ONLY: good = list_faults(o, optarg); break;
		case OPT_WITHOUT: good = list_kinds(o, optarg); break;
		case OPT_STIR: o->stir = strtoull(optarg, NULL, 10); break;
		case OPT_SHRINK: r->shrink = true; break;
		case OPT_STORY: r->story = true; break;
		case OPT_SELFTEST: r->selftest = true; break;
		case OPT_KINDS: r->kinds = true; break;
		case OPT_QUIET: r->quiet = true; break;
		case OPT_VERSION: r->version = true; break;
		case 'h': r->help = true; break;
		default: good = false; break;
		}
	}
	return good && optind == argc && o->n <= SIM_NODES_MAX && (o->n == 0 || o->n >= 3) &&
	    r->jobs >= 1 && r->jobs <= RUN_JOBS_MAX;
}

int main(int argc, char **argv)
{
	struct run_options r = { .first = 1, .seeds = 20, .jobs = 2 };
	bool good = options_read(&r, argc, argv);
	if (!good || r.help) {
		usage();
		return good ? 0 : 2;
	}
	if (r.version) {
		printf("sim, cryptography: %s\n", run_cryptography());
		return 0;
	}
	if (r.kinds) {
		kinds_print();
		return 0;
	}
	if (sr_crypto_init() != SR_OK)
		return 2;
	if (r.selftest)
		return run_selftest() ? 0 : 1;
	if (r.shrink)
		return run_shrink(&r.sim, r.first) ? 0 : 1;
	if (r.single)
		return run_single(&r) ? 0 : 1;
	return run_many(&r, regressions, sizeof regressions / sizeof regressions[0]) ? 0 : 1;
}
