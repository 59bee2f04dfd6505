/* One member: its core, its disk, and the effects carried out in order, with crashes in between. */
#include <stdlib.h>
#include <string.h>

#include "enclave/internal.h"
#include "tests/sim/sim.h"

struct sim_bytes sim_copy(const uint8_t *p, size_t n)
{
	struct sim_bytes out = { malloc(n + 1), n };
	SR_ASSERT(out.p != NULL);
	if (n > 0)
		memcpy(out.p, p, n);
	return out;
}

uint64_t sim_node_now_ms(const struct sim_node *node)
{
	int64_t drift = node->drift_ppm == 0 ? 0 :
	    (int64_t)(node->sim->now_us - node->drift_since_us) * node->drift_ppm / 1000000000;
	return (uint64_t)((int64_t)sim_now_ms(node->sim) + node->clock_offset_ms + drift);
}

static void store_read(struct sim_node *node, const struct enclave_effect *fx)
{
	struct keeper *keeper = &node->host.keeper;
	bool archive = fx->kind == ENCLAVE_FX_ARCHIVE_READ;
	struct sr_writer w;
	sr_writer_init(&w, HOST_FRAME_MAX + HOST_FRAME_MAX / 2);
	if ((archive ? keeper_archive_read(keeper, fx, &w) : keeper_state_read(keeper, fx, &w)) ==
	    SR_OK) {
		struct sim_event ev = { .kind = archive ? SIM_ARCHIVE : SIM_STATE,
			.node = node->process, .number = fx->token };
		ev.from = (uint32_t)node->boots;
		ev.bytes = sim_copy(w.p, w.n);
		sim_push(node->sim, 200 + sim_below(node->sim, 2000), ev);
	}
	sr_writer_clear(&w);
}

/* --- effects --- */

static void effect_send(struct sim_node *node, const struct enclave_effect *fx)
{
	struct sim *s = node->sim;
	uint32_t only = fx->member != UINT32_MAX ? sim_node_at(node, fx->member) : EPOCH_NOBODY;
	for (uint32_t to = 0; to < s->people; to++) {
		if (to == node->index || (fx->member != UINT32_MAX && to != only))
			continue;
		sim_post(node, to, fx->a.p, fx->a.n);
	}
}

/* An honest node may end itself when it has left, when nobody wants it, or when its operator was
 * lied to. */
static bool ended(struct sim_node *node)
{
	struct sim *s = node->sim;
	bool joiner = node->entry != NULL;
	node->gone = (node->end == SR_ERR_LEFT && node->leaves) ||
	    (node->end == SR_ERR_NOT_ADMITTED && joiner);
	if (node->gone && s->newest != NULL && sim_member_now(node) &&
	    node->core->now != NULL && s->newest->epoch > node->core->now->record.epoch)
		sim_violate(s, "I10: node %u ended itself and is a member", node->index);
	s->left += node->end == SR_ERR_LEFT && node->gone;
	s->refused += node->end == SR_ERR_NOT_ADMITTED && node->gone;
	return node->gone || (joiner && sim_joiner_ended(node));
}

static void effect(struct sim_node *node, const struct enclave_effect *fx)
{
	struct sim *s = node->sim;
	switch (fx->kind) {
	case ENCLAVE_FX_SEND:
		sim_host_check(node, fx);
		sim_check_send(node, fx->a.p, fx->a.n);
		effect_send(node, fx);
		break;
	case ENCLAVE_FX_REPLY:
		sim_host_check(node, fx);
		sim_user_reply(node, fx->token, (enum sr_error)fx->number, fx->a);
		break;
	case ENCLAVE_FX_WAKE: {
		struct sim_event ev = { .kind = SIM_TICK, .node = node->process };
		uint64_t now = sim_node_now_ms(node);
		ev.number = ++node->wake_generation;
		sim_push(s, fx->number > now ? (fx->number - now) * 1000 : 1, ev);
		break;
	}
	case ENCLAVE_FX_ARCHIVE_READ:
	case ENCLAVE_FX_STATE_READ:
		store_read(node, fx);
		break;
	case ENCLAVE_FX_BLOCK:
		sim_check_block(node, fx->number, fx->a.p, fx->a.n);
		break;
	case ENCLAVE_FX_NOTE:
		sim_say(s, "node %u: %.*s", node->index, (int)fx->a.n, (const char *)fx->a.p);
		break;
	case ENCLAVE_FX_FATAL:
		node->end = (enum sr_error)fx->number;
		if (node->liar || ended(node)) {
			sim_say(s, "node %u ended itself: %.*s", node->index, (int)fx->a.n,
			    (const char *)fx->a.p);
			break;
		}
		sim_violate(s, "node %u ended itself: %.*s (%s)", node->index, (int)fx->a.n,
		    (const char *)fx->a.p, sr_error_name((unsigned)fx->number));
		break;
	case ENCLAVE_FX_PERSIST:
	case ENCLAVE_FX_ARCHIVE_PUT:
	case ENCLAVE_FX_STATE_PUT:
	case ENCLAVE_FX_CHECKPOINT:
	case ENCLAVE_FX_IDENTITY: /* the keeper's */
	case ENCLAVE_FX_STATUS:
	case ENCLAVE_FX_STOPPED:
	case ENCLAVE_FX_BLOB_KEEP:
	case ENCLAVE_FX_BLOB_DROP:
	case ENCLAVE_FX_PEER:
	case ENCLAVE_FX_EVIDENCE:
		break;
	}
}

/* The power may go right before anything that others see; on the way to the disk, in each call. */
static bool other(void *ctx, const struct enclave_effect *fx)
{
	struct sim_node *node = ctx;
	struct sim_host *h = &node->host;
	if (h->disk->dead)
		return false;
	if (h->disk->cost_us > 0) {
		node->busy_until_us = node->sim->now_us + h->disk->cost_us;
		h->disk->cost_us = 0;
	}
	h->ended = node->ready && fx->kind == ENCLAVE_FX_SEND && sim_plan_crash_point(node);
	if (h->ended)
		return false;
	effect(node, fx);
	return node->sim->violation[0] == '\0';
}

void sim_node_event(struct sim_node *node, struct enclave_event *ev)
{
	struct sim *s = node->sim;
	SR_KEY32_AUTO seed;
	if (node->core == NULL)
		return;
	sim_fill(s, seed.b, sizeof seed.b);
	ev->seed = &seed;
	ev->now_ms = sim_node_now_ms(node);
	SR_ASSERT(node->effects.n == 0);
	node->end = SR_OK;
	sim_step_before(node);
	enum sr_error err = enclave_step(node->core, &node->effects, ev);
	sim_step_after(node);
	bool up = sim_host_effects(node, other);
	enclave_effects_reset(&node->effects);
	if (!up)
		return;
	if (err == SR_OK && node->end == SR_OK) {
		sim_check_step(node);
	} else if (!node->liar && node->end != SR_OK) { /* as its host does */
		sim_node_crash(node, false);
	} else if (err == SR_OK) {
		sim_check_step(node);
	} else if (node->liar) { /* of the f: it may do as it likes with itself */
		node->dead = true;
		sim_node_crash(node, true);
	} else {
		sim_violate(
		    s, "node %u: step failed: %s", node->index, sr_error_name((unsigned)err));
	}
}

void sim_node_stop(struct sim_node *node)
{
	if (node->core == NULL)
		return;
	enclave_effects_reset(&node->effects);
	enclave_core_free(node->core);
	node->core = NULL;
	node->ready = false;
	node->wake_generation++;
	node->crashes++;
	node->sim->crashes++;
	sim_say(node->sim, "node %u%s: down", node->index,
	    node->process == node->index ? "" : "'");
}

void sim_node_crash(struct sim_node *node, bool cut)
{
	sim_node_stop(node);
	sim_host_close(node, cut);
}

void sim_node_restart_later(struct sim_node *node, uint64_t most_us)
{
	struct sim_event again = { .kind = SIM_RESTART, .node = node->process };
	sim_push(node->sim, 50000 + sim_below(node->sim, most_us), again);
}

static void replay(struct sim_node *node)
{
	struct enclave_event ev;
	uint8_t *bytes;
	while (node->core != NULL && sim_host_next(node, &ev, &bytes)) {
		sim_node_event(node, &ev);
		free(bytes);
	}
}

static void boot(struct sim_node *node)
{
	struct sim *s = node->sim;
	struct enclave_event ev = { .kind = ENCLAVE_EV_BOOT, .member = node->index,
		.number = HOST_WIRE_VERSION };
	struct enclave_event ready = { .kind = ENCLAVE_EV_READY };
	uint8_t *identity;
	size_t n;
	ready.number = keeper_fresh(&node->host.keeper);
	if (keeper_rewind(&node->host.keeper, &identity, &n) != SR_OK) {
		sim_node_crash(node, false);
		sim_node_restart_later(node, 1000000);
		return;
	}
	ev.a = (struct sr_bytes){ s->genesis_bytes.p, s->genesis_bytes.n };
	ev.b = (struct sr_bytes){ identity, n };
	sim_node_event(node, &ev);
	free(identity);
	/* The power may have been cut as it wrote its identity. */
	if (node->core != NULL && node->trail.n > 0 && keeper_blank(&node->host.keeper)) {
		ev = (struct enclave_event){ .kind = ENCLAVE_EV_TRAIL };
		ev.a = (struct sr_bytes){ node->trail.p, node->trail.n };
		sim_node_event(node, &ev);
	}
	replay(node);
	sim_node_event(node, &ready);
	node->ready = node->core != NULL;
}

void sim_node_boot(struct sim_node *node)
{
	struct sim *s = node->sim;
	struct sr_hash32 measurement = { { 7 } };
	if (node->core != NULL || node->dead || (node->entry != NULL && !node->invited) ||
	    !sim_host_open(node))
		return;
	node->core = enclave_core_new(&node->sealing_key, &measurement);
	SR_ASSERT(node->core != NULL);
	node->boots++;
	node->final_height = 0; /* what came after the checkpoint is told again */
	s->restarts++;
	node->ready = false;
	sim_say(s, "node %u%s: up, on a disk with %s names", node->index,
	    node->process == node->index ? "" : "'",
	    node->host.disk->ordered ? "ordered" : "scattered");
	boot(node);
	for (uint32_t i = 0; i < s->people && node->core != NULL; i++) {
		struct enclave_event link = { .kind = ENCLAVE_EV_LINK, .member = i, .number = 1 };
		if (i != node->index || node->entry != NULL)
			sim_node_event(node, &link);
	}
	sim_host_watch(node);
}

void sim_node_clear(struct sim_node *node)
{
	enclave_effects_clear(&node->effects);
	if (node->core != NULL)
		enclave_core_free(node->core);
	sim_host_clear(node);
}
