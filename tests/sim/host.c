/*
 * The host around a core: the product's own keeper (node/keeper.c, log, store with Tokyo Cabinet)
 * on a simulated disk. What a disk may do to an honest member, it must survive; what only a bad one
 * does, it must notice.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "node/file.h"
#include "tests/sim/sim.h"

#define IMAGE_FIRST 64u                 /* disks: processes, then their images */
#define ARCHIVE_BLOCKS 100000u
#define FREE_MIN_BYTES (64u * 1024u * 1024u)
#define WATCH_US 1000000u
#define FOLD_FROM 30000u
#define ASIDE_FROM 2000u

_Static_assert(SIM_PROCESSES_MAX <= IMAGE_FIRST && IMAGE_FIRST * 2 <= DISKS_MAX, "disks");

static const char *path_of(const struct sim_node *node)
{
	static char path[64];

	snprintf(path, sizeof path, DISK_PREFIX "%u", node->process);
	return path;
}

static uint64_t seed_of(const struct sim_node *node, uint64_t salt)
{
	const struct sim_options *o = &node->sim->options;

	return o->seed * 0x9e3779b97f4a7c15ull ^ o->stir << 40 ^ (node->process + 1) * salt;
}

void sim_host_init(struct sim_node *node)
{
	node->host.disk = disk_format(node->process, seed_of(node, 0x100000001b3ull));
	sr_log_set(node->sim->options.verbose ? SR_LOG_WARN : SR_LOG_ERROR, false);
}

void sim_host_identity(struct sim_node *node, const uint8_t *p, size_t n)
{
	SR_ASSERT(file_replace(path_of(node), "identity", p, n) == SR_OK);
}

void sim_host_image(struct sim_node *node)
{
	struct sim_host *h = &node->host;

	if (h->image == NULL)
		h->image = disk_format(IMAGE_FIRST + node->process, seed_of(node, 3));
	disk_copy(h->image, h->disk);
}

void sim_host_copy(struct sim_node *node, const struct disk *from)
{
	disk_copy(node->host.disk, from);
}

/* --- Opening and closing --- */

/* The product says that it will not run on this. An honest disk must not make it say so; whoever
 * has another one looks for a backup, once. */
static void refused(struct sim_node *node, const char *what, const char *why)
{
	struct sim_host *h = &node->host;

	sim_say(node->sim, "node %u refuses its disk: %s: %s", node->index, what, why);
	if (!node->liar) {
		sim_violate(node->sim, "node %u refuses an honest disk: %s: %s", node->index, what,
		    why);
	} else if (h->image != NULL) {
		disk_copy(h->disk, h->image);
		h->image = NULL;
		sim_node_restart_later(node, WATCH_US);
	} else {
		node->dead = true;
	}
}

static bool open_failed(struct sim_node *node, enum sr_error err, const char *note)
{
	struct sim_host *h = &node->host;
	const char *doing = h->keeper.doing;
	bool cut = h->disk->dead;

	keeper_close(&h->keeper, false);
	disk_process_ends(h->disk);
	if (cut || err == SR_ERR_DISK_FULL || err == SR_ERR_IO) {
		sim_say(node->sim, "node %u: %s: %s", node->index, doing,
		    cut ? "power cut" : sr_error_name((unsigned)err));
		sim_node_restart_later(node, WATCH_US);
	} else {
		refused(node, doing, note[0] != '\0' ? note : sr_error_name((unsigned)err));
	}
	return false;
}

static void rates_set(struct sim_node *node)
{
	struct sim *s = node->sim;
	struct disk *d = node->host.disk;

	d->armed = s->faults_on && !s->healed;
	d->rates.cut = s->crash_per_mille * 10;
}

bool sim_host_open(struct sim_node *node)
{
	struct sim_host *h = &node->host;
	char note[NODE_LOG_NOTE_MAX];
	enum sr_error err;

	rates_set(node);
	if (h->disk->dead)
		disk_power_on(h->disk);
	if (!h->open) {
		err = keeper_open(&h->keeper, path_of(node), &node->sim->parsed->chain_id,
		    node->index, ARCHIVE_BLOCKS, note);
		if (err != SR_OK || h->disk->dead)
			return open_failed(node, err, note);
		if (note[0] != '\0')
			sim_say(node->sim, "node %u: %s", node->index, note);
		/* Often: a run's state is small. */
		node_store_fold_from(h->keeper.store, FOLD_FROM);
		node_store_aside_from(h->keeper.store, ASIDE_FROM);
		h->open = true;
	}
	if (h->blocked && keeper_low(&h->keeper, true, file_free_bytes(path_of(node)),
	    FREE_MIN_BYTES)) {
		sim_node_restart_later(node, WATCH_US);
		return false;
	}
	h->blocked = h->low = false;
	return true;
}

void sim_host_close(struct sim_node *node, bool cut)
{
	struct sim_host *h = &node->host;

	if (cut)
		disk_power_cut(h->disk);
	if (h->open)
		keeper_close(&h->keeper, false);
	disk_process_ends(h->disk);
	h->open = h->blocked = false;
	h->disk->cost_us = 0;
}

void sim_host_clear(struct sim_node *node)
{
	if (node->host.disk != NULL)
		sim_host_close(node, true);
}

/* --- Replaying --- */

bool sim_host_next(struct sim_node *node, struct enclave_event *ev, uint8_t **bytes)
{
	struct sim_host *h = &node->host;
	enum sr_error err = keeper_next(&h->keeper, ev, bytes);

	if (err == SR_OK || err == SR_ERR_NOT_FOUND)
		return err == SR_OK;
	if (err == SR_ERR_DAMAGED && !node->liar)
		sim_violate(node->sim, "node %u: %s", node->index, h->keeper.doing);
	sim_say(node->sim, "node %u: %s: %s", node->index, h->keeper.doing,
	    sr_error_name((unsigned)err));
	sim_node_crash(node, false);
	if (err == SR_ERR_DAMAGED)
		refused(node, "replay", sr_error_name((unsigned)err));
	else
		sim_node_restart_later(node, WATCH_US);
	return false;
}

/* --- Effects --- */

void sim_host_check(struct sim_node *node, const struct enclave_effect *fx)
{
	struct sim_host *h = &node->host;
	const struct enclave_effect *list = node->effects.list;

	while (&list[h->looked] != fx) {
		const struct enclave_effect *e = &list[h->looked++];

		if (e->kind == ENCLAVE_FX_CHECKPOINT || e->kind == ENCLAVE_FX_IDENTITY)
			h->owed = false;
		else if (e->kind == ENCLAVE_FX_PERSIST && e->number == 1)
			h->owed = true;
	}
	if (h->owed && disk_loose(h->disk, NODE_LOG_NAME))
		sim_violate(node->sim, "I6: node %u says what its disk may lose", node->index);
	h->owed = false;
}

bool sim_host_effects(struct sim_node *node, keeper_other *other)
{
	struct sim *s = node->sim;
	struct sim_host *h = &node->host;
	enum sr_error err;

	rates_set(node);
	h->looked = 0;
	h->owed = h->ended = false;
	err = keeper_run(&h->keeper, node->effects.list, node->effects.n, other, node);
	if (err == SR_OK && !h->disk->dead && !h->ended && keeper_busy(&h->keeper))
		err = keeper_work(&h->keeper);
	if (h->disk->cost_us > 0) {
		node->busy_until_us = s->now_us + h->disk->cost_us;
		h->disk->cost_us = 0;
	}
	if (h->disk->dead || h->ended) {
		sim_node_crash(node, true);
		sim_node_restart_later(node, 4000000);
	} else if (err != SR_OK) {
		sim_say(s, "node %u: %s: %s", node->index, h->keeper.doing,
		    sr_error_name((unsigned)err));
		if (err == SR_ERR_DISK_FULL)
			sim_node_stop(node);
		else if (err == SR_ERR_IO)
			sim_node_crash(node, false);
		else
			sim_violate(s, "node %u: %s: %s", node->index, h->keeper.doing,
			    sr_error_name((unsigned)err));
		h->blocked = err == SR_ERR_DISK_FULL;
		sim_node_restart_later(node, WATCH_US);
	}
	return node->core != NULL;
}

void sim_host_watch(struct sim_node *node)
{
	struct sim_host *h = &node->host;
	struct enclave_event ev = { .kind = ENCLAVE_EV_DISK };
	struct sim_event again = { .kind = SIM_WATCH, .node = node->process };
	bool low;

	if (node->core == NULL || !node->ready)
		return;
	low = keeper_low(&h->keeper, h->low, file_free_bytes(path_of(node)), FREE_MIN_BYTES);
	if (low)
		sim_push(node->sim, WATCH_US, again);
	if (low == h->low)
		return;
	h->low = low;
	ev.number = low;
	sim_say(node->sim, "node %u: %s", node->index, low ? "its disk is nearly full"
							   : "there is room again");
	sim_node_event(node, &ev);
}

/* --- Faults of disks --- */

/* What Tokyo Cabinet makes of a read or write that failed, or of a stray one, may be anything,
 * memory that is not its own included: these are for safety.log. */
static void errors(struct disk *d, bool honest, uint64_t param)
{
	uint32_t *rates[] = { &d->rates.read_error, &d->rates.write_error, &d->rates.sync_error };
	uint32_t rate = 500 + (uint32_t)(param >> 8) % 20000;

	for (unsigned i = 0; i < 3; i++)
		if ((param >> i & 1) != 0 || param % 8 == 0)
			*rates[i] = rate;
	if (honest || d->rates.read_error > 0 || d->rates.write_error > 0)
		d->rates.error_in = NODE_LOG_NAME;
}

static void fill(struct disk *d, uint64_t param)
{
	static const uint64_t left[] = { 0, 4096, 65536, 1 << 20, 12 << 20, 40 << 20 };

	d->room = d->charged + left[param % 6] + (param >> 8) % 4096;
}

static void flip(struct sim_node *node, uint64_t param)
{
	static const char *const files[] = { NODE_LOG_NAME, NODE_LOG_NAME, NODE_LOG_NAME,
		"identity", "VERSION", "clean", NODE_STORE_DELTA "0", NODE_STORE_DELTA "1" };

	for (uint64_t i = 0; i <= (param >> 8) % 4; i++)
		(void)disk_flip(node->host.disk, files[param % 8]);
}

static void restart(struct sim_node *node)
{
	sim_node_crash(node, true);
	sim_node_restart_later(node, WATCH_US);
}

/* Whoever is away from the genesis on costs each rotation a skip: runs are too short for that. */
static bool too_early(const struct sim_node *node, enum sim_fault_kind kind)
{
	return (kind == SIM_FAULT_DISK_FLIP || kind == SIM_FAULT_DISK_ASTRAY) &&
	    (node->core == NULL || enclave_core_epoch(node->core) == NULL ||
	    enclave_core_epoch(node->core)->epoch == 0);
}

void sim_disk_fault(struct sim *s, struct sim_fault *f, bool begins)
{
	struct sim_node *node = &s->nodes[f->member];
	struct sim_event watch = { .kind = SIM_WATCH, .node = node->process };
	struct disk *d = node->host.disk;

	if (begins && too_early(node, f->kind))
		return;
	d->rates = (struct disk_rates){ 0 };
	d->room = DISK_ROOM_BYTES;
	if (begins)
		sim_plan_hit(s, f);
	switch ((unsigned)f->kind) {
	case SIM_FAULT_DISK_ERROR:
		if (begins)
			errors(d, !node->liar, f->param);
		break;
	case SIM_FAULT_DISK_FULL:
		if (begins)
			fill(d, f->param);
		sim_push(s, f->param % WATCH_US, watch);
		break;
	case SIM_FAULT_DISK_SLOW:
		d->rates.slow_sync = begins ? 20000 + (uint32_t)(f->param % 180000) : 0;
		d->rates.slow_sync_us = 2000 + (uint32_t)(f->param >> 32) % 100000;
		break;
	case SIM_FAULT_DISK_ASTRAY:
		d->rates.astray = begins ? 20000 : 0;
		d->rates.error_in = NODE_LOG_NAME;
		if (!begins)
			restart(node);
		break;
	default: /* DISK_FLIP, once: what was too early to begin does not end either */
		if (begins) {
			flip(node, f->param);
			restart(node);
		}
		break;
	}
}
