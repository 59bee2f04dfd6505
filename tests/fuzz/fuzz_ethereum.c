/* tests/fuzz/fuzz_ethereum.c - Ethereum signatures over any message: who is recovered, is recovered
 * by one signature of a message alone. */
#include <stdlib.h>
#include <string.h>

#include "chain/ethkey.h"
#include "chain/ethsig.h"
#include "chain/keccak.h"
#include "tests/fuzz/fuzz.h"

static void recover(const struct sr_hash32 *digest, struct sr_reader *r)
{
	struct chain_eth_sig sig, twin;
	struct chain_eth_address a, b;
	sr_read_copy(r, sig.b, sizeof(sig.b));
	if (chain_eth_recover(&a, digest, &sig) != SR_OK)
		return;
	/* v is written in two ways, and the other parity is someone else. */
	twin = sig;
	twin.b[64] = (uint8_t)(sig.b[64] >= 27 ? sig.b[64] - 27 : sig.b[64] + 27);
	FUZZ_CHECK(chain_eth_recover(&b, digest, &twin) == SR_OK);
	FUZZ_CHECK(memcmp(&a, &b, sizeof(a)) == 0);
	twin.b[64] ^= 1;
	FUZZ_CHECK(chain_eth_recover(&b, digest, &twin) != SR_OK || memcmp(&a, &b, sizeof(a)) != 0);
}

/* A good signature, changed in one place, is not the signer's. */
static void changed(const struct sr_hash32 *digest, struct sr_reader *r)
{
	struct sr_key32 key, blind = { { 1 } };
	struct chain_eth_address signer, other;
	struct chain_eth_sig sig;
	size_t place = sr_read_u8(r) % sizeof(sig.b);
	uint8_t change = sr_read_u8(r);
	sr_read_copy(r, key.b, sizeof(key.b));
	if (chain_eth_address_of(&signer, &key) != SR_OK)
		return;
	FUZZ_CHECK(chain_eth_sign(&sig, &key, digest, &blind) == SR_OK);
	bool same_v = place == 64 && sig.b[64] - 27 == (sig.b[64] ^ change);
	sig.b[place] ^= change;
	enum sr_error e = chain_eth_recover(&other, digest, &sig);
	FUZZ_CHECK((e == SR_OK && memcmp(&signer, &other, sizeof(other)) == 0) ==
	    (change == 0 || same_v));
}

static void keccak(struct sr_reader *r)
{
	size_t n, head;
	uint8_t *p = fuzz_take(r, &n, SIZE_MAX);
	head = n ? p[0] % n : 0;
	struct sr_bytes parts[] = { { p, head }, { p + head, n - head } };
	struct sr_hash32 a = chain_keccak256(p, n), b = chain_keccak256_parts(parts, 2);
	FUZZ_CHECK(sr_hash32_equal(&a, &b));
	free(p);
}

/* input = choice u8 | message blob u8 | ... */
void fuzz_ethereum(const uint8_t *p, size_t n)
{
	struct sr_reader r;
	size_t size;
	sr_reader_init(&r, p, n);
	unsigned choice = sr_read_u8(&r);
	uint8_t *message = fuzz_take(&r, &size, sr_read_u8(&r));
	struct sr_hash32 digest = chain_eth_personal_digest(message, size);
	if (size == 64) {
		struct sr_hash32 domain, body;
		memcpy(domain.b, message, 32);
		memcpy(body.b, message + 32, 32);
		digest = chain_eth_typed_digest(&domain, &body);
	}
	free(message);
	if (choice % 3 == 0)
		recover(&digest, &r);
	else if (choice % 3 == 1)
		changed(&digest, &r);
	else
		keccak(&r);
}

static void put(uint8_t choice, size_t message_n, uint8_t place, uint8_t change, size_t key_n)
{
	struct sr_writer w;
	sr_writer_init(&w, 1024);
	sr_write_u8(&w, (uint8_t)message_n);
	for (size_t i = 0; i < message_n; i++)
		sr_write_u8(&w, 'm');
	sr_write_u8(&w, place);
	sr_write_u8(&w, change);
	for (size_t i = 0; i < key_n; i++)
		sr_write_u8(&w, 3);
	fuzz_seed_of(choice, "signature", &w);
}

void seed_ethereum(void)
{
	struct sr_key32 key = { { 5 } }, blind = { { 0 } };
	struct chain_eth_sig sig;
	struct sr_hash32 digest = chain_eth_personal_digest((const uint8_t *)"hello", 5);
	struct sr_writer w;
	FUZZ_CHECK(chain_eth_sign(&sig, &key, &digest, &blind) == SR_OK);
	sr_writer_init(&w, 128);
	sr_write_u8(&w, 5);
	sr_write_copy(&w, (const uint8_t *)"hello", 5);
	sr_write_copy(&w, sig.b, sizeof(sig.b));
	fuzz_seed_of(0, "signed", &w);
	put(0, 100, 27, 1, 64);
	put(1, 64, 3, 0, 32);
	put(1, 9, 64, 1, 32);
	put(1, 9, 64, 27, 32);
	put(1, 9, 40, 255, 32);
	put(1, 9, 40, 255, 0);
	put(2, 0, 0, 0, 135);
	put(2, 0, 0, 0, 500);
}
