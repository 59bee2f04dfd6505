/* Clients' key files and signatures. */
#include "cli/keyfile.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hex.h"
#include "chain/ethsig.h"
#include "tests/lib/check_main.h"

static char folder[64];
static char path[256];

static void setup_path(const char *name)
{
	snprintf(folder, sizeof folder, "/tmp/strongroom-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/%s", folder, name);
}

static void tidy(void)
{
	unlink(path);
	rmdir(folder);
}

START_TEST(a_key_comes_back_from_its_file_which_only_its_owner_may_read)
{
	const enum vault_account_kind kinds[] = { VAULT_ACCOUNT_ED25519, VAULT_ACCOUNT_ETHEREUM };

	for (unsigned i = 0; i < 2; i++) {
		struct key *k, *back;
		const char *why;
		struct stat st;

		setup_path("key");
		ck_ok(key_new(&k, kinds[i]));
		ck_ok(keyfile_write(k, path));
		ck_assert_int_eq(stat(path, &st), 0);
		ck_assert_uint_eq(st.st_mode & 0777, 0600);
		ck_ok(keyfile_read(&back, &why, path));
		ck_assert(vault_account_equal(&k->account, &back->account));
		ck_assert(memcmp(k->box.b, back->box.b, 32) == 0);
		ck_error(keyfile_write(k, path), SR_ERR_IN_USE);
		key_free(k);
		key_free(back);
		tidy();
	}
}
END_TEST

START_TEST(an_x25519_key_comes_back_and_is_no_account)
{
	struct sr_key32 secret, back;
	struct key *k;
	const char *why;

	memset(&secret, 0x5a, sizeof secret);
	setup_path("workload");
	ck_ok(keyfile_x25519_write(&secret, path));
	ck_error(keyfile_x25519_write(&secret, path), SR_ERR_IN_USE);
	ck_ok(keyfile_x25519_read(&back, &why, path));
	ck_assert_mem_eq(secret.b, back.b, sizeof back.b);
	ck_error(keyfile_read(&k, &why, path), SR_ERR_DAMAGED);
	ck_assert_int_eq(chmod(path, 0640), 0);
	ck_error(keyfile_x25519_read(&back, &why, path), SR_ERR_DAMAGED);
	ck_assert_ptr_nonnull(strstr(why, "chmod"));
	unlink(path);
	ck_error(keyfile_x25519_read(&back, &why, path), SR_ERR_NOT_FOUND);
	ck_ok(key_new(&k, VAULT_ACCOUNT_ED25519));
	ck_ok(keyfile_write(k, path));
	ck_error(keyfile_x25519_read(&back, &why, path), SR_ERR_DAMAGED);
	key_free(k);
	tidy();
}
END_TEST

START_TEST(a_key_file_that_others_may_read_is_refused)
{
	static const mode_t modes[] = { 0640, 0604, 0660, 0610, 0644 };
	struct key *k;
	const char *why;

	setup_path("loose");
	ck_ok(key_new(&k, VAULT_ACCOUNT_ED25519));
	ck_ok(keyfile_write(k, path));
	key_free(k);
	for (unsigned i = 0; i < sizeof modes / sizeof modes[0]; i++) {
		ck_assert_int_eq(chmod(path, modes[i]), 0);
		ck_error(keyfile_read(&k, &why, path), SR_ERR_DAMAGED);
		ck_assert_ptr_null(k);
		ck_assert_ptr_nonnull(strstr(why, "chmod 600"));
	}
	tidy();
}
END_TEST

START_TEST(a_changed_key_file_is_refused)
{
	char text[512];
	struct key *k;
	const char *why;
	ssize_t n;
	int fd;

	setup_path("changed");
	ck_ok(key_new(&k, VAULT_ACCOUNT_ED25519));
	ck_ok(keyfile_write(k, path));
	key_free(k);
	fd = open(path, O_RDWR);
	n = read(fd, text, sizeof text);
	ck_assert_int_gt(n, 90);
	for (ssize_t cut = 0; cut < n; cut++) {
		ck_assert_int_eq(ftruncate(fd, cut), 0);
		ck_assert_int_ne((int)keyfile_read(&k, &why, path), (int)SR_OK);
		ck_assert_int_eq(pwrite(fd, text, (size_t)n, 0), n);
	}
	ck_assert_int_eq(pwrite(fd, "x", 1, 0), 1);
	ck_error(keyfile_read(&k, &why, path), SR_ERR_DAMAGED);
	ck_assert_int_eq(pwrite(fd, text, (size_t)n, 0), n);
	ck_assert_int_eq(pwrite(fd, "\n", 1, n), 1);
	ck_error(keyfile_read(&k, &why, path), SR_ERR_DAMAGED);
	close(fd);
	tidy();
}
END_TEST

START_TEST(an_ethereum_account_signs_the_text_a_wallet_would_show)
{
	struct sr_bytes message = { (const uint8_t *)"message", 7 };
	struct chain_eth_address address;
	struct chain_eth_sig sig;
	struct sr_hash32 h, digest;
	char text[128], hex[65];
	uint8_t out[65];
	size_t n;
	struct key *k;

	ck_ok(key_new(&k, VAULT_ACCOUNT_ETHEREUM));
	ck_ok(
	    key_sign(out, &n, k, "strongroom op v1", "Strongroom operation", message.p, message.n));
	ck_assert_uint_eq(n, 65);
	h = sr_hash_domain("strongroom op v1", &message, 1);
	sr_hex_encode(hex, h.b, 32);
	snprintf(text, sizeof text, "Strongroom operation\n%s", hex);
	digest = chain_eth_personal_digest((const uint8_t *)text, strlen(text));
	memcpy(sig.b, out, sizeof sig.b);
	ck_ok(chain_eth_recover(&address, &digest, &sig));
	ck_assert(memcmp(address.b, k->account.b, 20) == 0);
	key_free(k);
}
END_TEST

START_TEST(accounts_are_read_in_both_forms_and_checksums_count)
{
	struct vault_account a;

	ck_ok(keyfile_account_parse(&a, "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"));
	ck_assert_int_eq(a.kind, VAULT_ACCOUNT_ETHEREUM);
	ck_ok(keyfile_account_parse(&a, "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed"));
	ck_error(keyfile_account_parse(&a, "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD"),
	    SR_ERR_BAD_HEX);
	ck_error(
	    keyfile_account_parse(&a, "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeA"), SR_ERR_BAD_HEX);
	ck_error(keyfile_account_parse(&a, "alice"), SR_ERR_BAD_SYNTAX);
	ck_error(keyfile_account_parse(&a, "ed25519:12"), SR_ERR_BAD_HEX);
}
END_TEST

TEST_MAIN("cli keyfile", a_key_comes_back_from_its_file_which_only_its_owner_may_read,
    an_x25519_key_comes_back_and_is_no_account,
    a_key_file_that_others_may_read_is_refused, a_changed_key_file_is_refused,
    an_ethereum_account_signs_the_text_a_wallet_would_show,
    accounts_are_read_in_both_forms_and_checksums_count)
