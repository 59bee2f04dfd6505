/* node/boot.c - starting the enclave: BOOT, the rows, the log, READY. Fed piece by piece, since a
 * socket takes only so much at a time and the enclave answers meanwhile. */
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "net/links.h"
#include "node/file.h"
#include "node/loop.h"

#define FEED_BYTES (4u * 1024u * 1024u)
#define TRAIL_PIECE (1024u * 1024u)

/* --- The trail of a node that joins --- */

static void trail_close(struct loop *self)
{
	if (self->trail != NULL)
		fclose(self->trail);
	self->trail = NULL;
}

static enum sr_error trail_number(FILE *f, uint32_t *out)
{
	uint8_t b[4];

	if (fread(b, 1, sizeof b, f) != sizeof b)
		return ferror(f) ? SR_ERR_IO : SR_ERR_TRUNCATED;
	*out = (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
	return SR_OK;
}

/* How a node that joins comes from the genesis to the present. It is asked for until the store
 * holds what came of it. */
static enum sr_error trail_open(struct loop *self)
{
	const struct config *c = self->config;

	trail_close(self);
	self->trail_at = 0;
	if (c->trail[0] == '\0' || !keeper_blank(&self->keeper))
		return SR_OK;
	self->trail = fopen(c->trail, "re");
	if (self->trail == NULL)
		return SR_ERR_IO;
	return trail_number(self->trail, &self->trail_n);
}

/* headers, certificate, record: each a blob */
static enum sr_error trail_step(FILE *f, struct sr_writer *out)
{
	for (int part = 0; part < 3; part++) {
		uint8_t *bytes;
		uint32_t n = 0;
		enum sr_error err;

		SR_TRY(trail_number(f, &n));
		if (n > EPOCH_STEP_MAX)
			return SR_ERR_TOO_LONG;
		bytes = malloc(n + 1u);
		if (bytes == NULL)
			return SR_ERR_NO_MEMORY;
		err = fread(bytes, 1, n, f) == n ? SR_OK : ferror(f) ? SR_ERR_IO : SR_ERR_TRUNCATED;
		if (err == SR_OK)
			sr_write_blob(out, bytes, n);
		free(bytes);
		SR_TRY(err);
	}
	return out->error;
}

static enum sr_error trail_pin(const struct config *c, struct sr_writer *pin)
{
	struct sr_hash32 hash;
	uint64_t epoch;

	if (c->checkpoint[0] == '\0')
		return SR_OK;
	SR_TRY(config_point(&epoch, &hash, c->checkpoint));
	sr_write_u64(pin, epoch);
	sr_write_hash(pin, &hash);
	return sr_writer_finish(pin);
}

/* One piece: whole steps, and with the first the pin. */
static enum sr_error trail_piece(struct loop *self)
{
	struct enclave_event ev = { .kind = ENCLAVE_EV_TRAIL, .number = self->trail_at };
	struct sr_writer w, pin;
	enum sr_error err = SR_OK;
	uint32_t n = 0;

	sr_writer_init(&w, 4u + TRAIL_PIECE + EPOCH_STEP_MAX);
	sr_writer_init(&pin, 40);
	sr_write_u32(&w, 0);
	while (err == SR_OK && self->trail_at < self->trail_n && w.n < TRAIL_PIECE) {
		err = trail_step(self->trail, &w);
		self->trail_at++;
		n++;
	}
	if (err == SR_OK && self->trail_at == self->trail_n && fgetc(self->trail) != EOF)
		err = SR_ERR_TRAILING_BYTES;
	if (err == SR_OK && ev.number == 0)
		err = trail_pin(self->config, &pin);
	if (err == SR_OK)
		err = w.error;
	if (err == SR_OK) {
		for (int i = 0; i < 4; i++)
			w.p[i] = (uint8_t)(n >> 8 * i);
		ev.a = (struct sr_bytes){ w.p, w.n };
		ev.b = (struct sr_bytes){ pin.p, pin.n };
		loop_event(self, &ev);
	}
	sr_writer_clear(&w);
	sr_writer_clear(&pin);
	if (err != SR_OK || self->trail_at == self->trail_n)
		trail_close(self);
	return err;
}

static void trail_check(struct loop *self, enum sr_error err)
{
	if (err == SR_OK)
		return;
	trail_close(self);
	loop_fail(self, err, "reading the epoch trail (trail)");
}

void boot_clear(struct loop *self)
{
	trail_close(self);
}

void boot_begin(struct loop *self)
{
	struct enclave_event ev = { .kind = ENCLAVE_EV_BOOT, .number = HOST_WIRE_VERSION };
	uint8_t *identity;
	size_t n;
	enum sr_error err = keeper_rewind(&self->keeper, &identity, &n);

	self->disk_told = false;
	self->wake_ms = 0;
	self->phase = LOOP_FEEDING;
	if (err != SR_OK) {
		loop_fail(self, err, self->keeper.doing);
		return;
	}
	ev.member = (uint32_t)self->config->member;
	ev.a = (struct sr_bytes){ self->genesis_bytes, self->genesis_n };
	ev.b = (struct sr_bytes){ identity, n };
	loop_event(self, &ev);
	free(identity);
	trail_check(self, trail_open(self));
}

static void feed_ready(struct loop *self)
{
	struct enclave_event ev = { .kind = ENCLAVE_EV_READY, .number = self->fresh };

	self->phase = LOOP_RUNNING;
	loop_event(self, &ev);
	for (uint32_t i = 0; i < SR_MEMBERS_MAX; i++)
		if (net_links_up(self->links, i)) {
			struct enclave_event link = {
				.kind = ENCLAVE_EV_LINK, .member = i, .number = 1
			};

			loop_event(self, &link);
		}
	desk_lock(&self->desk);
	self->desk.figures.running = true;
	desk_unlock(&self->desk);
	self->figures.running = true;
	sr_log(SR_LOG_INFO, "boot", "handed the enclave what it had records=%llu fresh=%d",
	    (unsigned long long)self->keeper.replayed, self->fresh);
}

static void feed(struct loop *self)
{
	struct enclave_event ev;
	uint8_t *bytes;
	enum sr_error err;

	if (self->trail != NULL) {
		trail_check(self, trail_piece(self));
		return;
	}
	err = keeper_next(&self->keeper, &ev, &bytes);
	if (err == SR_ERR_NOT_FOUND)
		feed_ready(self);
	else if (err != SR_OK)
		loop_fail(self, err, self->keeper.doing);
	else
		loop_event(self, &ev);
	free(bytes);
}

void boot_feed(struct loop *self)
{
	while (self->failed == SR_OK && self->phase == LOOP_FEEDING &&
	       child_queued(&self->child) < FEED_BYTES)
		feed(self);
}
