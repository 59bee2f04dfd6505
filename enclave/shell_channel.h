/*
 * enclave/shell_channel.h - sealed channels between enclaves. A TLS 1.3 handshake (GnuTLS over
 * memory buffers, both sides present an evidence certificate) authenticates the peers and agrees on
 * keys; its exporter (RFC 8446 7.5) gives one AES-256-GCM key per direction. Each message is then
 * sealed on its own with a sequence number, because links may drop and reorder by priority
 * (docs/decisions/0001).
 *
 * frame = HELLO 1 | session 16 | TLS bytes          (handshake flights, either direction)
 *       | DATA  2 | session 16 | sequence u64 | AES-256-GCM(message), everything before it as AAD
 *       | KICK  3 | session 16                      ("I don't know this session: start a new one")
 * The member with the lower index starts handshakes.
 */
#ifndef SR_ENCLAVE_SHELL_CHANNEL_H
#define SR_ENCLAVE_SHELL_CHANNEL_H

#include "enclave/shell_cert.h"

#define SHELL_CHANNEL_MESSAGE_MAX (6u * 1024u * 1024u)
#define SHELL_CHANNEL_WAITING_MAX 64u          /* messages kept per peer while a handshake runs */
#define SHELL_CHANNEL_WAITING_BYTES_MAX (1024u * 1024u)
#define SHELL_CHANNEL_RETRY_MS 500u
#define SHELL_CHANNEL_RENEW_MS 3600000u        /* new keys each hour */

struct shell_channels;

struct shell_channel_ports {
	void *ctx;
	void (*frame)(void *ctx, uint32_t member, uint32_t class, const uint8_t *bytes, size_t n);
	/* An authenticated message. */
	void (*message)(void *ctx, uint32_t member, const uint8_t *bytes, size_t n);
};

/* core and cert are borrowed and must outlive it. */
SR_MUST_CHECK struct shell_channels *shell_channels_new(const struct enclave_core *core,
    const struct shell_cert *cert, const struct shell_channel_ports *ports);
void shell_channels_free(struct shell_channels *self);

/* Seals and sends, or keeps the message (bounded, oldest dropped) until the handshake is through.
 */
void shell_channels_send(struct shell_channels *self, uint32_t member, uint32_t class,
    const uint8_t *msg, size_t n, uint64_t now_ms);
/* A frame that claims to come from member. Bad ones are counted and dropped. */
void shell_channels_receive(struct shell_channels *self, uint32_t member, const uint8_t *frame,
    size_t n, uint64_t now_ms);
void shell_channels_link(struct shell_channels *self, uint32_t member, bool up, uint64_t now_ms);
/* Starts and repeats handshakes that are due. */
void shell_channels_tick(struct shell_channels *self, uint64_t now_ms);

struct shell_channel_figures { uint64_t handshakes, handshakes_failed, frames_bad, dropped; };
void shell_channels_figures(struct shell_channel_figures *out, const struct shell_channels *self);
bool shell_channels_up(const struct shell_channels *self, uint32_t member);

#endif
