#include "tests/lib/fake_enclave.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attest/facts.h"
#include "base/hex.h"
#include "consensus/wire.h"
#include "enclave/client_wire.h"
#include "enclave/host_wire.h"

#define TICK_MS 50u

#define STATE_KEY "the key of the one row in here.."     /* 32 bytes */

struct fake {
	struct sr_writer out;
	uint64_t now_ms, read_token;
	uint32_t rows, records, ticks, gone;
	bool fresh, disk, stopped;
	char last_row[256], last_record[256], inbox[256], trail[256];
};

bool fake_enclave_wanted(int argc, char **argv)
{
	return argc > 2 && strcmp(argv[1], "--fd") == 0 && strcmp(argv[2], "3") == 0;
}

static struct sr_bytes text_bytes(const char *text)
{
	return (struct sr_bytes){ (const uint8_t *)text, strlen(text) };
}

static void effect(struct fake *self, struct enclave_effect fx)
{
	host_wire_effect_write(&self->out, &fx);
}

static void reply(struct fake *self, uint64_t token, const char *text)
{
	effect(self, (struct enclave_effect){ .kind = ENCLAVE_FX_REPLY, .token = token,
	    .a = text_bytes(text) });
}

static void reply_number(struct fake *self, uint64_t token, uint64_t n)
{
	char text[32];

	snprintf(text, sizeof text, "%llu", (unsigned long long)n);
	reply(self, token, text);
}

static void persist(struct fake *self, const char *text, bool sync)
{
	effect(self, (struct enclave_effect){ .kind = ENCLAVE_FX_PERSIST, .number = sync,
	    .a = text_bytes(text) });
}

static void keep_text(char out[256], struct sr_bytes b)
{
	size_t n = b.n < 255 ? b.n : 255;

	memcpy(out, b.p, n);
	out[n] = '\0';
}

static void status(struct fake *self)
{
	static struct enclave_status s = { .members_n = 2, .threshold = 2, .attestation = 1,
		.vault_ready = true };
	struct sr_writer w;

	s.final_height = self->ticks;
	s.disk_full = self->disk;
	sr_writer_init(&w, 65536);
	enclave_status_write(&w, &s);
	effect(self, (struct enclave_effect){ .kind = ENCLAVE_FX_STATUS, .a = { w.p, w.n } });
	effect(self,
	    (struct enclave_effect){ .kind = ENCLAVE_FX_WAKE, .number = self->now_ms + TICK_MS });
	sr_writer_clear(&w);
}

static void block(struct fake *self)
{
	struct consensus_header h = {
		.epoch = 1, .slot = 2, .height = 3, .author = 1, .time_ms = 4
	};
	struct sr_writer w;

	sr_writer_init(&w, CONSENSUS_HEADER_MAX);
	consensus_header_write(&w, &h);
	effect(self, (struct enclave_effect){ .kind = ENCLAVE_FX_BLOCK, .number = 3, .member = 5,
	    .a = { w.p, w.n } });
	sr_writer_clear(&w);
}

static void checkpoint(struct fake *self, const char *row)
{
	uint8_t none[4] = { 0 };

	effect(self, (struct enclave_effect){ .kind = ENCLAVE_FX_STATE_PUT,
	    .a = text_bytes(STATE_KEY), .b = text_bytes(row) });
	effect(self,
	    (struct enclave_effect){ .kind = ENCLAVE_FX_CHECKPOINT, .a = { none, sizeof none } });
}

static void piece(struct fake *self, enum enclave_effect_kind kind, const char *hex)
{
	struct sr_hash32 hash;

	if (sr_hex_decode(hash.b, sizeof hash.b, hex, strlen(hex)) == SR_OK)
		effect(
		    self, (struct enclave_effect){ .kind = kind, .a = { hash.b, sizeof hash.b } });
}

/* seat=address, or seat= for nobody. */
static void peer(struct fake *self, const char *rest)
{
	const char *address = strchr(rest, '=');

	if (address == NULL)
		return;
	effect(self, (struct enclave_effect){ .kind = ENCLAVE_FX_PEER,
	    .member = (uint32_t)strtoul(rest, NULL, 10), .a = text_bytes(address + 1) });
}

/* Numbers of the first step of each piece, all steps, and the pin. */
static void trail_keep(struct fake *self, const struct enclave_event *ev)
{
	char hex[2 * 40 + 1] = "", before[sizeof self->trail];
	struct sr_reader r;

	if (ev->b.n <= 40)
		sr_hex_encode(hex, ev->b.p, ev->b.n);
	sr_reader_init(&r, ev->a.p, ev->a.n);
	memcpy(before, self->trail, sizeof before);
	snprintf(self->trail, sizeof self->trail, "%.140s%llu+%u pinned=%s rows=%u;", before,
	    (unsigned long long)ev->number, sr_read_u32(&r), hex, self->rows);
}

/* The first value that a STATE_READ found, and how many. */
static void state_told(struct fake *self, const struct enclave_event *ev)
{
	struct sr_bytes value = { NULL, 0 };
	struct sr_reader r;
	char text[200];
	uint32_t n;

	sr_reader_init(&r, ev->a.p, ev->a.n);
	n = sr_read_u32(&r);
	if (n > 0)
		value = sr_read_blob(&r, 100);
	snprintf(text, sizeof text, "%u %.*s", n, (int)value.n, (const char *)value.p);
	reply(self, ev->token, text);
}

static enum sr_error fatal_error(const char *rest)
{
	if (strcmp(rest, "left") == 0)
		return SR_ERR_LEFT;
	if (strcmp(rest, "refused") == 0)
		return SR_ERR_NOT_ADMITTED;
	return strcmp(rest, "memory") == 0 ? SR_ERR_NO_MEMORY : SR_ERR_DAMAGED;
}

static void reply_big(struct fake *self, uint64_t token, size_t n)
{
	uint8_t *p = calloc(1, n);

	effect(self,
	    (struct enclave_effect){ .kind = ENCLAVE_FX_REPLY, .token = token, .a = { p, n } });
	free(p);
}

static void reply_replay(struct fake *self, uint64_t token)
{
	char text[700];

	snprintf(text, sizeof text, "rows=%u records=%u fresh=%d row=%s record=%s", self->rows,
	    self->records, self->fresh, self->last_row, self->last_record);
	reply(self, token, text);
}

static void store_command(struct fake *self, uint64_t token, const char *verb, const char *rest)
{
	struct sr_hash32 hash = { { 1 } };

	if (strcmp(verb, "persist") == 0)
		persist(self, rest, true);
	else if (strcmp(verb, "state") == 0)
		checkpoint(self, rest);
	else if (strcmp(verb, "identity") == 0)
		effect(self,
		    (struct enclave_effect){ .kind = ENCLAVE_FX_IDENTITY, .a = text_bytes(rest) });
	else if (strcmp(verb, "archive") == 0)
		effect(self,
		    (struct enclave_effect){ .kind = ENCLAVE_FX_ARCHIVE_PUT,
			.number = strtoull(rest, NULL, 10),
			.a = { hash.b, 32 },
			.b = text_bytes(rest) });
	else if (strcmp(verb, "send") == 0)
		effect(self, (struct enclave_effect){ .kind = ENCLAVE_FX_SEND, .member = 1,
		    .a = text_bytes(rest) });
	else if (strcmp(verb, "peer") == 0)
		peer(self, rest);
	else if (strcmp(verb, "keep") == 0)
		piece(self, ENCLAVE_FX_BLOB_KEEP, rest);
	else if (strcmp(verb, "drop") == 0)
		piece(self, ENCLAVE_FX_BLOB_DROP, rest);
	else if (strcmp(verb, "block") == 0)
		block(self);
	if (strcmp(verb, "order") == 0) {
		persist(self, "a", false);
		persist(self, "b", false);
		persist(self, "c", true);
	}
	reply(self, token, rest);
}

static void command(struct fake *self, uint64_t token, char *text)
{
	char *colon = strchr(text, ':');
	const char *rest = colon != NULL ? colon + 1 : "done";

	if (colon != NULL)
		*colon = '\0';
	if (strcmp(text, "crash") == 0)
		abort();
	if (strcmp(text, "exit") == 0)
		_exit(3);
	if (strcmp(text, "silent") == 0)
		return;
	if (strcmp(text, "replay") == 0)
		reply_replay(self, token);
	else if (strcmp(text, "inbox") == 0)
		reply(self, token, self->inbox);
	else if (strcmp(text, "trail") == 0)
		reply(self, token, self->trail);
	else if (strcmp(text, "get") == 0)
		effect(self, (struct enclave_effect){ .kind = ENCLAVE_FX_STATE_READ, .token = token,
		    .member = 64, .a = text_bytes(STATE_KEY "a row of this key is not there...") });
	else if (strcmp(text, "ticks") == 0)
		reply_number(self, token, self->ticks);
	else if (strcmp(text, "gone") == 0)
		reply_number(self, token, self->gone);
	else if (strcmp(text, "disk") == 0)
		reply_number(self, token, self->disk);
	else if (strcmp(text, "big") == 0)
		reply_big(self, token, (size_t)strtoull(rest, NULL, 10));
	else if (strcmp(text, "fatal") == 0)
		effect(self,
		    (struct enclave_effect){ .kind = ENCLAVE_FX_FATAL,
			.number = fatal_error(rest),
			.a = text_bytes("a test asked for it") });
	else if (strcmp(text, "garbage") == 0)
		sr_write_blob(&self->out, (const uint8_t *)"no effect", 9);
	else if (strcmp(text, "read") == 0)
		effect(self,
		    (struct enclave_effect){ .kind = ENCLAVE_FX_ARCHIVE_READ,
			.token = token,
			.number = strtoull(rest, NULL, 10),
			.member = 1024 });
	else if (strcmp(text, "evidence") == 0)
		effect(self,
		    (struct enclave_effect){ .kind = ENCLAVE_FX_EVIDENCE,
			.token = token,
			.a = { (const uint8_t[ATTEST_REPORT_DATA]){ 0 }, ATTEST_REPORT_DATA } });
	else
		store_command(self, token, text, rest);
}

static void client(struct fake *self, const struct enclave_event *ev)
{
	char text[8192];
	size_t n = ev->a.n < sizeof text - 1 ? ev->a.n : sizeof text - 1;

	memcpy(text, ev->a.p, n);
	text[n] = '\0';
	if (ev->number == CLIENT_SUBMIT)
		command(self, ev->token, text);
	else
		reply(self, ev->token, "public");
}

static void event(struct fake *self, const struct enclave_event *ev)
{
	struct sr_reader r;

	self->now_ms = ev->now_ms;
	switch (ev->kind) {
	case ENCLAVE_EV_STORE_ROW:
		self->rows++;
		keep_text(self->last_row, ev->b);
		return;
	case ENCLAVE_EV_LOG_RECORD:
		self->records++;
		keep_text(self->last_record, ev->a);
		return;
	case ENCLAVE_EV_READY:
		self->fresh = ev->number == 1;
		status(self);
		return;
	case ENCLAVE_EV_TICK:
		self->ticks++;
		status(self);
		return;
	case ENCLAVE_EV_MESSAGE:
		keep_text(self->inbox, ev->a);
		return;
	case ENCLAVE_EV_CLIENT:
		client(self, ev);
		return;
	case ENCLAVE_EV_ARCHIVE:
		sr_reader_init(&r, ev->a.p, ev->a.n);
		reply_number(self, ev->token, sr_read_u32(&r));
		return;
	case ENCLAVE_EV_DISK:
		self->disk = ev->number == 1;
		return;
	case ENCLAVE_EV_STOP:
		persist(self, "stopped", true);
		effect(self, (struct enclave_effect){ .kind = ENCLAVE_FX_STOPPED });
		self->stopped = true;
		return;
	case ENCLAVE_EV_CLIENT_GONE:
		self->gone++;
		return;
	case ENCLAVE_EV_TRAIL:
		trail_keep(self, ev);
		return;
	case ENCLAVE_EV_BOOT:
	case ENCLAVE_EV_LINK:
		return;
	case ENCLAVE_EV_STATE:
		state_told(self, ev);
		return;
	case ENCLAVE_EV_EVIDENCE:
		reply(self, ev->token, sr_error_name((unsigned)ev->number));
		return;
	}
}

static bool read_all(uint8_t *p, size_t n)
{
	while (n > 0) {
		ssize_t got = read(3, p, n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		p += got;
		n -= (size_t)got;
	}
	return true;
}

static bool write_all(const uint8_t *p, size_t n)
{
	while (n > 0) {
		ssize_t put = write(3, p, n);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return false;
		p += put;
		n -= (size_t)put;
	}
	return true;
}

int fake_enclave_run(void)
{
	static struct fake self;
	uint8_t *frame = malloc(HOST_FRAME_MAX), length[4];

	sr_writer_init(&self.out, 2 * HOST_FRAME_MAX);
	while (!self.stopped && read_all(length, 4)) {
		size_t n = (size_t)length[0] | (size_t)length[1] << 8 | (size_t)length[2] << 16 |
			   (size_t)length[3] << 24;
		struct enclave_event ev;

		if (n > HOST_FRAME_MAX || !read_all(frame, n)
		    || host_wire_event_read(&ev, frame, n) != SR_OK)
			return 4;
		event(&self, &ev);
		if (!write_all(self.out.p, self.out.n))
			return 5;
		sr_writer_reset(&self.out);
	}
	free(frame);
	sr_writer_clear(&self.out);
	return 0;
}
