#include "enclave/shell_channel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/drbg.h"

#define SESSION_N 16u
#define HEADER_HELLO (1u + SESSION_N)
#define HEADER_DATA (1u + SESSION_N + 8u)
#define WINDOW 8192u                    /* sequence numbers remembered against replay */
#define HANDSHAKE_BYTES_MAX (SHELL_CERT_BYTES_MAX + 65536u)
#define PRIORITY                                                                                   \
	"NONE:+VERS-TLS1.3:+AEAD:+AES-256-GCM:+GROUP-X25519:+SIGN-ECDSA-SECP256R1-SHA256:"         \
	"+CTYPE-X509"

enum { FRAME_HELLO = 1, FRAME_DATA = 2, FRAME_KICK = 3 };

/* Keys of one finished handshake. */
struct session {
	uint8_t id[SESSION_N];
	struct sr_key32 send_key, receive_key;
	uint64_t send_sequence, receive_top, started_ms;
	uint8_t seen[WINDOW / 8];
};

/* One handshake under way. */
struct handshake {
	gnutls_session_t tls;
	uint8_t id[SESSION_N];
	uint64_t started_ms;
	uint8_t *in;
	size_t in_n, in_at;
	struct sr_writer out;
	struct peer *peer;
};

struct waiting {
	uint32_t class;
	uint8_t *p;
	size_t n;
};

/* Nonces of the certificates that a peer has shown. Only the last may come again. */
struct nonces { struct sr_hash32 list[SHELL_CHANNEL_NONCES]; uint64_t n; };

struct peer {
	struct shell_channels *owner;
	uint32_t seat;
	struct sr_edpk id_key;
	bool known, link, wanted;               /* known: the core knows who has this seat */
	enum sr_error refused;                  /* told last */
	struct nonces nonces;
	uint64_t tried_ms, kicked_ms;           /* 0: never */
	struct session *current, *previous;     /* locked memory */
	struct handshake *handshake;
	struct waiting waiting[SHELL_CHANNEL_WAITING_MAX];
	size_t waiting_n, waiting_bytes;
};

struct shell_channels {
	const struct enclave_core *core;
	const struct shell_cert *cert;
	struct shell_channel_ports ports;
	struct shell_channel_figures figures;
	bool looked, policy_known;              /* policy_known: as the core says */
	uint64_t peers_version;
	uint64_t now_ms;                        /* of the call under way, for tls_verify */
	uint32_t self;
	struct peer peers[SR_MEMBERS_MAX];
};

/* The host's clock may be set back: what seems to begin in the future is over. */
static bool elapsed(uint64_t since_ms, uint64_t now_ms, uint64_t ms)
{
	return now_ms < since_ms || now_ms - since_ms >= ms;
}

/* --- waiting messages --- */

static void waiting_pop(struct peer *p)
{
	p->waiting_bytes -= p->waiting[0].n;
	sr_wipe(p->waiting[0].p, p->waiting[0].n);
	free(p->waiting[0].p);
	p->waiting_n--;
	memmove(p->waiting, p->waiting + 1, p->waiting_n * sizeof p->waiting[0]);
}

static void waiting_push(struct peer *p, uint32_t class, const uint8_t *msg, size_t n)
{
	uint8_t *copy = n <= SHELL_CHANNEL_WAITING_BYTES_MAX ? malloc(n + 1) : NULL;
	if (copy == NULL) {
		p->owner->figures.dropped++;
		return;
	}
	memcpy(copy, msg, n);
	while (p->waiting_n == SHELL_CHANNEL_WAITING_MAX ||
	    (p->waiting_n > 0 && p->waiting_bytes + n > SHELL_CHANNEL_WAITING_BYTES_MAX)) {
		waiting_pop(p);
		p->owner->figures.dropped++;
	}
	p->waiting[p->waiting_n++] = (struct waiting){ class, copy, n };
	p->waiting_bytes += n;
}

/* --- frames --- */

static void frame_kick(struct peer *p, const uint8_t id[SESSION_N], uint64_t now_ms)
{
	uint8_t frame[HEADER_HELLO];
	if (!elapsed(p->kicked_ms, now_ms, SHELL_CHANNEL_RETRY_MS))
		return;
	p->kicked_ms = now_ms;
	frame[0] = FRAME_KICK;
	memcpy(frame + 1, id, SESSION_N);
	p->owner->ports.frame(p->owner->ports.ctx, p->seat, 0, frame, sizeof frame);
}

static void frame_nonce(uint8_t nonce[SR_GCM_NONCE], uint64_t sequence)
{
	memset(nonce, 0, SR_GCM_NONCE);
	for (unsigned i = 0; i < 8; i++)
		nonce[4 + i] = (uint8_t)(sequence >> (8 * i));
}

static void frame_data(struct peer *p, uint32_t class, const uint8_t *msg, size_t n)
{
	struct session *s = p->current;
	uint8_t nonce[SR_GCM_NONCE];
	size_t frame_n = HEADER_DATA + n + SR_GCM_TAG;
	uint8_t *frame = malloc(frame_n);
	if (frame == NULL) {
		p->owner->figures.dropped++;
		return;
	}
	uint64_t sequence = ++s->send_sequence;
	frame[0] = FRAME_DATA;
	memcpy(frame + 1, s->id, SESSION_N);
	for (unsigned i = 0; i < 8; i++)
		frame[1 + SESSION_N + i] = (uint8_t)(sequence >> (8 * i));
	frame_nonce(nonce, sequence);
	enum sr_error err = sr_gcm_seal(
	    frame + HEADER_DATA, &s->send_key, nonce, frame, HEADER_DATA, msg, n);
	if (err == SR_OK)
		p->owner->ports.frame(p->owner->ports.ctx, p->seat, class, frame, frame_n);
	else
		p->owner->figures.dropped++;
	free(frame);
}

/* --- sessions --- */

static void session_retire(struct session **s)
{
	sr_secret_free(*s);
	*s = NULL;
}

/* Has this number been seen, or is it too old to tell? Marks it. Call only after the tag verified.
 */
static bool session_fresh(struct session *s, uint64_t sequence)
{
	if (sequence > s->receive_top) {
		uint64_t gap = sequence - s->receive_top;
		for (uint64_t i = 1; i <= gap && i <= WINDOW; i++) {
			uint64_t at = (s->receive_top + i) % WINDOW;
			s->seen[at / 8] &= (uint8_t)~(1u << (at % 8));
		}
		s->receive_top = sequence;
	} else if (s->receive_top - sequence >= WINDOW) {
		return false;
	}
	uint64_t at = sequence % WINDOW;
	uint8_t bit = (uint8_t)(1u << (at % 8));
	bool fresh = (s->seen[at / 8] & bit) == 0;
	s->seen[at / 8] |= bit;
	return fresh;
}

static enum sr_error session_open(struct session *s, uint8_t *msg, const uint8_t *frame, size_t n)
{
	uint8_t nonce[SR_GCM_NONCE];
	uint64_t sequence = 0;
	for (unsigned i = 0; i < 8; i++)
		sequence |= (uint64_t)frame[1 + SESSION_N + i] << (8 * i);
	frame_nonce(nonce, sequence);
	SR_TRY(sr_gcm_open(msg, &s->receive_key, nonce, frame, HEADER_DATA, frame + HEADER_DATA,
	    n - HEADER_DATA));
	return session_fresh(s, sequence) ? SR_OK : SR_ERR_REPLAYED;
}

/* --- handshakes --- */

static ssize_t tls_pull(gnutls_transport_ptr_t ptr, void *data, size_t n)
{
	struct handshake *h = ptr;
	size_t left = h->in_n - h->in_at;
	if (left == 0) {
		gnutls_transport_set_errno(h->tls, EAGAIN);
		return -1;
	}
	if (n > left)
		n = left;
	memcpy(data, h->in + h->in_at, n);
	h->in_at += n;
	return (ssize_t)n;
}

static int tls_pull_timeout(gnutls_transport_ptr_t ptr, unsigned ms)
{
	struct handshake *h = ptr;
	(void)ms;
	return h->in_n > h->in_at;
}

static ssize_t tls_push(gnutls_transport_ptr_t ptr, const void *data, size_t n)
{
	struct handshake *h = ptr;
	sr_write_copy(&h->out, data, n);
	return (ssize_t)n;
}

/* Was it shown before, and replaced since? Then whoever shows it has found an old key. */
static enum sr_error nonce_check(struct nonces *self, const struct sr_hash32 *nonce)
{
	uint64_t first = self->n > SHELL_CHANNEL_NONCES ? self->n - SHELL_CHANNEL_NONCES : 0;
	for (uint64_t i = self->n; i > first; i--)
		if (sr_hash32_equal(&self->list[(i - 1) % SHELL_CHANNEL_NONCES], nonce))
			return i == self->n ? SR_OK : SR_ERR_REPLAYED;
	self->list[self->n++ % SHELL_CHANNEL_NONCES] = *nonce;
	return SR_OK;
}

static void refusal_tell(struct peer *p, enum sr_error err)
{
	const struct shell_channel_ports *ports = &p->owner->ports;
	if (err != SR_OK && err != p->refused && ports->refused != NULL)
		ports->refused(ports->ctx, p->seat, err);
	p->refused = err;
}

/* The peer's certificate must be bound to the seat this handshake is with. */
static int tls_verify(gnutls_session_t tls)
{
	struct handshake *h = gnutls_session_get_ptr(tls);
	unsigned n = 0;
	const gnutls_datum_t *chain = gnutls_certificate_get_peers(tls, &n);
	if (chain == NULL || n != 1)
		return GNUTLS_E_CERTIFICATE_ERROR;
	struct shell_channels *owner = h->peer->owner;
	struct sr_hash32 nonce;
	enum sr_error err = shell_cert_verify(&nonce, owner->core, h->peer->seat, chain[0].data,
	    chain[0].size, owner->ports.verify, owner->now_ms);
	if (err == SR_OK)
		err = nonce_check(&h->peer->nonces, &nonce);
	refusal_tell(h->peer, err);
	return err == SR_OK ? 0 : GNUTLS_E_CERTIFICATE_ERROR;
}

static void handshake_end(struct peer *p)
{
	struct handshake *h = p->handshake;
	if (h == NULL)
		return;
	p->handshake = NULL;
	if (h->tls != NULL)
		gnutls_deinit(h->tls);
	free(h->in);
	sr_writer_clear(&h->out);
	free(h);
}

static enum sr_error handshake_begin(struct peer *p, bool client, const uint8_t id[SESSION_N],
    uint64_t now_ms)
{
	handshake_end(p);
	struct handshake *h = calloc(1, sizeof *h);
	if (h == NULL)
		return SR_ERR_NO_MEMORY;
	p->handshake = h;
	h->peer = p;
	h->started_ms = now_ms;
	memcpy(h->id, id, SESSION_N);
	sr_writer_init(&h->out, HANDSHAKE_BYTES_MAX);
	unsigned flags = (client ? GNUTLS_CLIENT : GNUTLS_SERVER) | GNUTLS_NONBLOCK |
	    GNUTLS_NO_TICKETS | GNUTLS_NO_SIGNAL;
	if (gnutls_init(&h->tls, flags) < 0
	    || gnutls_priority_set_direct(h->tls, PRIORITY, NULL) < 0
	    || gnutls_credentials_set(h->tls, GNUTLS_CRD_CERTIFICATE, p->owner->cert->credentials)
		< 0) {
		handshake_end(p);
		return SR_ERR_HANDSHAKE;
	}
	gnutls_session_set_ptr(h->tls, h);
	gnutls_session_set_verify_function(h->tls, tls_verify);
	gnutls_transport_set_ptr(h->tls, h);
	gnutls_transport_set_pull_function(h->tls, tls_pull);
	gnutls_transport_set_pull_timeout_function(h->tls, tls_pull_timeout);
	gnutls_transport_set_push_function(h->tls, tls_push);
	gnutls_handshake_set_timeout(h->tls, GNUTLS_INDEFINITE_TIMEOUT);
	if (!client)
		gnutls_certificate_server_set_request(h->tls, GNUTLS_CERT_REQUIRE);
	return SR_OK;
}

static enum sr_error handshake_keys(struct peer *p, bool client, uint64_t now_ms)
{
	static const char label[] = "EXPORTER-strongroom-frames-v1";
	struct handshake *h = p->handshake;
	struct session *s = sr_secret_alloc(sizeof *s);
	uint8_t keys[64];
	if (s == NULL)
		return SR_ERR_NO_LOCKED_MEMORY;
	if (gnutls_prf_rfc5705(h->tls, sizeof label - 1, label, SESSION_N, (const char *)h->id,
		sizeof keys, (char *)keys) < 0) {
		sr_secret_free(s);
		return SR_ERR_HANDSHAKE;
	}
	memcpy(client ? s->send_key.b : s->receive_key.b, keys, 32);
	memcpy(client ? s->receive_key.b : s->send_key.b, keys + 32, 32);
	sr_wipe(keys, sizeof keys);
	memcpy(s->id, h->id, SESSION_N);
	s->started_ms = now_ms;
	session_retire(&p->previous);
	p->previous = p->current;
	p->current = s;
	return SR_OK;
}

static void handshake_flush(struct peer *p)
{
	struct handshake *h = p->handshake;
	struct sr_writer frame;
	if (h->out.n == 0)
		return;
	sr_writer_init(&frame, HEADER_HELLO + HANDSHAKE_BYTES_MAX);
	sr_write_u8(&frame, FRAME_HELLO);
	sr_write_copy(&frame, h->id, SESSION_N);
	sr_write_copy(&frame, h->out.p, h->out.n);
	if (sr_writer_finish(&frame) == SR_OK)
		p->owner->ports.frame(p->owner->ports.ctx, p->seat, 0, frame.p, frame.n);
	sr_writer_clear(&frame);
	sr_writer_reset(&h->out);
}

static void peer_flush_waiting(struct peer *p)
{
	while (p->waiting_n > 0) {
		frame_data(p, p->waiting[0].class, p->waiting[0].p, p->waiting[0].n);
		waiting_pop(p);
	}
}

static void handshake_advance(struct peer *p, uint64_t now_ms)
{
	struct handshake *h = p->handshake;
	bool client = p->owner->self < p->seat;
	int rc = gnutls_handshake(h->tls);
	while (rc < 0 && rc != GNUTLS_E_AGAIN && !gnutls_error_is_fatal(rc))
		rc = gnutls_handshake(h->tls);
	enum sr_error err = rc == 0 ? handshake_keys(p, client, now_ms) : SR_OK;
	handshake_flush(p);     /* an alert, too, is worth sending */
	if (rc == GNUTLS_E_AGAIN)
		return;
	handshake_end(p);
	if (rc < 0 || err != SR_OK) {
		p->owner->figures.handshakes_failed++;
		p->tried_ms = now_ms;
		return;
	}
	p->owner->figures.handshakes++;
	p->wanted = false;
	peer_flush_waiting(p);
}

static void peer_connect(struct peer *p, uint64_t now_ms)
{
	uint8_t id[SESSION_N];
	if (!elapsed(p->tried_ms, now_ms, SHELL_CHANNEL_RETRY_MS))
		return;
	p->tried_ms = now_ms;
	if (sr_random_system(id, sizeof id) != SR_OK)
		return;
	if (p->owner->self > p->seat) {
		frame_kick(p, id, now_ms);      /* it is the other end's to start */
		return;
	}
	if (handshake_begin(p, true, id, now_ms) == SR_OK)
		handshake_advance(p, now_ms);
}

/* --- who there is --- */

static void peer_forget(struct peer *p)
{
	handshake_end(p);
	session_retire(&p->current);
	session_retire(&p->previous);
	while (p->waiting_n > 0)
		waiting_pop(p);
	*p = (struct peer){ .owner = p->owner, .seat = p->seat, .link = p->link };
}

static void peer_look(struct shell_channels *self, struct peer *p)
{
	struct sr_edpk id_key;
	bool known = p->seat != self->self &&
	    enclave_core_peer_key(&id_key, self->core, p->seat) == SR_OK;
	if (p->known && (!known || memcmp(id_key.b, p->id_key.b, sizeof id_key.b) != 0))
		peer_forget(p);
	if (!known || p->known)
		return;
	p->known = true;
	p->id_key = id_key;
	p->wanted = p->link;
}

/* A handshake judges again, with the evidence and all that it is rooted in. */
static void peer_judge_again(struct peer *p)
{
	if (p->current != NULL || p->handshake != NULL)
		p->wanted = true;
	handshake_end(p);
	session_retire(&p->current);
	session_retire(&p->previous);
	p->tried_ms = p->kicked_ms = 0;
}

static void policy_look(struct shell_channels *self)
{
	bool known = enclave_core_evidence_known(self->core);
	if (known && self->looked && !self->policy_known)
		for (uint32_t i = 0; i < SR_MEMBERS_MAX; i++)
			peer_judge_again(&self->peers[i]);
	self->policy_known = known;
}

/* Every call from outside comes through here first, so that nothing is said to or taken from who
 * had a seat before. */
static void seats_look(struct shell_channels *self, uint64_t now_ms)
{
	uint64_t version = enclave_core_peers_version(self->core);
	uint32_t own = enclave_core_self(self->core);
	self->now_ms = now_ms;
	policy_look(self);
	if (!self->looked || version != self->peers_version || own != self->self) {
		self->looked = true;
		self->peers_version = version;
		self->self = own;
		for (uint32_t i = 0; i < SR_MEMBERS_MAX; i++)
			peer_look(self, &self->peers[i]);
	}
}

/* Who has that seat, or NULL. */
static struct peer *peer_at(struct shell_channels *self, uint32_t seat, uint64_t now_ms)
{
	seats_look(self, now_ms);
	return seat < SR_MEMBERS_MAX && self->peers[seat].known ? &self->peers[seat] : NULL;
}

/* --- frames in --- */

static bool session_is(const struct session *s, const uint8_t *id)
{
	return s != NULL && memcmp(s->id, id, SESSION_N) == 0;
}

/* Only this begins a handshake: a late flight of an old one must not end one under way. RFC
 * 8446 5.1, 4: a record of type handshake(22), its message client_hello(1). */
static bool is_client_hello(const uint8_t *tls, size_t n)
{
	return n > 5 && tls[0] == 22 && tls[5] == 1;
}

static void receive_hello(struct peer *p, const uint8_t *frame, size_t n, uint64_t now_ms)
{
	struct handshake *h = p->handshake;
	bool client = p->owner->self < p->seat;
	size_t data_n = n - HEADER_HELLO;
	bool same = h != NULL && memcmp(h->id, frame + 1, SESSION_N) == 0;
	if (client && !same)
		return; /* an answer to a handshake given up */
	if (!client && !same) {
		if (session_is(p->current, frame + 1) || session_is(p->previous, frame + 1) ||
		    !is_client_hello(frame + HEADER_HELLO, data_n))
			return;
		if (handshake_begin(p, false, frame + 1, now_ms) != SR_OK)
			return;
		h = p->handshake;
	}
	size_t left = h->in_n - h->in_at;
	if (left + data_n > HANDSHAKE_BYTES_MAX) {
		handshake_end(p);
		p->owner->figures.handshakes_failed++;
		return;
	}
	uint8_t *joined = malloc(left + data_n + 1);
	if (joined == NULL)
		return;
	if (left > 0)
		memcpy(joined, h->in + h->in_at, left);
	memcpy(joined + left, frame + HEADER_HELLO, data_n);
	free(h->in);
	h->in = joined;
	h->in_n = left + data_n;
	h->in_at = 0;
	handshake_advance(p, now_ms);
}

static void receive_data(struct peer *p, const uint8_t *frame, size_t n, uint64_t now_ms)
{
	struct session *s = session_is(p->current, frame + 1) ? p->current
	    : session_is(p->previous, frame + 1)              ? p->previous
							      : NULL;
	if (n < HEADER_DATA + SR_GCM_TAG
	    || n > HEADER_DATA + SR_GCM_TAG + SHELL_CHANNEL_MESSAGE_MAX) {
		p->owner->figures.frames_bad++;
		return;
	}
	if (s == NULL) {
		/* It may have overtaken the flight that makes its keys; then nothing is wrong. */
		if (p->handshake != NULL && memcmp(p->handshake->id, frame + 1, SESSION_N) == 0)
			p->owner->figures.dropped++;
		else
			frame_kick(p, frame + 1, now_ms);
		return;
	}
	size_t msg_n = n - HEADER_DATA - SR_GCM_TAG;
	uint8_t *msg = malloc(msg_n + 1);
	if (msg == NULL) {
		p->owner->figures.dropped++;
		return;
	}
	enum sr_error err = session_open(s, msg, frame, n);
	if (err == SR_OK)
		p->owner->ports.message(p->owner->ports.ctx, p->seat, msg, msg_n);
	else
		p->owner->figures.frames_bad++;
	sr_wipe(msg, msg_n);
	free(msg);
}

static void receive_kick(struct peer *p, const uint8_t *frame, uint64_t now_ms)
{
	/* Anyone can forge this, so it only asks for a new handshake; sessions stay until one is
	 * through. */
	if (session_is(p->current, frame + 1) || p->current == NULL || p->owner->self < p->seat)
		p->wanted = true;
	if (p->handshake == NULL)
		peer_connect(p, now_ms);
}

void shell_channels_receive(struct shell_channels *self, uint32_t seat, const uint8_t *frame,
    size_t n, uint64_t now_ms)
{
	struct peer *p = peer_at(self, seat, now_ms);
	if (p == NULL || n < HEADER_HELLO) {
		self->figures.frames_bad++;
		return;
	}
	switch (frame[0]) {
	case FRAME_HELLO:
		receive_hello(p, frame, n, now_ms);
		break;
	case FRAME_DATA:
		receive_data(p, frame, n, now_ms);
		break;
	case FRAME_KICK:
		receive_kick(p, frame, now_ms);
		break;
	default:
		self->figures.frames_bad++;
		break;
	}
}

/* --- the rest --- */

struct shell_channels *shell_channels_new(const struct enclave_core *core,
    const struct shell_cert *cert, const struct shell_channel_ports *ports)
{
	struct shell_channels *self = calloc(1, sizeof *self);
	if (self == NULL)
		return NULL;
	self->core = core;
	self->cert = cert;
	self->ports = *ports;
	for (uint32_t i = 0; i < SR_MEMBERS_MAX; i++) {
		self->peers[i].owner = self;
		self->peers[i].seat = i;
	}
	return self;
}

void shell_channels_renew(struct shell_channels *self, const struct shell_cert *cert)
{
	for (uint32_t i = 0; i < SR_MEMBERS_MAX; i++) {
		struct peer *p = &self->peers[i];
		if (p->handshake == NULL)
			continue;
		handshake_end(p);
		p->wanted = true;
		p->tried_ms = 0;
	}
	self->cert = cert;
}

void shell_channels_free(struct shell_channels *self)
{
	if (self == NULL)
		return;
	for (uint32_t i = 0; i < SR_MEMBERS_MAX; i++)
		peer_forget(&self->peers[i]);
	free(self);
}

void shell_channels_send(struct shell_channels *self, uint32_t seat, uint32_t class,
    const uint8_t *msg, size_t n, uint64_t now_ms)
{
	struct peer *p = peer_at(self, seat, now_ms);
	if (p == NULL || n > SHELL_CHANNEL_MESSAGE_MAX) {
		self->figures.dropped++;
		return;
	}
	if (p->current != NULL) {
		frame_data(p, class, msg, n);
		return;
	}
	waiting_push(p, class, msg, n);
	p->wanted = true;
	if (p->handshake == NULL)
		peer_connect(p, now_ms);
}

void shell_channels_link(struct shell_channels *self, uint32_t seat, bool up, uint64_t now_ms)
{
	struct peer *p = peer_at(self, seat, now_ms);
	if (seat < SR_MEMBERS_MAX)
		self->peers[seat].link = up;
	if (p != NULL && up && p->current == NULL) {
		p->wanted = true;
		p->tried_ms = 0;
		if (p->handshake == NULL)
			peer_connect(p, now_ms);
	}
}

void shell_channels_tick(struct shell_channels *self, uint64_t now_ms)
{
	seats_look(self, now_ms);
	for (uint32_t i = 0; i < SR_MEMBERS_MAX; i++) {
		struct peer *p = &self->peers[i];
		if (!p->known)
			continue;
		if (p->handshake != NULL &&
		    elapsed(p->handshake->started_ms, now_ms, 4 * SHELL_CHANNEL_RETRY_MS)) {
			handshake_end(p);
			self->figures.handshakes_failed++;
		}
		if (p->current != NULL && self->self < p->seat &&
		    elapsed(p->current->started_ms, now_ms, SHELL_CHANNEL_RENEW_MS))
			p->wanted = true;
		if (p->wanted && p->handshake == NULL)
			peer_connect(p, now_ms);
	}
}

void shell_channels_figures(struct shell_channel_figures *out, const struct shell_channels *self)
{
	*out = self->figures;
}

bool shell_channels_up(const struct shell_channels *self, uint32_t seat)
{
	return seat < SR_MEMBERS_MAX && self->peers[seat].current != NULL;
}
