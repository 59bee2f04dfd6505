#include "vault/internal.h"

#include <string.h>

struct vault_event vault_event_of_number(enum vault_event_kind kind, enum vault_subject subject,
    uint64_t id)
{
	struct vault_event e = { .kind = kind, .subject = subject };

	for (unsigned i = 0; i < 8; i++)
		e.subject_id[i] = (uint8_t)(id >> (8 * i));
	return e;
}

struct vault_event vault_event_of_secret(enum vault_event_kind kind,
    const struct vault_secret_id *id)
{
	struct vault_event e = { .kind = kind, .subject = VAULT_SUBJECT_SECRET };

	memcpy(e.subject_id, id->b, sizeof e.subject_id);
	return e;
}

struct vault_event vault_event_of_attestation(enum vault_event_kind kind,
    const struct sr_hash32 *id)
{
	struct vault_event e = { .kind = kind, .subject = VAULT_SUBJECT_ATTESTATION };

	memcpy(e.subject_id, id->b, sizeof e.subject_id);
	return e;
}

/* What anyone may cause again and again is kept for a while only, or the state would grow without
 * end. */
static bool event_passes(enum vault_event_kind kind)
{
	return kind == VAULT_EVENT_HEARTBEAT || kind == VAULT_EVENT_REFUSED ||
	    kind == VAULT_EVENT_ATTESTED || kind == VAULT_EVENT_NOT_ATTESTED;
}

/* One sequence for all subjects, so that a subject's events are in order without a counter of its
 * own. */
enum sr_error vault_audit(struct vault_tx *tx, struct vault_event *e)
{
	struct vault_key key;

	e->seq = ++tx->meta.events;
	e->height = tx->block->height;
	e->time_ms = tx->block->time_ms;
	tx->meta_changed = true;
	key = vault_key_event(e->subject, e->subject_id, e->seq);
	if (event_passes(e->kind)) {
		struct vault_deadline d = { .clock = VAULT_CLOCK_WALL, .kind = VAULT_DEADLINE_EVENT,
			.due_ms = vault_add_capped(tx->block->time_ms, VAULT_EVENT_KEEP_MS) };

		memcpy(d.id, key.b, sizeof d.id);
		SR_TRY(vault_deadline_add(tx, &d));
	}
	return vault_event_store(tx, &key, e);
}
