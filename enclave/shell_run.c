#include "enclave/shell_run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/drbg.h"
#include "enclave/shell_channel.h"

#define OUT_FLUSH_BYTES (256u * 1024u)
#define IN_CHUNK (256u * 1024u)
#define TOKEN_SHELL (UINT64_C(1) << 63)         /* the core's tokens for EVIDENCE are below */
#define CERT_LOOK_MS 10000u
#define CERT_RENEW_MS 86400000u                 /* a day, like the evidence on the chain */

struct shell {
	int fd;
	struct enclave_core *core;
	struct sr_hash32 measurement;
	struct shell_cert cert, draft;          /* draft: until its evidence is here */
	uint32_t seat, cert_seat;               /* that the newest draft, the certificate is for */
	uint64_t made_ms, look_ms;              /* the certificate; when to look at it again */
	bool software;                          /* it has no other evidence */
	uint64_t token;                         /* of the evidence asked for; 0: none */
	uint64_t tokens;
	bool links[SR_MEMBERS_MAX];             /* up, as the host says */
	struct shell_channels *channels;
	struct enclave_effects effects;
	struct sr_drbg drbg;
	uint8_t *in;
	size_t in_n, in_capacity;
	struct sr_writer out;
	uint64_t now_ms;
	bool stopped;
	enum sr_error failed;
};

static enum sr_error write_all(int fd, const uint8_t *p, size_t n)
{
	while (n > 0) {
		ssize_t put = write(fd, p, n);
		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return SR_ERR_IO;
		p += put;
		n -= (size_t)put;
	}
	return SR_OK;
}

static void shell_fail(struct shell *self, enum sr_error err)
{
	if (self->failed == SR_OK)
		self->failed = err;
}

static void shell_flush(struct shell *self)
{
	if (self->out.n == 0)
		return;
	enum sr_error err = self->out.error;
	if (err == SR_OK)
		err = write_all(self->fd, self->out.p, self->out.n);
	sr_writer_reset(&self->out);
	if (err != SR_OK)
		shell_fail(self, err);
}

static void shell_effect(struct shell *self, const struct enclave_effect *fx)
{
	host_wire_effect_write(&self->out, fx);
	if (self->out.n > OUT_FLUSH_BYTES)
		shell_flush(self);
}

static void shell_note(struct shell *self, uint64_t level, const char *text)
{
	struct enclave_effect fx = { .kind = ENCLAVE_FX_NOTE, .number = level };
	fx.a = (struct sr_bytes){ (const uint8_t *)text, strlen(text) };
	shell_effect(self, &fx);
}

/* A sealed frame for the host to carry. */
static void port_frame(void *ctx, uint32_t member, uint32_t class, const uint8_t *bytes, size_t n)
{
	struct shell *self = ctx;
	struct enclave_effect fx = { .kind = ENCLAVE_FX_SEND, .member = member, .number = class };
	fx.a = (struct sr_bytes){ bytes, n };
	shell_effect(self, &fx);
}

static void core_step(struct shell *self, struct enclave_event *ev);

/* An authenticated message from a peer. */
static void port_message(void *ctx, uint32_t member, const uint8_t *bytes, size_t n)
{
	struct shell *self = ctx;
	struct enclave_event ev = { .kind = ENCLAVE_EV_MESSAGE, .member = member,
		.now_ms = self->now_ms };
	ev.a = (struct sr_bytes){ bytes, n };
	core_step(self, &ev);
}

static void core_step(struct shell *self, struct enclave_event *ev)
{
	SR_KEY32_AUTO seed;
	enum sr_error err = sr_drbg_fill(&self->drbg, seed.b, sizeof seed.b);
	if (err != SR_OK) {
		shell_fail(self, err);
		return;
	}
	ev->seed = &seed;
	err = enclave_step(self->core, &self->effects, ev);
	for (size_t i = 0; i < self->effects.n; i++) {
		const struct enclave_effect *fx = &self->effects.list[i];
		if (fx->kind == ENCLAVE_FX_SEND && self->channels != NULL)
			shell_channels_send(self->channels, fx->member, (uint32_t)fx->number,
			    fx->a.p, fx->a.n, ev->now_ms);
		else if (fx->kind != ENCLAVE_FX_SEND)
			shell_effect(self, fx);
		if (fx->kind == ENCLAVE_FX_STOPPED)
			self->stopped = true;
	}
	enclave_effects_reset(&self->effects);
	if (err != SR_OK)
		shell_fail(self, err);
}

/* --- The certificate: once the core knows who it is, and then each day --- */

static void port_refused(void *ctx, uint32_t seat, enum sr_error why)
{
	char text[160];
	snprintf(text, sizeof text, "the certificate of seat %u is refused: %s (%s)", seat,
	    sr_error_message((unsigned)why), sr_error_name((unsigned)why));
	shell_note(ctx, 1, text);
}

static void channels_start(struct shell *self)
{
	struct shell_channel_ports ports = { self, port_frame, port_message, port_refused,
		attest_evidence_verify };
	self->channels = shell_channels_new(self->core, &self->cert, &ports);
	if (self->channels == NULL) {
		shell_fail(self, SR_ERR_NO_MEMORY);
		return;
	}
	for (uint32_t i = 0; i < SR_MEMBERS_MAX; i++)
		if (self->links[i])
			shell_channels_link(self->channels, i, true, self->now_ms);
}

/* The draft, with its evidence, is the certificate from now on. */
static void cert_finish(struct shell *self, struct sr_bytes evidence)
{
	enum sr_error err = shell_cert_finish(&self->draft, self->core, evidence);
	if (err != SR_OK) {
		shell_fail(self, err);
		return;
	}
	/* First nobody uses the old one any more. */
	if (self->channels != NULL)
		shell_channels_renew(self->channels, &self->cert);
	shell_cert_clear(&self->cert);
	self->cert = self->draft;
	memset(&self->draft, 0, sizeof self->draft);
	self->made_ms = self->now_ms;
	self->cert_seat = self->seat;
	self->software = evidence.n == 0;
	if (self->channels == NULL)
		channels_start(self);
}

static void evidence_ask(struct shell *self)
{
	struct enclave_effect fx = { .kind = ENCLAVE_FX_EVIDENCE };
	self->token = fx.token = TOKEN_SHELL | ++self->tokens;
	fx.a = (struct sr_bytes){ self->draft.report_data, sizeof self->draft.report_data };
	shell_effect(self, &fx);
}

static void cert_begin(struct shell *self)
{
	struct sr_hash32 nonce;
	shell_cert_clear(&self->draft);
	self->token = 0;
	self->seat = enclave_core_self(self->core);
	enum sr_error err = sr_drbg_fill(&self->drbg, nonce.b, sizeof nonce.b);
	if (err == SR_OK)
		err = shell_cert_begin(&self->draft, self->core, &self->measurement, &nonce,
		    self->now_ms);
	if (err != SR_OK)
		shell_fail(self, err);
	else if (enclave_core_evidence_software(self->core))
		cert_finish(self, (struct sr_bytes){ NULL, 0 });
	else
		evidence_ask(self);
}

/* A day old, for another seat, or software's where that is not enough any more. The host's clock
 * may be set back: what seems to have been made in the future is old. */
static bool cert_wanted(const struct shell *self, uint32_t seat)
{
	return self->cert.credentials == NULL || seat != self->seat ||
	    self->now_ms < self->made_ms || self->now_ms - self->made_ms >= CERT_RENEW_MS ||
	    (self->software && !enclave_core_evidence_software(self->core));
}

static void cert_tick(struct shell *self)
{
	uint32_t seat = enclave_core_self(self->core);
	bool early = self->now_ms < self->look_ms && self->look_ms - self->now_ms <= CERT_LOOK_MS;
	if (seat >= SR_MEMBERS_MAX || (early && seat == self->seat))
		return;
	self->look_ms = self->now_ms + CERT_LOOK_MS;
	if (cert_wanted(self, seat))
		cert_begin(self);
}

static void cert_evidence(struct shell *self, const struct enclave_event *ev)
{
	if (ev->token != self->token)
		return; /* of a draft that was given up */
	self->token = 0;
	if (ev->number != SR_OK || ev->a.n == 0 || ev->a.n > ATTEST_EVIDENCE_MAX) {
		char text[160];
		bool keep = self->cert.credentials != NULL && self->cert_seat == self->seat;
		snprintf(text, sizeof text, "no evidence for the channels but %s: %s",
		    keep ? "the last" : "software's", sr_error_message((unsigned)ev->number));
		shell_note(self, 1, text);
		/* Enough or not, the peers will say; it is asked for again. What the last says may
		 * hold a while yet. */
		if (keep)
			shell_cert_clear(&self->draft);
		else
			cert_finish(self, (struct sr_bytes){ NULL, 0 });
		return;
	}
	cert_finish(self, ev->a);
}

static void shell_event(struct shell *self, struct enclave_event *ev)
{
	self->now_ms = ev->now_ms;
	switch (ev->kind) {
	case ENCLAVE_EV_MESSAGE:
		if (self->channels != NULL)
			shell_channels_receive(self->channels, ev->member, ev->a.p, ev->a.n,
			    ev->now_ms);
		break;
	case ENCLAVE_EV_EVIDENCE:
		if ((ev->token & TOKEN_SHELL) != 0)
			cert_evidence(self, ev);
		else
			core_step(self, ev);
		break;
	case ENCLAVE_EV_LINK:
		if (ev->member < SR_MEMBERS_MAX)
			self->links[ev->member] = ev->number != 0;
		if (self->channels != NULL)
			shell_channels_link(
			    self->channels, ev->member, ev->number != 0, ev->now_ms);
		core_step(self, ev);
		break;
	case ENCLAVE_EV_BOOT:
	case ENCLAVE_EV_STORE_ROW:
	case ENCLAVE_EV_LOG_RECORD:
	case ENCLAVE_EV_READY:
	case ENCLAVE_EV_TICK:
	case ENCLAVE_EV_CLIENT:
	case ENCLAVE_EV_ARCHIVE:
	case ENCLAVE_EV_STATE:
	case ENCLAVE_EV_DISK:
	case ENCLAVE_EV_STOP:
	case ENCLAVE_EV_CLIENT_GONE:
	case ENCLAVE_EV_TRAIL:
		core_step(self, ev);
		break;
	}
	if (self->failed == SR_OK && !self->stopped)
		cert_tick(self);
	if (self->channels != NULL)
		shell_channels_tick(self->channels, ev->now_ms);
}

static uint32_t frame_length(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* Handles every whole frame in the buffer; keeps the rest. */
static void shell_frames(struct shell *self)
{
	size_t at = 0;
	while (self->failed == SR_OK && !self->stopped && self->in_n - at >= 4) {
		uint32_t n = frame_length(self->in + at);
		struct enclave_event ev;
		if (n > HOST_FRAME_MAX) {
			shell_fail(self, SR_ERR_TOO_LONG);
			break;
		}
		if (self->in_n - at - 4 < n)
			break;
		enum sr_error err = host_wire_event_read(&ev, self->in + at + 4, n);
		if (err == SR_OK)
			shell_event(self, &ev);
		else
			shell_note(self, 1, "the host sent an event that does not parse");
		at += 4 + (size_t)n;
	}
	self->in_n -= at;
	memmove(self->in, self->in + at, self->in_n);
}

static enum sr_error shell_read(struct shell *self, bool *closed)
{
	if (self->in_capacity - self->in_n < IN_CHUNK) {
		size_t capacity = self->in_capacity * 2 + IN_CHUNK;
		uint8_t *p = realloc(self->in, capacity);
		if (p == NULL)
			return SR_ERR_NO_MEMORY;
		self->in = p;
		self->in_capacity = capacity;
	}
	ssize_t got = read(self->fd, self->in + self->in_n, self->in_capacity - self->in_n);
	if (got < 0)
		return errno == EINTR ? SR_OK : SR_ERR_IO;
	*closed = got == 0;
	self->in_n += (size_t)got;
	return SR_OK;
}

static void shell_fatal(struct shell *self)
{
	struct enclave_effect fx = { .kind = ENCLAVE_FX_FATAL, .number = (uint64_t)self->failed };
	const char *text = sr_error_message((unsigned)self->failed);
	fx.a = (struct sr_bytes){ (const uint8_t *)text, strlen(text) };
	shell_effect(self, &fx);
	shell_flush(self);
}

enum sr_error shell_run(int fd, struct enclave_core *core, const struct sr_hash32 *measurement)
{
	struct shell self = { .fd = fd, .core = core, .measurement = *measurement };
	bool closed = false;
	SR_KEY32_AUTO seed;
	SR_TRY(sr_random_system(seed.b, sizeof seed.b));
	sr_drbg_init(&self.drbg, &seed);
	enclave_effects_init(&self.effects);
	sr_writer_init(&self.out, 4 * HOST_FRAME_MAX);
	while (!closed && !self.stopped && self.failed == SR_OK) {
		enum sr_error err = shell_read(&self, &closed);
		if (err != SR_OK)
			shell_fail(&self, err);
		else
			shell_frames(&self);
		shell_flush(&self);
	}
	if (self.failed != SR_OK)
		shell_fatal(&self);
	shell_channels_free(self.channels);
	shell_cert_clear(&self.cert);
	shell_cert_clear(&self.draft);
	sr_drbg_wipe(&self.drbg);
	enclave_effects_clear(&self.effects);
	sr_writer_clear(&self.out);
	free(self.in);
	return self.failed;
}
