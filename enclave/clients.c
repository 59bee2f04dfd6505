/* enclave/clients.c - requests of clients and their answers (enclave/client_wire.h). */
#include "enclave/client_roster.h"
#include "enclave/internal.h"

#include "chain/ethsig.h"

#include <stdlib.h>
#include <string.h>

#define GET_PARAMS_MAX 1024u

static const char get_domain[] = "strongroom get v1";

/* ------------------------------------------------------------------------------------ answering */

void clients_answer(struct enclave_core *self, const struct core_client *c, enum sr_error code,
    const uint8_t *p, size_t n)
{
	SR_KEY32_AUTO ephemeral;
	struct sr_writer w;
	enum sr_error error;

	sr_writer_init(&w, CLIENT_ANSWER_MAX + 1024);
	error = sr_drbg_fill(&self->drbg, ephemeral.b, sizeof(ephemeral.b));
	if (error == SR_OK)
		error = client_answer_seal(&w, &c->answer_key, &ephemeral, &c->request, code,
		    self->now->self, &self->keys->now.vote, p, n);
	if (error == SR_OK)
		error = sr_writer_finish(&w);
	fx_reply(self, c->token, error, w.p, error == SR_OK ? w.n : 0);
	sr_writer_clear(&w);
}

static void answer_receipt(struct enclave_core *self, const struct core_client *c,
    enum sr_error code, const struct vault_receipt *receipt)
{
	struct sr_writer w;

	sr_writer_init(&w, 1024);
	vault_receipt_write(&w, receipt);
	if (sr_writer_finish(&w) == SR_OK)
		clients_answer(self, c, code, w.p, w.n);
	else
		fx_reply(self, c->token, SR_ERR_NO_MEMORY, NULL, 0);
	sr_writer_clear(&w);
}

/* Blocks have many operations, and many wait: each is looked for among few. */
static struct core_client **receipt_list(struct enclave_core *self, const struct sr_hash32 *op)
{
	return &self->receipts[((size_t)op->b[0] | (size_t)op->b[1] << 8) % CORE_RECEIPT_LISTS];
}

static struct core_client **list_of(struct enclave_core *self, const struct core_client *c)
{
	return c->kind == WAIT_RECEIPT ? receipt_list(self, &c->subject) : &self->clients;
}

/* All of them: i from 0 to CORE_RECEIPT_LISTS. */
static struct core_client **list_at(struct enclave_core *self, uint32_t i)
{
	return i < CORE_RECEIPT_LISTS ? &self->receipts[i] : &self->clients;
}

void clients_remove(struct enclave_core *self, struct core_client *c)
{
	struct core_client **at = list_of(self, c);

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	self->clients_n--;
	free(c);
}

void clients_gone(struct enclave_core *self, uint64_t token)
{
	struct core_client *c, *next;

	for (uint32_t i = 0; self->clients_n > 0 && i <= CORE_RECEIPT_LISTS; i++)
		for (c = *list_at(self, i); c != NULL; c = next) {
			next = c->next;
			if (c->token == token)
				clients_remove(self, c);
		}
	for (size_t i = 0; i < CORE_ARCHIVE_READS; i++)
		if (self->reads[i].client && self->reads[i].client_token == token)
			memset(&self->reads[i], 0, sizeof(self->reads[i]));
}

void clients_receipt(struct enclave_core *self, const struct sr_hash32 *op,
    const struct vault_receipt *receipt)
{
	struct core_client *c, *next;

	for (c = *receipt_list(self, op); c != NULL; c = next) {
		next = c->next;
		if (!sr_hash32_equal(&c->subject, op))
			continue;
		answer_receipt(self, c, (enum sr_error)receipt->code, receipt);
		clients_remove(self, c);
	}
}

void clients_refused(struct enclave_core *self, const struct sr_hash32 *op, enum sr_error code)
{
	struct vault_receipt receipt = { .op = *op, .code = (uint16_t)code };

	clients_receipt(self, op, &receipt);
}

void clients_drop_all(struct enclave_core *self, enum sr_error code)
{
	for (uint32_t i = 0; i <= CORE_RECEIPT_LISTS; i++)
		while (*list_at(self, i) != NULL) {
			clients_answer(self, *list_at(self, i), code, NULL, 0);
			clients_remove(self, *list_at(self, i));
		}
	memset(&self->round, 0, sizeof(self->round));
}

void clients_clear(struct enclave_core *self)
{
	for (uint32_t i = 0; i <= CORE_RECEIPT_LISTS; i++)
		while (*list_at(self, i) != NULL)
			clients_remove(self, *list_at(self, i));
}

/* The same request, sent again and again, takes the places of no others. */
static bool subject_crowded(struct enclave_core *self, const struct core_client *from)
{
	uint32_t n = 0;

	for (const struct core_client *c = *list_of(self, from); c != NULL; c = c->next)
		n += c->kind == from->kind && sr_hash32_equal(&c->subject, &from->subject) ? 1 : 0;
	return n >= CORE_CLIENTS_SUBJECT_MAX;
}

static void client_wait(struct enclave_core *self, const struct core_client *from)
{
	struct core_client *c = NULL, **list = list_of(self, from);

	if (self->clients_n < CORE_CLIENTS_MAX && !subject_crowded(self, from))
		c = malloc(sizeof(*c));
	if (c == NULL) {
		clients_answer(self, from, SR_ERR_TOO_MANY, NULL, 0);
		return;
	}
	*c = *from;
	c->since_ms = self->now_ms;
	c->next = *list;
	*list = c;
	self->clients_n++;
}

/* --------------------------------------------------------------------------------------- SUBMIT */

static bool receipt_final(struct vault_receipt *receipt, const struct enclave_core *self,
    const struct sr_hash32 *op)
{
	struct vault_key key = vault_key_hash(VAULT_REC_RECEIPT, op);
	struct sr_bytes value = vault_tree_get(self->final->tree, &key);
	struct sr_reader r;

	if (value.p == NULL)
		return false;
	sr_reader_init(&r, value.p, value.n);
	vault_receipt_read(receipt, &r);
	return sr_reader_finish(&r) == SR_OK && sr_hash32_equal(&receipt->op, op);
}

static enum sr_error request_submit(struct enclave_core *self, struct core_client *c,
    const uint8_t *p, size_t n)
{
	struct vault_receipt receipt = { 0 };
	struct vault_op op;
	enum sr_error error = vault_op_decode(&op, p, n);

	if (error == SR_OK && (unsigned)op.kind >= VAULT_OP_MEMBER_FIRST &&
	    !epoch_kind_is_open((unsigned)op.kind))
		error = SR_ERR_BAD_KIND;
	if (error != SR_OK) {
		clients_answer(self, c, error, NULL, 0);
		return SR_OK;
	}
	if (receipt_final(&receipt, self, &op.hash)) {
		answer_receipt(self, c, (enum sr_error)receipt.code, &receipt);
		return SR_OK;
	}
	c->kind = WAIT_RECEIPT;
	c->subject = op.hash;
	c->expiry_ms = op.expiry_ms;
	if (pool_find(self->pool, &op.hash) != NULL || exec_pending(self, &op.hash) != 0) {
		client_wait(self, c);
		return SR_OK;
	}
	error = peers_admit(self, &receipt, &op, p, n);
	if (error != SR_OK) {
		receipt.op = op.hash;
		receipt.height = 0; /* refused before any block: the nonce is not used up */
		receipt.code = (uint16_t)error;
		answer_receipt(self, c, error, &receipt);
		return SR_OK;
	}
	peers_send_operation(self, p, n);
	client_wait(self, c);
	return instance_work(self);
}

/* ------------------------------------------------------------------------------------------ GET */

struct get_request {
	unsigned kind;
	bool proof;
	struct vault_account account;
	uint64_t time_ms;
	struct sr_bytes params, signature;
};

static enum sr_error get_read(struct get_request *g, const uint8_t *p, size_t n)
{
	struct sr_reader r;

	sr_reader_init(&r, p, n);
	g->kind = sr_read_u8(&r);
	g->proof = sr_read_bool(&r);
	vault_account_read(&g->account, &r, true);
	g->time_ms = sr_read_u64(&r);
	g->params = sr_read_blob(&r, GET_PARAMS_MAX);
	g->signature = sr_read_blob(&r, 65);
	SR_TRY(sr_reader_finish(&r));
	return g->kind >= VAULT_GET_ACCOUNT && g->kind <= VAULT_GET_LAST ? SR_OK : SR_ERR_BAD_KIND;
}

/* What the caller signs, and the EIP-191 text that stands for it. */
static void get_message(struct sr_writer *w, const struct enclave_core *self,
    const struct get_request *g, const struct sr_xpk *answer_key)
{
	sr_write_hash(w, &self->genesis->chain_id);
	sr_write_xpk(w, answer_key);
	sr_write_u8(w, (uint8_t)g->kind);
	sr_write_bool(w, g->proof);
	vault_account_write(w, &g->account);
	sr_write_u64(w, g->time_ms);
	sr_write_copy(w, g->params.p, g->params.n);
}

static enum sr_error ethereum_verify(const struct get_request *g, const struct sr_writer *message)
{
	static const char prefix[] = "Strongroom read\n", digits[] = "0123456789abcdef";
	struct sr_bytes part = { message->p, message->n };
	struct sr_hash32 h = sr_hash_domain(get_domain, &part, 1), digest;
	uint8_t text[sizeof(prefix) - 1 + 64];
	struct chain_eth_address address;
	struct chain_eth_sig sig;

	memcpy(text, prefix, sizeof(prefix) - 1);
	for (size_t i = 0; i < sizeof(h.b); i++) {
		text[sizeof(prefix) - 1 + 2 * i] = (uint8_t)digits[h.b[i] >> 4];
		text[sizeof(prefix) + 2 * i] = (uint8_t)digits[h.b[i] & 15];
	}
	if (g->signature.n != sizeof(sig.b))
		return SR_ERR_BAD_SIGNATURE;
	memcpy(sig.b, g->signature.p, sizeof(sig.b));
	digest = chain_eth_personal_digest(text, sizeof(text));
	SR_TRY(chain_eth_recover(&address, &digest, &sig));
	return memcmp(address.b, g->account.b, sizeof(address.b)) == 0 ? SR_OK :
	    SR_ERR_BAD_SIGNATURE;
}

static enum sr_error account_verify(const struct get_request *g, const struct sr_writer *message)
{
	struct sr_edpk pk;
	struct sr_sig64 sig;

	if (g->account.kind == VAULT_ACCOUNT_ETHEREUM)
		return ethereum_verify(g, message);
	if (g->signature.n != sizeof(sig.b))
		return SR_ERR_BAD_SIGNATURE;
	memcpy(pk.b, g->account.b, sizeof(pk.b));
	memcpy(sig.b, g->signature.p, sizeof(sig.b));
	return sr_verify(&pk, &sig, get_domain, message->p, message->n);
}

static enum sr_error get_verify(const struct enclave_core *self, const struct get_request *g,
    const struct sr_xpk *answer_key)
{
	struct sr_writer w;
	enum sr_error error;

	if (g->account.kind == VAULT_ACCOUNT_NONE)
		return g->signature.n == 0 ? SR_OK : SR_ERR_BAD_SIGNATURE;
	if (g->time_ms + CORE_GET_SKEW_MS < self->now_ms ||
	    g->time_ms > self->now_ms + CORE_GET_SKEW_MS)
		return SR_ERR_EXPIRED;
	sr_writer_init(&w, GET_PARAMS_MAX + 256);
	get_message(&w, self, g, answer_key);
	error = sr_writer_finish(&w);
	if (error == SR_OK)
		error = account_verify(g, &w);
	sr_writer_clear(&w);
	return error;
}

/* A proof shows the record whole: only to whom the record itself would be shown. */
static enum sr_error get_proof(struct sr_writer *out, struct enclave_core *self,
    const struct get_request *g)
{
	struct sr_writer header, cert, proof;
	struct vault_key key;
	enum sr_error error;

	if (!self->proof.have)
		return SR_ERR_NOT_READY;
	SR_TRY(vault_get_key(&key, (enum vault_get_kind)g->kind, g->params));
	sr_writer_init(&header, CONSENSUS_HEADER_MAX);
	sr_writer_init(&cert, 64u + SR_MEMBERS_MAX * 70u);
	sr_writer_init(&proof, VAULT_VALUE_MAX + 65536u);
	consensus_header_write(&header, &self->proof.header);
	consensus_cert_write(&cert, &self->proof.cert);
	vault_tree_prove(&proof, self->proof.tree, &key);
	error = header.error != SR_OK ? header.error :
	    cert.error != SR_OK ? cert.error : proof.error;
	if (error == SR_OK) {
		sr_write_blob(out, header.p, header.n);
		sr_write_blob(out, cert.p, cert.n);
		sr_write_blob(out, proof.p, proof.n);
		error = out->error;
	}
	sr_writer_clear(&header);
	sr_writer_clear(&cert);
	sr_writer_clear(&proof);
	return error;
}

static void request_get(struct enclave_core *self, const struct core_client *c, const uint8_t *p,
    size_t n)
{
	struct get_request g;
	struct sr_writer out;
	enum sr_error error = get_read(&g, p, n);

	sr_writer_init(&out, CLIENT_ANSWER_MAX);
	if (error == SR_OK)
		error = get_verify(self, &g, &c->answer_key);
	if (error == SR_OK)
		error = vault_get(&out, self->final->tree, (enum vault_get_kind)g.kind, g.params,
		    &g.account);
	if (g.proof && (error == SR_OK || error == SR_ERR_NOT_FOUND)) {
		sr_writer_reset(&out);
		error = get_proof(&out, self, &g);
	}
	if (error == SR_OK)
		error = sr_writer_finish(&out);
	clients_answer(self, c, error, out.p, error == SR_OK ? out.n : 0);
	sr_writer_clear(&out);
}

/* ------------------------------------------------------------------------------ sealed requests */

static void request_share(struct enclave_core *self, struct core_client *c, const uint8_t *p,
    size_t n)
{
	if (n != sizeof(c->subject.b)) {
		clients_answer(self, c, SR_ERR_BAD_ENCODING, NULL, 0);
		return;
	}
	memcpy(c->subject.b, p, n);
	c->kind = WAIT_SHARE;
	client_wait(self, c);
	release_run(self);
}

static enum sr_error request_sealed(struct enclave_core *self, const struct enclave_event *ev)
{
	struct core_client c = { .token = ev->token };
	enum client_method method = (enum client_method)ev->number;
	uint64_t epoch;
	uint8_t *plain;
	size_t n;
	enum sr_error error = client_request_epoch(&epoch, ev->a.p, ev->a.n);

	/* Nor can who is no member yet open anything. */
	if (error == SR_OK && !self->keys->now.has_share)
		error = SR_ERR_NOT_READY;
	if (error == SR_OK && epoch != self->now->record.epoch)
		error = SR_ERR_WRONG_EPOCH;
	if (error == SR_OK)
		error = client_request_open(&c.answer_key, &plain, &n, &c.request, method,
		    &self->genesis->chain_id, &self->keys->now.shielding,
		    &self->now->record.shielding_key, ev->a.p, ev->a.n);
	if (error != SR_OK) {
		fx_reply(self, ev->token, error, NULL, 0);
		return SR_OK;
	}
	if (method == CLIENT_SUBMIT)
		error = request_submit(self, &c, plain, n);
	else if (method == CLIENT_GET)
		request_get(self, &c, plain, n);
	else
		request_share(self, &c, plain, n);
	sr_wipe(plain, n);
	free(plain);
	return error;
}

/* ------------------------------------------------------------------------------ public requests */

/* Behind the end is the last step: whoever knows more, or something else, sees at least that. */
static void request_trail(struct enclave_core *self, const struct enclave_event *ev)
{
	struct core_trail_read read = { .client = true, .client_token = ev->token };
	struct sr_reader r;
	uint64_t from;

	sr_reader_init(&r, ev->a.p, ev->a.n);
	from = r.left > 0 ? sr_read_u64(&r) : 0;
	if (sr_reader_finish(&r) != SR_OK) {
		fx_reply(self, ev->token, sr_reader_finish(&r), NULL, 0);
		return;
	}
	if (from >= self->trail.n)
		from = self->trail.n > 0 ? self->trail.n - 1 : 0;
	read.from = (uint32_t)from;
	trail_ask(self, &read);
}

static void request_status(struct enclave_core *self, uint64_t token)
{
	struct enclave_status *s = malloc(sizeof(*s));
	struct sr_writer w;
	enum sr_error error = SR_ERR_NO_MEMORY;

	sr_writer_init(&w, 65536);
	if (s != NULL) {
		core_status(self, s);
		enclave_status_write(&w, s);
		error = sr_writer_finish(&w);
	}
	free(s);
	fx_reply(self, token, error, w.p, error == SR_OK ? w.n : 0);
	sr_writer_clear(&w);
}

static void request_roster(struct enclave_core *self, uint64_t token)
{
	struct sr_writer w;
	enum sr_error error;

	sr_writer_init(&w, CLIENT_ROSTER_MAX);
	error = roster_answer(&w, self);
	fx_reply(self, token, error, w.p, error == SR_OK ? w.n : 0);
	sr_writer_clear(&w);
}

static void request_pending(struct enclave_core *self, uint64_t token)
{
	size_t count = pool_count(self->pool);
	uint8_t b[4];

	for (size_t i = 0; i < 4; i++)
		b[i] = (uint8_t)(count >> (8 * i));
	fx_reply(self, token, SR_OK, b, sizeof(b));
}

static void request_block(struct enclave_core *self, const struct enclave_event *ev)
{
	struct core_archive_read read = { .client = true, .client_token = ev->token };
	struct sr_reader r;

	sr_reader_init(&r, ev->a.p, ev->a.n);
	read.height = sr_read_u64(&r);
	if (sr_reader_finish(&r) != SR_OK) {
		fx_reply(self, ev->token, sr_reader_finish(&r), NULL, 0);
		return;
	}
	if (read.height == 0)
		read.height = self->final->header.height;
	if (read.height > self->final->header.height || read.height == 0) {
		fx_reply(self, ev->token, SR_ERR_NOT_FOUND, NULL, 0);
		return;
	}
	if (core_archive_ask(self, &read, read.height, 2048) == 0)
		fx_reply(self, ev->token, SR_ERR_TOO_MANY, NULL, 0);
}

enum sr_error clients_request(struct enclave_core *self, const struct enclave_event *ev)
{
	switch (ev->number) {
	case CLIENT_TRAIL:
		request_trail(self, ev);
		return SR_OK;
	case CLIENT_STATUS:
		request_status(self, ev->token);
		return SR_OK;
	case CLIENT_BLOCK:
		request_block(self, ev);
		return SR_OK;
	case CLIENT_ROSTER:
		request_roster(self, ev->token);
		return SR_OK;
	case CLIENT_PENDING:
		request_pending(self, ev->token);
		return SR_OK;
	case CLIENT_SUBMIT:
	case CLIENT_GET:
	case CLIENT_SHARE:
		return request_sealed(self, ev);
	default:
		fx_reply(self, ev->token, SR_ERR_BAD_KIND, NULL, 0);
		return SR_OK;
	}
}

/* ---------------------------------------------------------------------------------- the archive */

static struct core_archive_read *read_slot(struct enclave_core *self, bool client)
{
	struct core_archive_read *clients = NULL;

	for (size_t i = 0; i < CORE_ARCHIVE_READS; i++) {
		if (self->reads[i].token == 0)
			return &self->reads[i];
		if (self->reads[i].client)
			clients = &self->reads[i];
	}
	/* A peer that is catching up comes before any client, and no client before it. */
	if (client)
		return NULL;
	return clients != NULL ? clients : &self->reads[self->read_next % CORE_ARCHIVE_READS];
}

uint64_t core_archive_ask(struct enclave_core *self, const struct core_archive_read *read,
    uint64_t first, uint32_t kib)
{
	struct enclave_effect fx = { .kind = ENCLAVE_FX_ARCHIVE_READ, .number = first,
		.member = kib };
	struct core_archive_read *slot = read_slot(self, read->client);

	if (slot == NULL)
		return 0;
	if (slot->token != 0 && slot->client)
		fx_reply(self, slot->client_token, SR_ERR_TOO_MANY, NULL, 0);
	*slot = *read;
	/* The token tells the slot, and is never the same twice. */
	slot->token = ++self->read_next * CORE_ARCHIVE_READS + (uint64_t)(slot - self->reads);
	fx.token = slot->token;
	fx_push(self, &fx);
	return slot->token;
}

/* The rows as they were before they were sealed; unreadable ones are left out. */
struct rows { struct sr_bytes *list; uint32_t n; };

static void rows_free(struct rows *rows)
{
	for (uint32_t i = 0; i < rows->n; i++)
		free((void *)(uintptr_t)rows->list[i].p);
	free(rows->list);
}

static enum sr_error rows_open(struct rows *rows, const struct enclave_core *self,
    struct sr_bytes a)
{
	struct sr_reader r;
	uint32_t n;

	memset(rows, 0, sizeof(*rows));
	sr_reader_init(&r, a.p, a.n);
	n = sr_read_u32(&r);
	if (n > a.n / 4)
		return SR_ERR_TOO_MANY;
	rows->list = calloc(n + 1u, sizeof(*rows->list));
	if (rows->list == NULL)
		return SR_ERR_NO_MEMORY;
	for (uint32_t i = 0; i < n; i++) {
		struct sr_bytes sealed = sr_read_blob(&r, HOST_FRAME_MAX);
		uint8_t *plain;
		size_t plain_n;

		if (r.error == SR_OK && seal_open(&plain, &plain_n, &self->keys->archive, NULL, 0,
		    sealed.p, sealed.n) == SR_OK)
			rows->list[rows->n++] = (struct sr_bytes){ plain, plain_n };
	}
	return SR_OK;
}

/* One row of the archive, taken apart. Large: allocated. */
struct row {
	struct consensus_block block;
	struct consensus_cert notar, final;
	bool has_notar, has_final;
};

static bool row_read(struct row *row, struct sr_bytes bytes)
{
	return consensus_archive_row_read(&row->block, &row->notar, &row->has_notar, &row->final,
	    &row->has_final, bytes.p, bytes.n) == SR_OK;
}

static enum sr_error peer_rows(struct enclave_core *self, const struct core_archive_read *read,
    struct rows *rows)
{
	struct core_instance *i = self->now->record.epoch == read->epoch ? self->now : self->old;
	struct row *row = malloc(sizeof(*row));
	struct sr_bytes *list = calloc(rows->n + EPOCH_TRAIL_HEADERS_MAX + 1u, sizeof(*list));
	uint64_t next = read->height, close_height = UINT64_MAX;
	size_t n = 0, made = 0;

	if (row != NULL && list != NULL && i != NULL && i->record.epoch == read->epoch &&
	    i->started) {
		bool ended = trail_close_height(self, read->epoch, &close_height);

		for (uint32_t k = 0; k < rows->n; k++)
			if (row_read(row, rows->list[k]) &&
			    row->block.header.epoch == read->epoch &&
			    row->block.header.height <= close_height) {
				list[n++] = rows->list[k];
				next = row->block.header.height + 1;
			}
		if (ended && next > close_height)
			made = trail_rows(list + n, self, read->epoch, next);
		/* A refusal is the asking peer's business: it asks again. */
		(void)!consensus_archive_rows(i->consensus, self->now_ms, read->peer, list,
		    n + made);
	}
	while (made > 0)
		free((void *)(uintptr_t)list[n + --made].p);
	free(list);
	free(row);
	return SR_OK;
}

static uint32_t body_count(struct sr_bytes body)
{
	struct sr_reader r;
	uint32_t n = 0;

	sr_reader_init(&r, body.p, body.n);
	while (r.left > 0 && r.error == SR_OK) {
		(void)sr_read_blob(&r, SR_OP_MAX);
		n++;
	}
	return n;
}

static void header_blob(struct sr_writer *w, const struct consensus_header *h)
{
	uint8_t bytes[CONSENSUS_HEADER_MAX];
	struct sr_writer one;

	sr_writer_init_over(&one, bytes, sizeof(bytes));
	consensus_header_write(&one, h);
	sr_write_blob(w, one.p, one.n);
}

/* header | cert | u32 count, headers down to the certified one | u32 operations */
static enum sr_error block_answer(struct sr_writer *out, struct row *row, const struct rows *rows,
    uint64_t height)
{
	struct sr_writer first, chain, cert;
	struct sr_hash32 last = { { 0 } };
	uint32_t operations = 0, chained = 0;
	bool found = false, proven = false;

	sr_writer_init(&first, CONSENSUS_HEADER_MAX + 8);
	sr_writer_init(&chain, CLIENT_ANSWER_MAX);
	sr_writer_init(&cert, 64u + SR_MEMBERS_MAX * 70u);
	for (uint32_t i = 0; i < rows->n && !proven; i++) {
		if (!row_read(row, rows->list[i]))
			continue;
		if (!found) {
			if (row->block.header.height != height)
				continue;
			found = true;
			operations = body_count(row->block.body);
			header_blob(&first, &row->block.header);
		} else {
			if (!sr_hash32_equal(&row->block.header.parent_hash, &last))
				continue;
			header_blob(&chain, &row->block.header);
			chained++;
		}
		last = row->block.hash;
		if (row->has_final) {
			consensus_cert_write(&cert, &row->final);
			proven = true;
		}
	}
	if (proven) {
		sr_writer_fail(out, first.error);
		sr_writer_fail(out, chain.error);
		sr_writer_fail(out, cert.error);
		sr_write_copy(out, first.p, first.n);
		sr_write_blob(out, cert.p, cert.n);
		sr_write_u32(out, chained);
		sr_write_copy(out, chain.p, chain.n);
		sr_write_u32(out, operations);
	}
	sr_writer_clear(&first);
	sr_writer_clear(&chain);
	sr_writer_clear(&cert);
	return !proven ? SR_ERR_NOT_FOUND : sr_writer_finish(out);
}

static enum sr_error client_rows(struct enclave_core *self, const struct core_archive_read *read,
    const struct rows *rows)
{
	struct row *row = malloc(sizeof(*row));
	struct sr_writer out;
	enum sr_error error;

	sr_writer_init(&out, CLIENT_ANSWER_MAX);
	error = row != NULL ? block_answer(&out, row, rows, read->height) :
	    SR_ERR_NO_MEMORY;
	fx_reply(self, read->client_token, error, out.p, error == SR_OK ? out.n : 0);
	sr_writer_clear(&out);
	free(row);
	return SR_OK;
}

enum sr_error core_archive_answer(struct enclave_core *self, const struct enclave_event *ev)
{
	struct core_archive_read *slot = &self->reads[ev->token % CORE_ARCHIVE_READS], read;
	struct rows rows;
	enum sr_error error;

	if (ev->token == 0 || slot->token != ev->token)
		return SR_OK;
	read = *slot;
	memset(slot, 0, sizeof(*slot));
	error = rows_open(&rows, self, ev->a);
	if (error == SR_OK)
		error = read.client ? client_rows(self, &read, &rows) :
		    peer_rows(self, &read, &rows);
	rows_free(&rows);
	return error == SR_ERR_TOO_MANY ? SR_OK : error;
}
