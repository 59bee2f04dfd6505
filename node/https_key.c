/* node/https_key.c - a self-signed certificate: clients trust its pin in the genesis, not a name.
 */
#define _GNU_SOURCE /* O_CLOEXEC and friends under strict C */
#include <errno.h>
#include <fcntl.h>
#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "node/file.h"
#include "node/http.h"

#define VALID_S (20ll * 365 * 86400)
#define PEM_MAX 65536u

static bool cert_fill(gnutls_x509_crt_t cert, gnutls_x509_privkey_t key)
{
	static const uint8_t loopback[4] = { 127, 0, 0, 1 };
	uint8_t serial[16];
	time_t now = time(NULL);

	if (gnutls_rnd(GNUTLS_RND_NONCE, serial, sizeof serial) != 0)
		return false;
	serial[0] &= 0x7f; /* RFC 5280 4.1.2.2: positive */
	serial[0] |= 0x01;
	return gnutls_x509_crt_set_version(cert, 3) == 0
	    && gnutls_x509_crt_set_serial(cert, serial, sizeof serial) == 0
	    && gnutls_x509_crt_set_activation_time(cert, now - 86400) == 0
	    && gnutls_x509_crt_set_expiration_time(cert, now + VALID_S) == 0
	    && gnutls_x509_crt_set_dn(cert, "CN=strongroom node", NULL) == 0
	    && gnutls_x509_crt_set_key(cert, key) == 0
	    && gnutls_x509_crt_set_subject_alt_name(
		   cert, GNUTLS_SAN_DNSNAME, "localhost", 9, GNUTLS_FSAN_SET)
	    == 0
	    && gnutls_x509_crt_set_subject_alt_name(
		   cert, GNUTLS_SAN_IPADDRESS, loopback, sizeof loopback, GNUTLS_FSAN_APPEND)
	    == 0
	    && gnutls_x509_crt_set_basic_constraints(cert, 0, -1) == 0
	    && gnutls_x509_crt_set_key_usage(cert, GNUTLS_KEY_DIGITAL_SIGNATURE) == 0
	    && gnutls_x509_crt_set_key_purpose_oid(cert, GNUTLS_KP_TLS_WWW_SERVER, 0) == 0
	    && gnutls_x509_crt_sign2(cert, cert, key, GNUTLS_DIG_SHA256, 0) == 0;
}

static enum sr_error pin_of(struct sr_hash32 *pin, gnutls_x509_crt_t cert)
{
	gnutls_datum_t der = { NULL, 0 };
	gnutls_pubkey_t key;
	enum sr_error err = SR_ERR_INTERNAL;

	if (gnutls_pubkey_init(&key) != 0)
		return SR_ERR_NO_MEMORY;
	if (gnutls_pubkey_import_x509(key, cert, 0) == 0 &&
	    gnutls_pubkey_export2(key, GNUTLS_X509_FMT_DER, &der) == 0) {
		*pin = sr_hash(der.data, der.size);
		err = SR_OK;
	}
	gnutls_free(der.data);
	gnutls_pubkey_deinit(key);
	return err;
}

static enum sr_error pair_make(const char *dir, gnutls_x509_crt_t cert, gnutls_x509_privkey_t key)
{
	gnutls_datum_t key_pem = { NULL, 0 }, cert_pem = { NULL, 0 };
	enum sr_error err = SR_ERR_INTERNAL;

	if (gnutls_x509_privkey_generate(
		key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0)
		== 0
	    && cert_fill(cert, key)
	    && gnutls_x509_privkey_export2_pkcs8(
		   key, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN, &key_pem)
		== 0
	    && gnutls_x509_crt_export2(cert, GNUTLS_X509_FMT_PEM, &cert_pem) == 0)
		err = file_replace(dir, "https.key", key_pem.data, key_pem.size);
	if (err == SR_OK)
		err = file_replace(dir, "https.crt", cert_pem.data, cert_pem.size);
	if (key_pem.data != NULL)
		gnutls_memset(key_pem.data, 0, key_pem.size);
	gnutls_free(key_pem.data);
	gnutls_free(cert_pem.data);
	return err;
}

static enum sr_error pair_read(gnutls_x509_crt_t cert, const char *dir)
{
	char path[NODE_PATH_MAX];
	gnutls_datum_t pem;
	uint8_t *text;
	size_t n;
	enum sr_error err;

	SR_TRY(file_path(path, dir, "https.crt"));
	SR_TRY(file_read(&text, &n, path, PEM_MAX));
	pem = (gnutls_datum_t){ text, (unsigned)n };
	err = gnutls_x509_crt_import(cert, &pem, GNUTLS_X509_FMT_PEM) == 0 ? SR_OK : SR_ERR_DAMAGED;
	free(text);
	return err;
}

enum sr_error https_make(struct sr_hash32 *pin, const char *dir)
{
	gnutls_x509_crt_t cert = NULL;
	gnutls_x509_privkey_t key = NULL;
	char path[NODE_PATH_MAX];
	enum sr_error err;

	SR_TRY(file_make_dir(dir));
	SR_TRY(file_path(path, dir, "https.key"));
	if (gnutls_x509_crt_init(&cert) != 0)
		return SR_ERR_NO_MEMORY;
	if (access(path, F_OK) == 0)
		err = pair_read(cert, dir);
	else if (gnutls_x509_privkey_init(&key) == 0)
		err = pair_make(dir, cert, key);
	else
		err = SR_ERR_NO_MEMORY;
	if (err == SR_OK)
		err = pin_of(pin, cert);
	if (key != NULL)
		gnutls_x509_privkey_deinit(key);
	gnutls_x509_crt_deinit(cert);
	return err;
}
