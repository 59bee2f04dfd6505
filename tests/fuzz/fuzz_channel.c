/*
 * tests/fuzz/fuzz_channel.c - sealed channels between three enclaves over links that belong to
 * whoever likes: frames are made up, changed, dropped, repeated and swapped. A message arrives as
 * it was sent, from who sent it, once, or not at all.
 */
#include <stdlib.h>
#include <string.h>

#include "base/drbg.h"
#include "enclave/shell_channel.h"
#include "tests/fuzz/fixture.h"
#include "tests/fuzz/fuzz.h"

#define ENDS 3u
#define STEPS_MAX 64u
#define FRAMES_MAX 128u
#define MESSAGES_MAX 64u
#define MESSAGE_BYTES 40u

struct frame { uint32_t from, to; uint8_t *p; size_t n; };
struct sent { uint32_t from, to; bool arrived; };

struct run;
struct end { struct run *run; uint32_t self; struct shell_channels *channels; };

struct run {
	struct end ends[ENDS];
	struct frame frames[FRAMES_MAX];
	size_t frames_n;
	struct sent sent[MESSAGES_MAX];
	size_t sent_n;
	uint64_t now_ms;
};

/* Once a process: certificates cost a key each. */
static struct cluster *cluster;
static struct shell_cert certs[ENDS];

static void setup(void)
{
	cluster = fixture_cluster();
	for (uint32_t i = 0; i < ENDS; i++) {
		struct sr_hash32 nonce = { { (uint8_t)i } };
		cluster_start(cluster, i);
		FUZZ_CHECK(shell_cert_init(&certs[i], cluster->nodes[i].core,
			&cluster->measurement, &nonce, cluster->now_ms) == SR_OK);
	}
}

static void on_frame(void *ctx, uint32_t member, uint32_t class, const uint8_t *bytes, size_t n)
{
	const struct end *e = ctx;
	struct run *run = e->run;
	(void)class;
	if (run->frames_n == FRAMES_MAX || member >= ENDS)
		return;
	struct frame *f = &run->frames[run->frames_n++];
	*f = (struct frame){ e->self, member, malloc(n ? n : 1), n };
	FUZZ_CHECK(f->p != NULL);
	memcpy(f->p, bytes, n);
}

/* A message is its number in all its bytes. */
static void on_message(void *ctx, uint32_t member, const uint8_t *bytes, size_t n)
{
	const struct end *e = ctx;
	FUZZ_CHECK(n == MESSAGE_BYTES && bytes[0] < e->run->sent_n);
	struct sent *s = &e->run->sent[bytes[0]];
	for (size_t i = 1; i < n; i++)
		FUZZ_CHECK(bytes[i] == bytes[0]);
	FUZZ_CHECK(s->from == member && s->to == e->self && !s->arrived);
	s->arrived = true;
}

static void frame_give(struct run *run, uint32_t from, uint32_t to, const uint8_t *p, size_t n)
{
	uint8_t *exact = malloc(n ? n : 1);
	FUZZ_CHECK(exact != NULL);
	if (n > 0)
		memcpy(exact, p, n);
	shell_channels_receive(run->ends[to].channels, from, exact, n, run->now_ms);
	free(exact);
}

static void frame_drop(struct run *run, size_t i)
{
	free(run->frames[i].p);
	memmove(&run->frames[i], &run->frames[i + 1],
	    (--run->frames_n - i) * sizeof(run->frames[0]));
}

static void pump(struct run *run)
{
	for (unsigned i = 0; i < 4 * FRAMES_MAX && run->frames_n > 0; i++) {
		struct frame f = run->frames[0];
		run->frames[0].p = NULL;
		frame_drop(run, 0);
		frame_give(run, f.from, f.to, f.p, f.n);
		free(f.p);
	}
}

/* which u8 | fate u8 | place u16 | change u8 */
static void one_frame(struct run *run, struct sr_reader *r)
{
	uint8_t which = sr_read_u8(r), fate = sr_read_u8(r);
	size_t place = sr_read_u16(r);
	uint8_t change = sr_read_u8(r);
	if (run->frames_n == 0)
		return;
	size_t i = which % run->frames_n;
	struct frame *f = &run->frames[i];
	if (f->n > 0 && fate % 4 == 1)
		f->p[place % f->n] ^= change;
	size_t n = fate % 4 == 2 ? place % (f->n + 1) : f->n;
	uint32_t from = fate & 64 ? (f->from + 1) % ENDS : f->from;
	if (from != f->to && fate % 4 != 3)
		frame_give(run, from, f->to, f->p, n);
	/* What is kept is given again. */
	if (!(fate & 128))
		frame_drop(run, i);
}

static void raw_frame(struct run *run, struct sr_reader *r)
{
	uint32_t to = sr_read_u8(r) % ENDS, from = sr_read_u8(r) % 6;
	size_t n;
	uint8_t *p = fuzz_take(r, &n, sr_read_u16(r));
	frame_give(run, from, to, p, n);
	free(p);
}

static void say(struct run *run, struct sr_reader *r)
{
	uint8_t pair = sr_read_u8(r), message[MESSAGE_BYTES];
	uint32_t from = pair % ENDS, to = (from + 1 + pair / 8 % 2) % ENDS;
	if (run->sent_n == MESSAGES_MAX)
		return;
	memset(message, (int)run->sent_n, sizeof(message));
	run->sent[run->sent_n++] = (struct sent){ from, to, false };
	shell_channels_send(run->ends[from].channels, to, pair / 16 % 4, message, sizeof(message),
	    run->now_ms);
}

static void time_passes(struct run *run, struct sr_reader *r)
{
	uint8_t v = sr_read_u8(r);
	run->now_ms += v < 200 ? v * 10u : (v - 199u) * 1800000u;
	for (uint32_t i = 0; i < ENDS; i++)
		shell_channels_tick(run->ends[i].channels, run->now_ms);
}

static void link_moves(struct run *run, struct sr_reader *r)
{
	uint8_t v = sr_read_u8(r);
	uint32_t a = v % ENDS, b = (a + 1 + v / 4 % 2) % ENDS;
	shell_channels_link(run->ends[a].channels, b, v < 192, run->now_ms);
	shell_channels_link(run->ends[b].channels, a, v < 192, run->now_ms);
}

static void certificate(struct sr_reader *r)
{
	uint32_t member = sr_read_u8(r) % 5;
	struct sr_hash32 nonce;
	size_t n;
	uint8_t *der = fuzz_take(r, &n, sr_read_u16(r));
	(void)!shell_cert_verify(&nonce, cluster->nodes[0].core, member, der, n,
	    attest_evidence_verify, cluster->now_ms);
	free(der);
}

static void step(struct run *run, struct sr_reader *r)
{
	switch (sr_read_u8(r) % 8) {
	case 0: raw_frame(run, r); return;
	case 1:
	case 2: one_frame(run, r); return;
	case 3: say(run, r); return;
	case 4: time_passes(run, r); return;
	case 5: link_moves(run, r); return;
	case 6: certificate(r); return;
	default: pump(run); return;
	}
}

void fuzz_channel(const uint8_t *p, size_t n)
{
	struct run *run = calloc(1, sizeof(*run));
	struct shell_channel_figures figures;
	struct sr_reader r;
	FUZZ_CHECK(run != NULL);
	if (!cluster)
		setup();
	run->now_ms = cluster->now_ms;
	for (uint32_t i = 0; i < ENDS; i++) {
		struct shell_channel_ports ports = { .ctx = &run->ends[i],
			.frame = on_frame, .message = on_message,
			.verify = attest_evidence_verify };
		run->ends[i].run = run;
		run->ends[i].self = i;
		run->ends[i].channels = shell_channels_new(cluster->nodes[i].core, &certs[i],
		    &ports);
		FUZZ_CHECK(run->ends[i].channels != NULL);
	}
	sr_reader_init(&r, p, n);
	for (unsigned i = 0; i < STEPS_MAX && r.left > 0; i++)
		step(run, &r);
	for (uint32_t i = 0; i < ENDS; i++) {
		shell_channels_figures(&figures, run->ends[i].channels);
		shell_channels_free(run->ends[i].channels);
	}
	while (run->frames_n > 0)
		frame_drop(run, 0);
	free(run);
}

void seed_channel(void)
{
	static const uint8_t programs[][40] = {
		/* all are linked, shake hands, talk */
		{ 5, 0, 5, 1, 5, 4, 4, 60, 7, 4, 60, 7, 3, 0, 3, 1, 3, 8, 7, 3, 2, 7, 4, 1 },
		/* a changed and a repeated frame */
		{ 5, 0, 4, 60, 7, 4, 60, 7, 3, 0, 1, 0, 129, 30, 0, 1, 1, 0, 128, 0, 0, 0, 1, 0, 0,
		    0,
		    0, 0, 4, 90, 7, 3, 0, 7 },
		/* a handshake that is cut, changed, and comes again */
		{ 5, 0, 4, 60, 1, 0, 1, 40, 0, 1, 4, 90, 7, 4, 90, 2, 0, 2, 20, 0, 0, 7, 4, 100, 7,
		    3,
		    0, 7 },
		/* not known any more, down, renewed */
		{ 5, 0, 4, 60, 7, 3, 0, 7, 5, 192, 4, 60, 5, 0, 4, 60, 7, 4, 203, 7, 3, 0, 7 },
	};
	static const uint8_t raw[][32] = {
		{ 5, 0, 0, 0, 1, 17, 0, 1 }, { 5, 0, 0, 0, 1, 25, 0, 2 }, { 5, 0, 0, 0, 1, 17, 0,
		    3 },
		{ 5, 0, 0, 0, 1, 17, 0, 9 }, { 6, 1, 20, 0, 0x30, 0x82 }, { 0, 0, 5, 0, 0 } };
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		fuzz_seed("talk", programs[i], sizeof(programs[i]));
	for (size_t i = 0; i < sizeof(raw) / sizeof(raw[0]); i++)
		fuzz_seed("raw", raw[i], sizeof(raw[i]));
}
