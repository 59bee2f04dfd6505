/* node/boot.c - starting the enclave: BOOT, the rows, the log, READY. Fed piece by piece, since a
 * socket takes only so much at a time and the enclave answers meanwhile. */
#include <stdlib.h>

#include "base/log.h"
#include "node/file.h"
#include "node/loop.h"

#define FEED_BYTES (4u * 1024u * 1024u)
#define IDENTITY_MAX 65536u

static enum sr_error boot_event(struct loop *self)
{
	struct enclave_event ev = { .kind = ENCLAVE_EV_BOOT, .number = HOST_WIRE_VERSION };
	char path[NODE_PATH_MAX];
	uint8_t *identity;
	size_t n;

	SR_TRY(file_path(path, self->config->data_dir, "identity"));
	SR_TRY(file_read(&identity, &n, path, IDENTITY_MAX));
	ev.member = (uint32_t)self->config->member;
	ev.a = (struct sr_bytes){ self->genesis_bytes, self->genesis_n };
	ev.b = (struct sr_bytes){ identity, n };
	loop_event(self, &ev);
	free(identity);
	return SR_OK;
}

void boot_begin(struct loop *self)
{
	enum sr_error err;

	node_store_abandon(self->store);
	node_store_cursor_clear(&self->cursor);
	self->log_position = 0;
	self->replayed = 0;
	self->disk_told = false;
	self->wake_ms = 0;
	self->phase = LOOP_ROWS;
	err = boot_event(self);
	if (err != SR_OK)
		loop_fail(self, err, "reading the sealed identity (data_dir/identity)");
}

static void feed_row(struct loop *self)
{
	struct enclave_event ev = { .kind = ENCLAVE_EV_STORE_ROW };
	uint8_t *value;
	size_t n;
	enum sr_error err = node_store_state_next(self->store, &self->cursor, &value, &n);

	if (err == SR_ERR_NOT_FOUND) {
		node_store_cursor_clear(&self->cursor);
		self->phase = LOOP_LOG;
		return;
	}
	if (err != SR_OK) {
		loop_fail(self, err, "reading state.tcb; " NODE_RECOVER);
		return;
	}
	ev.a = (struct sr_bytes){ self->cursor.key, self->cursor.key_n };
	ev.b = (struct sr_bytes){ value, n };
	loop_event(self, &ev);
	free(value);
	self->replayed++;
}

static void feed_ready(struct loop *self)
{
	struct enclave_event ev = { .kind = ENCLAVE_EV_READY, .number = self->fresh };

	self->phase = LOOP_RUNNING;
	loop_event(self, &ev);
	for (uint32_t i = 0; i < self->genesis->members_n; i++)
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
	    (unsigned long long)self->replayed, self->fresh);
}

static void feed_record(struct loop *self)
{
	struct enclave_event ev = { .kind = ENCLAVE_EV_LOG_RECORD };
	uint8_t *bytes;
	size_t n;
	enum sr_error err = node_log_next(&self->log, &self->log_position, &bytes, &n);

	if (err == SR_ERR_NOT_FOUND) {
		feed_ready(self);
		return;
	}
	if (err != SR_OK) {
		loop_fail(self, err, "reading safety.log");
		return;
	}
	ev.a = (struct sr_bytes){ bytes, n };
	loop_event(self, &ev);
	free(bytes);
	self->replayed++;
}

void boot_feed(struct loop *self)
{
	while (self->failed == SR_OK && child_queued(&self->child) < FEED_BYTES) {
		if (self->phase == LOOP_ROWS)
			feed_row(self);
		else if (self->phase == LOOP_LOG)
			feed_record(self);
		else
			return;
	}
}
