/*
 * node/effects.c - carries out what the enclave decided, in its order: what is to be kept through
 * the keeper, the rest to links, clients and the log.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/log.h"
#include "consensus/wire.h"
#include "net/links.h"
#include "node/loop.h"

/* The enclave believes that it is written: it must forget that, and begin again from the disk once
 * there is room. Rare: free_space_min_bytes stops it from writing long before. */
static void disk_full(struct loop *self, const char *what)
{
	sr_log(SR_LOG_ERROR, "disk",
	    "%s: the disk is full; the enclave starts again when there is room", what);
	self->disk_low = self->disk_blocked = true;
	child_stop(&self->child, true);
}

/* What the enclave wants to read: of the archive, or of its state. */
static void fx_read(struct loop *self, const struct enclave_effect *fx)
{
	bool archive = fx->kind == ENCLAVE_FX_ARCHIVE_READ;
	struct enclave_event ev = { .kind = archive ? ENCLAVE_EV_ARCHIVE : ENCLAVE_EV_STATE,
		.token = fx->token };
	struct sr_writer w;

	sr_writer_init(&w, HOST_FRAME_MAX + HOST_FRAME_MAX / 2);
	if ((archive ? keeper_archive_read(&self->keeper, fx, &w)
		     : keeper_state_read(&self->keeper, fx, &w)) == SR_OK) {
		ev.a = (struct sr_bytes){ w.p, w.n };
		loop_event(self, &ev);
	}
	sr_writer_clear(&w);
}

static void fx_status(struct loop *self, const struct enclave_effect *fx)
{
	struct sr_reader r;

	sr_reader_init(&r, fx->a.p, fx->a.n);
	enclave_status_read(self->status, &r);
	if (sr_reader_finish(&r) != SR_OK)
		return;
	self->figures.status = *self->status;
	self->figures.status_known = true;
	self->figures.status_at_ms = loop_monotonic_ms();
	desk_lock(&self->desk);
	self->desk.figures.status = *self->status;
	self->desk.figures.status_known = true;
	self->desk.figures.status_at_ms = self->figures.status_at_ms;
	desk_unlock(&self->desk);
}

static void fx_block(struct loop *self, const struct enclave_effect *fx)
{
	struct consensus_header header;
	struct sr_hash32 hash;
	struct sr_reader r;
	char hex[65];

	sr_reader_init(&r, fx->a.p, fx->a.n);
	consensus_header_read(&header, &r);
	if (sr_reader_finish(&r) != SR_OK)
		return;
	hash = consensus_header_hash(&header);
	sr_hex_encode(hex, hash.b, sizeof hash.b);
	sr_log(SR_LOG_DEBUG, "block", "final height=%llu epoch=%llu slot=%llu operations=%u",
	    (unsigned long long)header.height, (unsigned long long)header.epoch,
	    (unsigned long long)header.slot, fx->member);
	desk_announce(&self->desk,
	    "event: block\ndata: {\"height\":%llu,\"epoch\":%llu,\"slot\":%llu,\"author\":%u,"
	    "\"time_ms\":%llu,\"operations\":%u,\"hash\":\"%s\"}\n\n",
	    (unsigned long long)header.height, (unsigned long long)header.epoch,
	    (unsigned long long)header.slot, header.author, (unsigned long long)header.time_ms,
	    fx->member, hex);
}

static void fx_blob(struct loop *self, const struct enclave_effect *fx)
{
	struct sr_hash32 hash;
	enum sr_error err;
	bool missing = false;

	if (fx->a.n != sizeof hash.b)
		return;
	memcpy(hash.b, fx->a.p, sizeof hash.b);
	err = fx->kind == ENCLAVE_FX_BLOB_KEEP ? blobs_keep(self->blobs, &missing, &hash, fx->b)
					       : blobs_drop(self->blobs, &hash);
	if (missing)
		repair_wake(self->repair);
	if (err != SR_OK)
		sr_log(SR_LOG_ERROR, "blobs", "keeping or dropping a piece failed: %s",
		    sr_error_message((unsigned)err));
}

static void fx_note(const struct enclave_effect *fx)
{
	enum sr_log_level level = fx->number <= SR_LOG_DEBUG ? (enum sr_log_level)fx->number
							     : SR_LOG_INFO;

	sr_log(level, "enclave", "%.*s", fx->a.n < 900 ? (int)fx->a.n : 900, (const char *)fx->a.p);
}

/* Where its pieces are. Without an address nobody is there; what is not told stays. */
static enum sr_error peer_url(struct loop *self, const struct enclave_effect *fx)
{
	char url[REPAIR_URL_MAX];
	struct sr_hash32 pin;
	size_t n = fx->b.n - sizeof pin.b;

	if (fx->a.n == 0)
		return repair_peer(self->repair, fx->member, NULL, NULL);
	if (fx->b.n <= sizeof pin.b)
		return SR_OK;
	if (n >= sizeof url || memchr(fx->b.p + sizeof pin.b, '\0', n) != NULL)
		return SR_ERR_OUT_OF_RANGE;
	memcpy(pin.b, fx->b.p, sizeof pin.b);
	memcpy(url, fx->b.p + sizeof pin.b, n);
	url[n] = '\0';
	return repair_peer(self->repair, fx->member, url, &pin);
}

/* Who is where, as the epoch's record or a JOIN says. */
static void fx_peer(struct loop *self, const struct enclave_effect *fx)
{
	char address[NET_ADDRESS_MAX];
	enum sr_error err = SR_ERR_OUT_OF_RANGE;

	if (fx->member == self->config->member)
		return;
	if (fx->a.n == 0)
		err = net_links_peer(self->links, fx->member, NULL, loop_monotonic_ms());
	else if (fx->a.n < sizeof address && memchr(fx->a.p, '\0', fx->a.n) == NULL) {
		memcpy(address, fx->a.p, fx->a.n);
		address[fx->a.n] = '\0';
		err = net_links_peer(self->links, fx->member, address, loop_monotonic_ms());
	}
	if (err == SR_OK)
		err = peer_url(self, fx);
	if (err != SR_OK)
		sr_log(SR_LOG_WARN, "links", "seat %u has no address to connect to: %s",
		    fx->member, sr_error_name((unsigned)err));
}

/* The end that every membership comes to: nothing is damaged. */
static void fx_over(struct loop *self, const struct enclave_effect *fx)
{
	self->fatal = self->over = true;
	sr_log(SR_LOG_WARN, "node", self->failed == SR_ERR_LEFT
		? "this node has left the cluster; its keys are wiped; its data directory may be "
		  "removed (%.*s)"
		: "the cluster did not admit this node, so it has no share of anything; its data "
		  "directory may be removed (%.*s)",
	    fx->a.n < 400 ? (int)fx->a.n : 400, (const char *)fx->a.p);
}

static void fx_fatal(struct loop *self, const struct enclave_effect *fx)
{
	self->failed = fx->number != 0 ? sr_error_from_number((unsigned)fx->number)
				       : SR_ERR_INTERNAL;
	if (self->failed == SR_ERR_LEFT || self->failed == SR_ERR_NOT_ADMITTED) {
		fx_over(self, fx);
		return;
	}
	/* What the machine lacked it may have again: then a restart is right. */
	self->fatal = !sr_error_is_shortage(self->failed);
	sr_log(SR_LOG_ERROR, "enclave", "stopped%s: %.*s (%s)", self->fatal ? " for good" : "",
	    fx->a.n < 800 ? (int)fx->a.n : 800, (const char *)fx->a.p,
	    sr_error_name((unsigned)self->failed));
}

static void carry_out(struct loop *self, const struct enclave_effect *fx)
{
	switch (fx->kind) {
	case ENCLAVE_FX_SEND:
		(void)!net_links_send(self->links, fx->member, (uint32_t)fx->number, fx->a.p,
		    fx->a.n, loop_monotonic_ms());
		return;
	case ENCLAVE_FX_REPLY:
		desk_reply(&self->desk, fx->token, sr_error_from_number((unsigned)fx->number),
		    fx->a.p, fx->a.n);
		return;
	case ENCLAVE_FX_WAKE:
		self->wake_ms = fx->number;
		return;
	case ENCLAVE_FX_ARCHIVE_READ:
	case ENCLAVE_FX_STATE_READ:
		fx_read(self, fx);
		return;
	case ENCLAVE_FX_STATUS:
		fx_status(self, fx);
		return;
	case ENCLAVE_FX_BLOCK:
		fx_block(self, fx);
		return;
	case ENCLAVE_FX_NOTE:
		fx_note(fx);
		return;
	case ENCLAVE_FX_FATAL:
		fx_fatal(self, fx);
		return;
	case ENCLAVE_FX_STOPPED:
		self->stopped = true;
		return;
	case ENCLAVE_FX_BLOB_KEEP:
	case ENCLAVE_FX_BLOB_DROP:
		fx_blob(self, fx);
		return;
	case ENCLAVE_FX_PERSIST:
	case ENCLAVE_FX_ARCHIVE_PUT:
	case ENCLAVE_FX_STATE_PUT:
	case ENCLAVE_FX_CHECKPOINT:
	case ENCLAVE_FX_IDENTITY:
		return; /* the keeper's */
	case ENCLAVE_FX_PEER:
		fx_peer(self, fx);
		return;
	case ENCLAVE_FX_EVIDENCE:
		if (fx->a.n == ATTEST_REPORT_DATA)
			node_platform_ask(self->platform, fx->token, fx->a.p);
		return;
	}
}

static bool may_go_on(const struct loop *self)
{
	return self->failed == SR_OK && self->child.fd >= 0;
}

static bool carry_on(void *ctx, const struct enclave_effect *fx)
{
	struct loop *self = ctx;

	carry_out(self, fx);
	return may_go_on(self);
}

static void run_batch(struct loop *self, const struct enclave_effect *fx, size_t n)
{
	enum sr_error err;

	if (!may_go_on(self))
		return;
	err = keeper_run(&self->keeper, fx, n, carry_on, self);
	if (err == SR_ERR_DISK_FULL)
		disk_full(self, self->keeper.doing);
	else if (err != SR_OK)
		/* What the disk holds is not known. */
		loop_fail(self, err, self->keeper.doing);
}

void effects_run(struct loop *self)
{
	enum sr_error err = SR_OK;
	size_t n;

	do {
		for (n = 0; n < LOOP_FX_BATCH; n++) {
			err = child_effect(&self->child, &self->batch[n]);
			if (err != SR_OK)
				break;
		}
		self->figures.effects += n;
		run_batch(self, self->batch, n);
		if (err != SR_OK && err != SR_ERR_NOT_FOUND) {
			sr_log(SR_LOG_ERROR, "enclave", "an effect that does not parse: %s",
			    sr_error_name((unsigned)err));
			child_stop(&self->child, true);
			break;
		}
	} while (n == LOOP_FX_BATCH && self->failed == SR_OK && self->child.fd >= 0);
	child_consume(&self->child);
	net_links_flush(self->links, loop_monotonic_ms());
}
