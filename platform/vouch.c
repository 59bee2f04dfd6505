#include "platform/vouch.h"

#include <string.h>

#define MAGIC_BYTES 8u

static const char public_magic[] = "SRTPMPB1", challenge_magic[] = "SRTPMCH1",
		  answer_magic[] = "SRTPMAN1", state_magic[] = "SRTPMST1",
		  vouch_magic[] = "SRVOUCH1";
static const char answer_domain[] = "strongroom ak answer v1";

static void magic_write(struct sr_writer *w, const char *magic)
{
	sr_write_copy(w, (const uint8_t *)magic, MAGIC_BYTES);
}

static void magic_read(struct sr_reader *r, struct sr_bytes file, const char *magic)
{
	uint8_t found[MAGIC_BYTES];

	sr_reader_init(r, file.p, file.n);
	sr_read_copy(r, found, sizeof found);
	if (memcmp(found, magic, sizeof found) != 0)
		sr_reader_fail(r, SR_ERR_BAD_VERSION);
}

struct platform_ak_name platform_ak_name(struct sr_bytes tpmt_public)
{
	struct platform_ak_name name = { { 0x00, 0x0b } };
	struct sr_hash32 hash = sr_hash(tpmt_public.p, tpmt_public.n);

	memcpy(name.b + 2, hash.b, sizeof hash.b);
	return name;
}

void platform_tpm_public_write(struct sr_writer *w, const struct platform_tpm_public *p)
{
	magic_write(w, public_magic);
	sr_write_blob(w, p->ek_certificate.p, p->ek_certificate.n);
	sr_write_blob(w, p->above.p, p->above.n);
	sr_write_blob(w, p->ak.p, p->ak.n);
}

enum sr_error platform_tpm_public_read(struct platform_tpm_public *p, struct sr_bytes file)
{
	struct sr_reader r;

	magic_read(&r, file, public_magic);
	p->ek_certificate = sr_read_blob(&r, PLATFORM_CERTIFICATES_MAX);
	p->above = sr_read_blob(&r, PLATFORM_CERTIFICATES_MAX);
	p->ak = sr_read_blob(&r, PLATFORM_TPM_PUBLIC_MAX);
	return sr_reader_finish(&r);
}

void platform_challenge_write(struct sr_writer *w, const struct platform_challenge *c)
{
	magic_write(w, challenge_magic);
	sr_write_blob(w, c->id_object.p, c->id_object.n);
	sr_write_blob(w, c->secret.p, c->secret.n);
}

enum sr_error platform_challenge_read(struct platform_challenge *c, struct sr_bytes file)
{
	struct sr_reader r;

	magic_read(&r, file, challenge_magic);
	c->id_object = sr_read_blob(&r, PLATFORM_CREDENTIAL_MAX);
	c->secret = sr_read_blob(&r, PLATFORM_CREDENTIAL_MAX);
	return sr_reader_finish(&r);
}

void platform_answer_write(struct sr_writer *w, const struct platform_answer *a)
{
	magic_write(w, answer_magic);
	sr_write_hash(w, &a->proof);
}

enum sr_error platform_answer_read(struct platform_answer *a, struct sr_bytes file)
{
	struct sr_reader r;

	magic_read(&r, file, answer_magic);
	a->proof = sr_read_hash(&r);
	return sr_reader_finish(&r);
}

void platform_challenge_state_write(struct sr_writer *w, const struct platform_challenge_state *s)
{
	magic_write(w, state_magic);
	sr_write_blob(w, s->ek_certificate.p, s->ek_certificate.n);
	sr_write_copy(w, s->ak.b, sizeof s->ak.b);
	sr_write_copy(w, s->secret.b, sizeof s->secret.b);
}

enum sr_error platform_challenge_state_read(struct platform_challenge_state *s,
    struct sr_bytes file)
{
	struct sr_reader r;

	magic_read(&r, file, state_magic);
	s->ek_certificate = sr_read_blob(&r, PLATFORM_CERTIFICATES_MAX);
	sr_read_copy(&r, s->ak.b, sizeof s->ak.b);
	sr_read_copy(&r, s->secret.b, sizeof s->secret.b);
	return sr_reader_finish(&r);
}

void platform_challenge_state_wipe(struct platform_challenge_state *s)
{
	sr_key32_wipe(&s->secret);
}

void platform_vouch_write(struct sr_writer *w, const struct platform_vouch *v)
{
	magic_write(w, vouch_magic);
	sr_write_hash(w, &v->ek);
	sr_write_copy(w, v->ak.b, sizeof v->ak.b);
	sr_write_edpk(w, &v->voucher.key);
	sr_write_sig(w, &v->voucher.signature);
}

enum sr_error platform_vouch_read(struct platform_vouch *v, struct sr_bytes file)
{
	struct sr_reader r;

	magic_read(&r, file, vouch_magic);
	v->ek = sr_read_hash(&r);
	sr_read_copy(&r, v->ak.b, sizeof v->ak.b);
	v->voucher.key = sr_read_edpk(&r);
	v->voucher.signature = sr_read_sig(&r);
	return sr_reader_finish(&r);
}

struct platform_answer platform_answer_make(const struct sr_key32 *secret,
    const struct platform_ak_name *ak)
{
	struct sr_bytes parts[] = { { secret->b, sizeof secret->b }, { ak->b, sizeof ak->b } };

	return (struct platform_answer){ sr_hash_domain(answer_domain, parts, 2) };
}

enum sr_error platform_answer_check(const struct platform_answer *a,
    const struct platform_challenge_state *s)
{
	struct platform_answer expected = platform_answer_make(&s->secret, &s->ak);

	return sr_ct_equal(a->proof.b, expected.proof.b, sizeof a->proof.b) ? SR_OK
									    : SR_ERR_BAD_PROOF;
}
