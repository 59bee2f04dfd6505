/* tests/lib/tls_client.h - HTTPS to 127.0.0.1 for tests, byte by byte as the test says.
 * Certificates are not checked. */
#ifndef SR_TESTS_LIB_TLS_CLIENT_H
#define SR_TESTS_LIB_TLS_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tls_client;

/* NULL when there is no connection. priority: GnuTLS's, NULL for the usual. */
struct tls_client *tls_open(uint16_t port, const char *priority);
bool tls_send(struct tls_client *self, const void *p, size_t n);
/* More bytes, 0 at the end, -1 on failure or after timeout_ms. */
long tls_receive(struct tls_client *self, void *p, size_t n, unsigned timeout_ms);
/* SHA-256 of the server's public key. */
bool tls_pin(struct tls_client *self, uint8_t pin[32]);
void tls_close(struct tls_client *self);

/* One request, one answer. Returns the status (0: none); body malloc'd with a NUL behind it, the
 * caller frees. */
int https_request(uint16_t port, const char *method, const char *path, const char *headers,
    const void *body, size_t body_n, char **answer, size_t *answer_n);

#endif
