/*
 * enclave/seats.c - who sits where. Host, links and channels speak of seats, which a node keeps as
 * long as it is a member or a candidate; an epoch's agreement speaks of places in its roster.
 *
 *   seat ──► peers[] (identity, address) ──► member k of an epoch, or guest n + g, or nobody there
 */
#include "enclave/snapshot.h"

#include <stdlib.h>
#include <string.h>

enum sr_error seats_new(struct enclave_core *self)
{
	self->peers = calloc(SR_MEMBERS_MAX, sizeof(*self->peers));
	self->peers_next = calloc(SR_MEMBERS_MAX, sizeof(*self->peers_next));
	return self->peers != NULL && self->peers_next != NULL ? SR_OK : SR_ERR_NO_MEMORY;
}

const struct sr_edpk *core_id(const struct enclave_core *self, struct sr_edpk *out)
{
	memcpy(out->b, self->keys->id_sk.b + 32, sizeof(out->b));
	return out;
}

uint32_t seats_end(const struct epoch_record *r)
{
	uint32_t end = 0;

	for (uint32_t k = 0; k < r->n; k++)
		if (r->members[k].seat >= end)
			end = r->members[k].seat + 1;
	return end;
}

static bool key_equal(const struct sr_edpk *a, const struct sr_edpk *b)
{
	return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

/* A seat may have been given to another since that epoch. */
static bool sits_there(const struct core_instance *i, uint32_t index)
{
	const struct epoch_member *m = &i->record.members[index];
	const struct core_peer *p = &i->core->peers[m->seat];

	return p->used && key_equal(&p->id, &m->id_key);
}

uint32_t seats_peer(const struct core_instance *i, uint32_t seat)
{
	uint32_t index = epoch_record_seat(&i->record, seat);

	if (index != EPOCH_NOBODY && sits_there(i, index))
		return index;
	for (uint32_t g = 0; g < CONSENSUS_GUESTS_MAX; g++)
		if (i->guests[g] == seat)
			return i->record.n + g;
	return EPOCH_NOBODY;
}

uint32_t seats_seat(const struct core_instance *i, uint32_t peer)
{
	if (peer < i->record.n)
		return sits_there(i, peer) ? i->record.members[peer].seat : EPOCH_NOBODY;
	peer -= i->record.n;
	return peer < CONSENSUS_GUESTS_MAX ? i->guests[peer] : EPOCH_NOBODY;
}

/* ------------------------------------------------------------------------------------ the peers */

/* Who is named first has the seat. */
static void peer_put(struct core_peer *peers, const struct enclave_core *self, uint32_t seat,
    const struct sr_edpk *id, const char *link, const char *url, const struct sr_hash32 *pin,
    bool candidate)
{
	struct core_peer *p;
	struct sr_edpk me;

	if (seat >= SR_MEMBERS_MAX || seat == self->seat || peers[seat].used ||
	    key_equal(id, core_id(self, &me)))
		return;
	p = &peers[seat];
	p->used = true;
	p->candidate = candidate;
	p->id = *id;
	memcpy(p->link, link, strnlen(link, sizeof(p->link) - 1));
	memcpy(p->url, url, strnlen(url, sizeof(p->url) - 1));
	p->url_pin = *pin;
}

static void roster_put(struct core_peer *peers, const struct enclave_core *self,
    const struct epoch_record *r)
{
	for (uint32_t k = 0; k < r->n; k++)
		peer_put(peers, self, r->members[k].seat, &r->members[k].id_key,
		    r->members[k].link, r->members[k].url, &r->members[k].url_pin, false);
}

void seats_provisional(struct enclave_core *self)
{
	for (uint32_t k = 0; k < self->genesis->members_n; k++)
		peer_put(self->peers, self, k, &self->genesis->members[k].id_key,
		    self->genesis->members[k].link, self->genesis->members[k].url,
		    &self->genesis->members[k].url_pin, false);
	self->peers_version++;
}

static void peer_tell(struct enclave_core *self, uint32_t seat, const struct core_peer *now)
{
	struct enclave_effect fx = { .kind = ENCLAVE_FX_PEER, .member = seat };
	uint8_t place[sizeof(now->url_pin.b) + GENESIS_URL_MAX];
	size_t url_n = strlen(now->url);

	if (now->used) {
		memcpy(place, now->url_pin.b, sizeof(now->url_pin.b));
		memcpy(place + sizeof(now->url_pin.b), now->url, url_n);
		fx.a = (struct sr_bytes){ (const uint8_t *)now->link, strlen(now->link) };
		fx.b = (struct sr_bytes){ place, sizeof(now->url_pin.b) + url_n };
	}
	fx_push(self, &fx);
}

static void peer_replace(struct enclave_core *self, uint32_t seat, struct core_peer *now)
{
	struct core_peer *was = &self->peers[seat];
	bool same = was->used == now->used && (!now->used || key_equal(&was->id, &now->id));
	bool link = !same || strcmp(was->link, now->link) != 0 ||
	    strcmp(was->url, now->url) != 0 || !sr_hash32_equal(&was->url_pin, &now->url_pin);

	if (!same) {
		self->peers_version++;
		self->heard_ms[seat] = 0;
		self->connected[seat] = false;
	}
	if (link || (now->used && !was->told))
		peer_tell(self, seat, now);
	if (link)
		*was = *now;
	was->candidate = now->candidate;
	was->told = now->used;
}

/* ----------------------------------------------------------------------------------- the guests */

static bool guest_of(const struct core_instance *i, uint32_t seat)
{
	const struct core_peer *p = &i->core->peers[seat];

	/* The members of the next epoch are guests of the one before, as long as that is served. */
	return p->used && epoch_record_id(&i->record, &p->id) == EPOCH_NOBODY &&
	    (p->candidate || i != i->core->now);
}

static bool guest_placed(const struct core_instance *i, uint32_t seat)
{
	for (uint32_t g = 0; g < CONSENSUS_GUESTS_MAX; g++)
		if (i->guests[g] == seat)
			return true;
	return false;
}

static void guests_update(struct core_instance *i)
{
	uint32_t seat = 0;

	if (i == NULL)
		return;
	for (uint32_t g = 0; g < CONSENSUS_GUESTS_MAX; g++)
		if (i->guests[g] != EPOCH_NOBODY && !guest_of(i, i->guests[g]))
			i->guests[g] = EPOCH_NOBODY;
	for (uint32_t g = 0; g < CONSENSUS_GUESTS_MAX; g++) {
		if (i->guests[g] != EPOCH_NOBODY)
			continue;
		while (seat < SR_MEMBERS_MAX && (!guest_of(i, seat) || guest_placed(i, seat)))
			seat++;
		if (seat < SR_MEMBERS_MAX)
			i->guests[g] = seat;
	}
}

struct collect { struct core_peer *peers; const struct enclave_core *core; };

/* Anyone may ask to join, and names the address that hosts connect to: only whom the members have
 * admitted is a peer. Evidence comes in the JOIN, so who waits needs no channel. */
static bool candidate_visit(void *ctx, const struct roster_candidate *c)
{
	struct collect *all = ctx;

	if (c->state == ROSTER_ADMITTED)
		peer_put(all->peers, all->core, c->seat, &c->entry.id_key, c->entry.link,
		    c->entry.url, &c->entry.url_pin, true);
	return true;
}

/* From the final CLOSE block to the switch: no candidate any more, and no member yet. */
static void joiners_put(struct core_peer *peers, const struct enclave_core *self,
    const struct epoch_record *next)
{
	for (uint32_t k = 0; k < next->n; k++)
		peer_put(peers, self, next->members[k].seat, &next->members[k].id_key,
		    next->members[k].link, next->members[k].url, &next->members[k].url_pin,
		    true);
}

static enum sr_error peers_collect(struct core_peer *peers, const struct enclave_core *self)
{
	struct collect all = { peers, self };

	if (self->now == NULL) {
		roster_put(peers, self, join_roster(self));
		return SR_OK;
	}
	roster_put(peers, self, &self->now->record);
	if (self->closing.open)
		joiners_put(peers, self, &self->closing.next);
	SR_TRY(roster_candidates_walk(self->final->tree, candidate_visit, &all));
	/* Who has left still has to learn of it. */
	if (self->old != NULL)
		roster_put(peers, self, &self->old->record);
	return SR_OK;
}

enum sr_error seats_update(struct enclave_core *self)
{
	struct core_peer *peers = self->peers_next;

	memset(peers, 0, SR_MEMBERS_MAX * sizeof(*peers));
	SR_TRY(peers_collect(peers, self));
	for (uint32_t seat = 0; seat < SR_MEMBERS_MAX; seat++)
		peer_replace(self, seat, &peers[seat]);
	guests_update(self->now);
	guests_update(self->old);
	return SR_OK;
}
