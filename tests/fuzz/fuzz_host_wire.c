/* tests/fuzz/fuzz_host_wire.c - the boundary between host and enclave, read from both sides, and
 * the status that goes to everybody. */
#include <stdlib.h>
#include <string.h>

#include "enclave/host_wire.h"
#include "node/child.h"
#include "tests/fuzz/fixture.h"
#include "tests/fuzz/fuzz.h"

#define LENGTH 4u               /* in front of a frame */

FUZZ_RECODE(status, struct enclave_status, enclave_status_read, enclave_status_write)

static void event(const uint8_t *p, size_t n)
{
	struct enclave_event ev;
	struct sr_writer w;
	if (host_wire_event_read(&ev, p, n) != SR_OK)
		return;
	FUZZ_CHECK(ev.seed == NULL);
	sr_writer_init(&w, n + LENGTH);
	host_wire_event_write(&w, &ev);
	FUZZ_CHECK(sr_writer_finish(&w) == SR_OK && w.n == n + LENGTH);
	struct sr_bytes frame = { w.p + LENGTH, n };
	FUZZ_CHECK(sr_ct_equal(frame.p, p, n));
	sr_writer_clear(&w);
}

static void effect(const uint8_t *p, size_t n)
{
	struct enclave_effect fx;
	struct sr_writer w;
	if (host_wire_effect_read(&fx, p, n) != SR_OK)
		return;
	sr_writer_init(&w, n + LENGTH);
	host_wire_effect_write(&w, &fx);
	FUZZ_CHECK(sr_writer_finish(&w) == SR_OK && w.n == n + LENGTH);
	FUZZ_CHECK(sr_ct_equal(w.p + LENGTH, p, n));
	sr_writer_clear(&w);
}

/* A stream of frames as the host reads it from the enclave's socket. */
static void stream(const uint8_t *p, size_t n)
{
	struct child child = { .fd = -1 };
	struct enclave_effect fx;
	size_t effects = 0;
	child.in = malloc(n ? n : 1);
	FUZZ_CHECK(child.in != NULL);
	memcpy(child.in, p, n);
	child.in_n = child.in_capacity = n;
	while (child_effect(&child, &fx) == SR_OK) {
		effects++;
		if (effects % 3 == 0)
			child_consume(&child);
	}
	child_consume(&child);
	FUZZ_CHECK(child.in_n <= n && effects <= n / LENGTH);
	free(child.in);
}

void fuzz_host_wire(const uint8_t *p, size_t n)
{
	if (n == 0)
		return;
	switch (p[0] % 4) {
	case 3: stream(p + 1, n - 1); return;
	case 0: event(p + 1, n - 1); return;
	case 1: effect(p + 1, n - 1); return;
	default: fuzz_canonical(status, p + 1, n - 1); return;
	}
}

/* A frame without its length. */
static void put(uint8_t choice, const char *label, struct sr_writer *w)
{
	struct sr_writer frame;
	sr_writer_init(&frame, w->n);
	sr_write_copy(&frame, w->p + LENGTH, w->n - LENGTH);
	fuzz_seed_of(choice, label, &frame);
	sr_writer_clear(w);
}

void seed_host_wire(void)
{
	struct sr_bytes a = { (const uint8_t *)"first", 5 }, b = { (const uint8_t *)"second", 6 };
	struct sr_writer w;
	for (unsigned kind = ENCLAVE_EV_BOOT; kind <= ENCLAVE_EV_EVIDENCE; kind++) {
		sr_writer_init(&w, 256);
		host_wire_event_write(&w, &(struct enclave_event){
		    .kind = (enum enclave_event_kind)kind, .now_ms = 5, .token = 6, .number = 7,
		    .member = 1, .a = a, .b = b });
		put(0, "event", &w);
	}
	for (unsigned kind = ENCLAVE_FX_PERSIST; kind <= ENCLAVE_FX_EVIDENCE; kind++) {
		sr_writer_init(&w, 256);
		host_wire_effect_write(&w, &(struct enclave_effect){
		    .kind = (enum enclave_effect_kind)kind, .token = 6, .number = 7, .member = 1,
		    .a = a, .b = b });
		put(1, "effect", &w);
	}
	sr_writer_init(&w, 4096);
	for (unsigned kind = ENCLAVE_FX_PERSIST; kind <= ENCLAVE_FX_REPLY + 2; kind++)
		host_wire_effect_write(&w, &(struct enclave_effect){
		    .kind = (enum enclave_effect_kind)kind, .token = 6, .a = a });
	sr_write_u32(&w, HOST_FRAME_MAX + 1);
	fuzz_seed_of(3, "stream", &w);
	sr_writer_init(&w, 4096);
	sr_write_copy(&w, fixture()->status.p, fixture()->status.n);
	fuzz_seed_of(2, "status", &w);
}
