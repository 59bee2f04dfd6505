#include "tests/lib/tls_client.h"

#include <arpa/inet.h>
#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/crypto.h"

#define ANSWER_MAX (64u * 1024u * 1024u)

struct tls_client {
	int fd;
	gnutls_session_t session;
	gnutls_certificate_credentials_t credentials;
};

static int tcp_open(uint16_t port)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

struct tls_client *tls_open(uint16_t port, const char *priority)
{
	struct tls_client *self = calloc(1, sizeof *self);
	int done;

	self->fd = tcp_open(port);
	if (self->fd < 0) {
		free(self);
		return NULL;
	}
	gnutls_init(&self->session, GNUTLS_CLIENT | GNUTLS_NO_SIGNAL);
	gnutls_certificate_allocate_credentials(&self->credentials);
	gnutls_credentials_set(self->session, GNUTLS_CRD_CERTIFICATE, self->credentials);
	gnutls_priority_set_direct(self->session, priority != NULL ? priority : "NORMAL", NULL);
	gnutls_transport_set_int(self->session, self->fd);
	gnutls_handshake_set_timeout(self->session, 20000);
	do
		done = gnutls_handshake(self->session);
	while (done < 0 && gnutls_error_is_fatal(done) == 0);
	if (done < 0) {
		tls_close(self);
		return NULL;
	}
	return self;
}

bool tls_send(struct tls_client *self, const void *p, size_t n)
{
	while (n > 0) {
		ssize_t put = gnutls_record_send(self->session, p, n);

		if (put == GNUTLS_E_AGAIN || put == GNUTLS_E_INTERRUPTED)
			continue;
		if (put <= 0)
			return false;
		p = (const uint8_t *)p + put;
		n -= (size_t)put;
	}
	return true;
}

long tls_receive(struct tls_client *self, void *p, size_t n, unsigned timeout_ms)
{
	ssize_t got;

	gnutls_record_set_timeout(self->session, timeout_ms);
	do
		got = gnutls_record_recv(self->session, p, n);
	while (got == GNUTLS_E_AGAIN || got == GNUTLS_E_INTERRUPTED);
	return got == GNUTLS_E_PREMATURE_TERMINATION ? 0 : got < 0 ? -1 : (long)got;
}

bool tls_pin(struct tls_client *self, uint8_t pin[32])
{
	unsigned n = 0;
	const gnutls_datum_t *list = gnutls_certificate_get_peers(self->session, &n);
	gnutls_x509_crt_t cert;
	gnutls_pubkey_t key;
	gnutls_datum_t der = { NULL, 0 };
	struct sr_hash32 hash;
	bool ok = n > 0;

	gnutls_x509_crt_init(&cert);
	gnutls_pubkey_init(&key);
	ok = ok && gnutls_x509_crt_import(cert, &list[0], GNUTLS_X509_FMT_DER) == 0 &&
	     gnutls_pubkey_import_x509(key, cert, 0) == 0 &&
	     gnutls_pubkey_export2(key, GNUTLS_X509_FMT_DER, &der) == 0;
	if (ok) {
		hash = sr_hash(der.data, der.size);
		memcpy(pin, hash.b, 32);
	}
	gnutls_free(der.data);
	gnutls_pubkey_deinit(key);
	gnutls_x509_crt_deinit(cert);
	return ok;
}

void tls_close(struct tls_client *self)
{
	if (self == NULL)
		return;
	gnutls_deinit(self->session);
	gnutls_certificate_free_credentials(self->credentials);
	close(self->fd);
	free(self);
}

static int answer_split(char *all, size_t n, char **answer, size_t *answer_n)
{
	char *end = strstr(all, "\r\n\r\n");
	int status = 0;

	if (end == NULL || sscanf(all, "HTTP/1.1 %d", &status) != 1) {
		free(all);
		return 0;
	}
	end += 4;
	*answer_n = n - (size_t)(end - all);
	memmove(all, end, *answer_n);
	all[*answer_n] = '\0';
	*answer = all;
	return status;
}

int https_request(uint16_t port, const char *method, const char *path, const char *headers,
    const void *body, size_t body_n, char **answer, size_t *answer_n)
{
	struct tls_client *client = tls_open(port, NULL);
	char head[2048];
	char *all = malloc(65536);
	size_t n = 0, capacity = 65536;
	long got = 1;

	*answer = NULL;
	*answer_n = 0;
	if (client == NULL) {
		free(all);
		return 0;
	}
	snprintf(head, sizeof head, "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n%s"
	    "Content-Length: %zu\r\n\r\n", method, path, headers != NULL ? headers : "", body_n);
	/* A server that refuses a large body closes early; its answer is there all the same. */
	if (tls_send(client, head, strlen(head)) && body_n > 0)
		(void)!tls_send(client, body, body_n);
	while (got > 0 && n < ANSWER_MAX) {
		if (capacity - n < 32768) {
			capacity *= 2;
			all = realloc(all, capacity);
		}
		got = tls_receive(client, all + n, capacity - n - 1, 30000);
		n += got > 0 ? (size_t)got : 0;
	}
	all[n] = '\0';
	tls_close(client);
	return answer_split(all, n, answer, answer_n);
}
