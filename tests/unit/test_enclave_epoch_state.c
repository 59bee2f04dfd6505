/* When an epoch change is ripe, read from states of the test's making. */
#include <string.h>

#include "enclave/epoch.h"
#include "tests/lib/check_main.h"
#include "vault/record.h"

#define NODES 4u

/* As enclave/epoch.c writes them: the change, and member i's ACK. */
static void change_put(struct vault_tree **t, const struct epoch_change *change)
{
	struct vault_key key = { { VAULT_REC_EPOCH, 0 } };
	struct sr_writer w;

	sr_writer_init(&w, 128);
	sr_write_u8(&w, 3);
	sr_write_u64(&w, change->target);
	sr_write_u8(&w, (uint8_t)change->kind);
	sr_write_u32(&w, change->attempt);
	sr_write_u32(&w, change->n);
	sr_write_u32(&w, change->threshold);
	sr_write_u64(&w, change->started_ms);
	sr_write_u64(&w, change->since_ms);
	sr_write_bool(&w, change->fixed);
	sr_write_copy(&w, change->stay.b, sizeof(change->stay.b));
	sr_write_copy(&w, change->dealt.b, sizeof(change->dealt.b));
	sr_write_copy(&w, change->excluded.b, sizeof(change->excluded.b));
	sr_write_copy(&w, change->acked.b, sizeof(change->acked.b));
	ck_ok(vault_tree_put(t, &key, w.p, w.n));
	sr_writer_clear(&w);
}

static void ack_put(struct vault_tree **t, uint32_t member, uint8_t shielding)
{
	struct vault_key key = { { VAULT_REC_EPOCH, 2, 0, 0, 0, (uint8_t)member } };
	uint8_t named[32];

	memset(named, shielding, sizeof(named));
	ck_ok(vault_tree_put(t, &key, named, sizeof(named)));
}

static struct epoch_change all_done(void)
{
	struct epoch_change change = { .target = 1, .kind = EPOCH_CHANGE_DKG, .n = NODES,
		.threshold = 3, .fixed = true };

	for (uint32_t i = 0; i < NODES; i++) {
		epoch_set_add(&change.dealt, i);
		epoch_set_add(&change.acked, i);
	}
	return change;
}

static const struct epoch_record now = { .n = NODES, .threshold = 3 };

/* ready: the shielding keys that the four name. */
static bool ready(const struct epoch_change *change, const char *keys)
{
	struct vault_tree *t = NULL;
	bool is;

	change_put(&t, change);
	for (uint32_t i = 0; i < NODES; i++)
		if (epoch_set_has(&change->acked, i))
			ack_put(&t, i, (uint8_t)keys[i]);
	is = epoch_ready(t, &now);
	vault_tree_unref(t);
	return is;
}

static struct epoch_set without(struct epoch_set set, uint32_t member)
{
	set.b[member / 8] = (uint8_t)(set.b[member / 8] & ~(1u << member % 8));
	return set;
}

START_TEST(it_is_closed_when_all_have_acknowledged_and_a_quorum_names_one_key)
{
	struct epoch_change change = all_done();

	ck_assert(ready(&change, "aaaa"));
	ck_assert(ready(&change, "aaab"));
	ck_assert(!ready(&change, "aabb"));
	ck_assert(!ready(&change, "abcd"));
	change.acked = without(change.acked, 3);
	ck_assert(!ready(&change, "aaaa"));
	change = all_done();
	change.target = 2;
	ck_assert(!ready(&change, "aaaa"));
}
END_TEST

START_TEST(the_set_of_dealers_is_settled_when_all_have_dealt_and_a_quorum_dealt_well)
{
	struct epoch_change change = all_done();

	ck_assert(epoch_set_complete(&change, &now));
	epoch_set_add(&change.excluded, 2);
	ck_assert(epoch_set_complete(&change, &now));
	epoch_set_add(&change.excluded, 3);
	ck_assert(!epoch_set_complete(&change, &now));
	change = all_done();
	change.fixed = false;
	ck_assert(!epoch_set_complete(&change, &now));
}
END_TEST

TEST_MAIN("enclave epoch_state",
	it_is_closed_when_all_have_acknowledged_and_a_quorum_names_one_key,
	the_set_of_dealers_is_settled_when_all_have_dealt_and_a_quorum_dealt_well)
