/* node/boot.c - starting the enclave: BOOT, the rows, the log, READY. Fed piece by piece, since a
 * socket takes only so much at a time and the enclave answers meanwhile. */
#include <stdlib.h>

#include "base/log.h"
#include "net/links.h"
#include "node/file.h"
#include "node/loop.h"

#define FEED_BYTES (4u * 1024u * 1024u)
#define TRAIL_MAX (HOST_FRAME_MAX - 1024u)

/* How a node that joins comes from the genesis to the present. It is asked for until the store
 * holds what came of it. */
static enum sr_error trail_tell(struct loop *self)
{
	const struct config *c = self->config;
	struct enclave_event ev = { .kind = ENCLAVE_EV_TRAIL };
	struct sr_hash32 hash;
	struct sr_writer pin;
	uint8_t *bytes;
	uint64_t epoch;
	enum sr_error err;

	if (c->trail[0] == '\0' || !keeper_blank(&self->keeper))
		return SR_OK;
	SR_TRY(file_read(&bytes, &ev.a.n, c->trail, TRAIL_MAX));
	ev.a.p = bytes;
	sr_writer_init(&pin, sizeof epoch + sizeof hash);
	err = c->checkpoint[0] != '\0' ? config_point(&epoch, &hash, c->checkpoint) : SR_OK;
	if (err == SR_OK && c->checkpoint[0] != '\0') {
		sr_write_u64(&pin, epoch);
		sr_write_hash(&pin, &hash);
		err = sr_writer_finish(&pin);
		ev.b = (struct sr_bytes){ pin.p, pin.n };
	}
	if (err == SR_OK)
		loop_event(self, &ev);
	sr_writer_clear(&pin);
	free(bytes);
	return err;
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
	err = trail_tell(self);
	if (err != SR_OK)
		loop_fail(self, err, "reading the epoch trail (trail)");
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
	enum sr_error err = keeper_next(&self->keeper, &ev, &bytes);

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
