/* enclave/host_wire.c - events and effects as frames: one generic shape, every field always
 * there. */
#include "enclave/host_wire.h"

#include <string.h>

#define EVENT_FIXED (1u + 8u + 8u + 8u + 4u + 4u + 4u)
#define EFFECT_FIXED (1u + 8u + 8u + 4u + 4u + 4u)
#define STATUS_VERSION 2u

static bool length_write(struct sr_writer *w, size_t fixed, const struct sr_bytes *a,
    const struct sr_bytes *b)
{
	if (a->n > HOST_FRAME_MAX || b->n > HOST_FRAME_MAX ||
	    fixed + a->n + b->n > HOST_FRAME_MAX) {
		sr_writer_fail(w, SR_ERR_TOO_LONG);
		return false;
	}
	sr_write_u32(w, (uint32_t)(fixed + a->n + b->n));
	return true;
}

void host_wire_event_write(struct sr_writer *w, const struct enclave_event *ev)
{
	if (!length_write(w, EVENT_FIXED, &ev->a, &ev->b))
		return;
	sr_write_u8(w, (uint8_t)ev->kind);
	sr_write_u64(w, ev->now_ms);
	sr_write_u64(w, ev->token);
	sr_write_u64(w, ev->number);
	sr_write_u32(w, ev->member);
	sr_write_blob(w, ev->a.p, ev->a.n);
	sr_write_blob(w, ev->b.p, ev->b.n);
}

enum sr_error host_wire_event_read(struct enclave_event *ev, const uint8_t *frame, size_t n)
{
	struct sr_reader r;
	unsigned kind;

	memset(ev, 0, sizeof(*ev));
	sr_reader_init(&r, frame, n);
	kind = sr_read_u8(&r);
	if (r.error == SR_OK && (kind < ENCLAVE_EV_BOOT || kind > ENCLAVE_EV_STATE))
		sr_reader_fail(&r, SR_ERR_BAD_KIND);
	ev->now_ms = sr_read_u64(&r);
	ev->token = sr_read_u64(&r);
	ev->number = sr_read_u64(&r);
	ev->member = sr_read_u32(&r);
	ev->a = sr_read_blob(&r, HOST_FRAME_MAX);
	ev->b = sr_read_blob(&r, HOST_FRAME_MAX);
	SR_TRY(sr_reader_finish(&r));
	ev->kind = (enum enclave_event_kind)kind;
	return SR_OK;
}

void host_wire_effect_write(struct sr_writer *w, const struct enclave_effect *fx)
{
	if (!length_write(w, EFFECT_FIXED, &fx->a, &fx->b))
		return;
	sr_write_u8(w, (uint8_t)fx->kind);
	sr_write_u64(w, fx->token);
	sr_write_u64(w, fx->number);
	sr_write_u32(w, fx->member);
	sr_write_blob(w, fx->a.p, fx->a.n);
	sr_write_blob(w, fx->b.p, fx->b.n);
}

enum sr_error host_wire_effect_read(struct enclave_effect *fx, const uint8_t *frame, size_t n)
{
	struct sr_reader r;
	unsigned kind;

	memset(fx, 0, sizeof(*fx));
	sr_reader_init(&r, frame, n);
	kind = sr_read_u8(&r);
	if (r.error == SR_OK && (kind < ENCLAVE_FX_PERSIST || kind > ENCLAVE_FX_STATE_READ))
		sr_reader_fail(&r, SR_ERR_BAD_KIND);
	fx->token = sr_read_u64(&r);
	fx->number = sr_read_u64(&r);
	fx->member = sr_read_u32(&r);
	fx->a = sr_read_blob(&r, HOST_FRAME_MAX);
	fx->b = sr_read_blob(&r, HOST_FRAME_MAX);
	SR_TRY(sr_reader_finish(&r));
	fx->kind = (enum enclave_effect_kind)kind;
	return SR_OK;
}

void enclave_status_write(struct sr_writer *w, const struct enclave_status *s)
{
	if (s->members_n > SR_MEMBERS_MAX) {
		sr_writer_fail(w, SR_ERR_OUT_OF_RANGE);
		return;
	}
	sr_write_u8(w, STATUS_VERSION);
	sr_write_hash(w, &s->chain_id);
	sr_write_hash(w, &s->final_hash);
	sr_write_hash(w, &s->state_root);
	sr_write_hash(w, &s->measurement);
	sr_write_u64(w, s->epoch);
	sr_write_u64(w, s->slot);
	sr_write_u64(w, s->final_slot);
	sr_write_u64(w, s->final_height);
	sr_write_u64(w, s->final_time_ms);
	sr_write_u64(w, s->uptime_ms);
	sr_write_u32(w, s->author);
	sr_write_u32(w, s->self);
	sr_write_u32(w, s->seat);
	sr_write_u32(w, s->members_n);
	sr_write_u32(w, s->threshold);
	sr_write_u32(w, s->attestation);
	sr_write_u32(w, s->role);
	sr_write_bool(w, s->recovering);
	sr_write_bool(w, s->disk_full);
	sr_write_bool(w, s->vault_ready);
	sr_write_u64(w, s->operations_final);
	sr_write_u64(w, s->operations_refused);
	sr_write_u64(w, s->pool);
	sr_write_u64(w, s->releases);
	sr_write_u64(w, s->slots_skipped);
	sr_write_u64(w, s->records);
	for (uint32_t i = 0; i < s->members_n; i++) {
		sr_write_u64(w, s->members[i].final_height);
		sr_write_u64(w, s->members[i].heard_ms);
		sr_write_u32(w, s->members[i].seat);
		sr_write_bool(w, s->members[i].connected);
		sr_write_blob(w, s->members[i].name, s->members[i].name_n);
	}
}

void enclave_status_read(struct enclave_status *s, struct sr_reader *r)
{
	struct sr_bytes name;

	memset(s, 0, sizeof(*s));
	if (sr_read_u8(r) != STATUS_VERSION)
		sr_reader_fail(r, SR_ERR_BAD_VERSION);
	s->chain_id = sr_read_hash(r);
	s->final_hash = sr_read_hash(r);
	s->state_root = sr_read_hash(r);
	s->measurement = sr_read_hash(r);
	s->epoch = sr_read_u64(r);
	s->slot = sr_read_u64(r);
	s->final_slot = sr_read_u64(r);
	s->final_height = sr_read_u64(r);
	s->final_time_ms = sr_read_u64(r);
	s->uptime_ms = sr_read_u64(r);
	s->author = sr_read_u32(r);
	s->self = sr_read_u32(r);
	s->seat = sr_read_u32(r);
	s->members_n = sr_read_u32(r);
	s->threshold = sr_read_u32(r);
	s->attestation = sr_read_u32(r);
	s->role = sr_read_u32(r);
	s->recovering = sr_read_bool(r);
	s->disk_full = sr_read_bool(r);
	s->vault_ready = sr_read_bool(r);
	s->operations_final = sr_read_u64(r);
	s->operations_refused = sr_read_u64(r);
	s->pool = sr_read_u64(r);
	s->releases = sr_read_u64(r);
	s->slots_skipped = sr_read_u64(r);
	s->records = sr_read_u64(r);
	if (s->members_n > SR_MEMBERS_MAX) {
		sr_reader_fail(r, SR_ERR_OUT_OF_RANGE);
		s->members_n = 0;
	}
	for (uint32_t i = 0; i < s->members_n; i++) {
		s->members[i].final_height = sr_read_u64(r);
		s->members[i].heard_ms = sr_read_u64(r);
		s->members[i].seat = sr_read_u32(r);
		s->members[i].connected = sr_read_bool(r);
		name = sr_read_blob(r, SR_NAME_MAX);
		s->members[i].name_n = name.n;
		if (name.n > 0)
			memcpy(s->members[i].name, name.p, name.n);
	}
}
