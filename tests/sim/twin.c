/*
 * Copies of a member: two processes of the unmodified core with one identity, each of them talking
 * to members of its own (Twins), and disks that are set back or started twice.
 */
#include <stdlib.h>
#include <string.h>

#include "enclave/internal.h"
#include "tests/sim/sim.h"

#define BOTH 3u

static struct sim_node *twin_of(struct sim *s, uint32_t member)
{
	for (uint32_t p = s->people; p < s->processes; p++)
		if (s->nodes[p].index == member)
			return &s->nodes[p];
	return NULL;
}

static uint8_t copy_bit(const struct sim_node *node)
{
	return node->process == node->index ? 1 : 2;
}

bool sim_twin_hears(const struct sim *s, const struct sim_node *from, const struct sim_node *to)
{
	uint8_t out = s->sides[from->index][to->index], in = s->sides[to->index][from->index];
	return !from->mute && (out & copy_bit(from)) != 0 && (in & copy_bit(to)) != 0;
}

static struct sim_node *twin_new(struct sim *s, uint32_t member)
{
	struct sim_node *node = &s->nodes[member], *twin = twin_of(s, member);
	if (twin == NULL && s->processes == SIM_PROCESSES_MAX)
		return NULL;
	if (twin == NULL) {
		twin = &s->nodes[s->processes];
		enclave_effects_init(&twin->effects);
		twin->process = s->processes++;
		twin->sim = s;
		sim_host_init(twin);
	}
	twin->index = member;
	twin->role = node->role;
	twin->liar = true;
	twin->sealing_key = node->sealing_key;
	twin->clock_offset_ms = node->clock_offset_ms;
	return twin;
}

/* Before the genesis: the copy hears all and says nothing until the first epoch. */
void sim_twins_begin(struct sim *s, uint32_t member)
{
	struct sim_node *twin = twin_of(s, member) == NULL ? twin_new(s, member) : NULL;
	if (twin == NULL)
		return;
	sim_host_copy(twin, s->nodes[member].host.disk);
	twin->mute = true;
}

/* They have dealt differently: the copy takes the other's dealing and keys for its own, as a member
 * who copies his disk at the right time can. */
void sim_twins_step(struct sim_node *node)
{
	struct sim_node *twin = twin_of(node->sim, node->index), *first;
	if (node->role != SIM_TWINS || twin == NULL || node->core == NULL)
		return;
	first = &node->sim->nodes[node->index];
	if (first->core == NULL || twin->core == NULL || first->core->keys == NULL ||
	    twin->core->keys == NULL || first->core->deal == NULL || twin->core->deal == NULL ||
	    first->core->keys->next.epoch != twin->core->keys->next.epoch)
		return;
	if (memcmp(first->core->keys->next.vote_seed.b, twin->core->keys->next.vote_seed.b, 32) ==
	    0)
		return;
	twin->core->keys->next = first->core->keys->next;
	free(twin->core->deal);
	twin->core->deal = malloc(first->core->deal_n);
	SR_ASSERT(twin->core->deal != NULL);
	memcpy(twin->core->deal, first->core->deal, first->core->deal_n);
	twin->core->deal_n = first->core->deal_n;
}

void sim_twins_sides(struct sim *s, uint32_t member, uint64_t param)
{
	struct sim_node *twin = twin_of(s, member);
	if (twin == NULL)
		return;
	twin->mute = false;
	for (uint32_t i = 0; i < s->people; i++) {
		uint8_t side = (uint8_t)(1 + (param >> (2 * (i % 31)) & 3) % 3);
		s->sides[member][i] = side;
	}
}

void sim_twin_stop(struct sim *s, uint32_t member)
{
	struct sim_node *twin = twin_of(s, member);
	if (twin != NULL) {
		twin->dead = true;
		sim_node_crash(twin, true);
	}
	for (uint32_t i = 0; i < s->people; i++)
		s->sides[member][i] = BOTH;
}

/* --- older disks --- */

void sim_node_rollback(struct sim_node *node)
{
	if (node->host.image == NULL || node->dead)
		return;
	sim_say(node->sim, "node %u: an older disk", node->index);
	sim_node_crash(node, true);
	sim_host_copy(node, node->host.image);
	sim_node_boot(node);
}

void sim_node_clone(struct sim_node *node)
{
	struct sim *s = node->sim;
	struct sim_node *twin = twin_of(s, node->index) == NULL ? twin_new(s, node->index) : NULL;
	if (twin == NULL)
		return;
	if (node->host.image == NULL)
		sim_host_image(node);
	sim_say(s, "node %u: a second copy is started", node->index);
	sim_host_copy(twin, node->host.image);
	sim_twins_sides(s, node->index, sim_random(s));
	sim_node_boot(twin);
}
