/* An operation signed as wallets sign text (EIP-191), checked with the real recovery of chain/. */
#include <string.h>

#include "chain/ethkey.h"
#include "tests/lib/check_main.h"
#include "tests/lib/vault_world.h"

static enum sr_error recover(uint8_t address[20], const char *text, size_t text_n,
    const uint8_t signature[65])
{
	struct sr_hash32 digest = chain_eth_personal_digest((const uint8_t *)text, text_n);
	struct chain_eth_address who;
	struct chain_eth_sig sig;

	memcpy(sig.b, signature, sizeof sig.b);
	SR_TRY(chain_eth_recover(&who, &digest, &sig));
	memcpy(address, who.b, sizeof who.b);
	return SR_OK;
}

/* w->bytes: a MINT to the signer by the account, signed by the key. */
static void sign(
    struct vault_world *w, const struct vault_account *account, const struct sr_key32 *key)
{
	static const uint8_t name[] = { 'x' };
	union vault_op_body b = { .nft_mint = { 0, *account, { name, 1 } } };
	struct sr_key32 blind = { { 1 } };
	struct sr_hash32 digest;
	struct chain_eth_sig sig;
	struct sr_bytes signed_bytes;
	static uint8_t bytes[4096];
	struct sr_writer out;
	char text[96];

	sr_writer_init(&out, sizeof bytes);
	vault_op_write_signed(&out, &w->block.chain_id, w->block.epoch, account, 0,
	    w->block.time_ms + 1000, VAULT_OP_NFT_MINT, &b);
	signed_bytes = (struct sr_bytes){ out.p, out.n };
	vault_op_ethereum_text(text, &signed_bytes);
	digest = chain_eth_personal_digest((const uint8_t *)text, strlen(text));
	ck_ok(chain_eth_sign(&sig, key, &digest, &blind));
	vault_op_write_signature(&out, sig.b, sizeof sig.b);
	ck_ok(sr_writer_finish(&out));
	memcpy(bytes, out.p, out.n);
	w->bytes = bytes;
	w->bytes_n = out.n;
	sr_writer_clear(&out);
}

START_TEST(a_wallets_operation_is_applied_and_anothers_is_refused)
{
	struct vault_world *w = world_new();
	struct sr_key32 key = { { 7 } }, other = { { 8 } };
	struct vault_account account = { .kind = VAULT_ACCOUNT_ETHEREUM };
	struct chain_eth_address address;
	struct vault_nft nft;

	w->hooks.ethereum_recover = recover;
	ck_ok(chain_eth_address_of(&address, &key));
	memcpy(account.b, address.b, sizeof address.b);
	sign(w, &account, &other);
	ck_error(world_apply(w), SR_ERR_BAD_SIGNATURE);
	sign(w, &account, &key);
	w->bytes[w->bytes_n - 40] ^= 1;
	ck_error(world_apply(w), SR_ERR_BAD_SIGNATURE);
	w->bytes[w->bytes_n - 40] ^= 1;
	ck_ok(world_apply(w));
	nft = world_nft(w, 1);
	ck_assert(vault_account_equal(&nft.owner, &account));
	w->bytes = NULL;
	world_free(w);
}
END_TEST

TEST_MAIN("ethereum operations", a_wallets_operation_is_applied_and_anothers_is_refused)
