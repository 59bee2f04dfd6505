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
 * Whoever has the lower seat starts handshakes.
 *
 * Peers are whom the core knows, by seat: members and candidates. A session is with one identity
 * key. When a seat's identity changes, or nobody has it any more, its sessions and what waits are
 * gone. Sessions of a joiner that were made by the genesis' policy end when it has the state: they
 * are made again, by the state's.
 */
#ifndef SR_ENCLAVE_SHELL_CHANNEL_H
#define SR_ENCLAVE_SHELL_CHANNEL_H

#include "enclave/shell_cert.h"

#define SHELL_CHANNEL_MESSAGE_MAX (6u * 1024u * 1024u)
#define SHELL_CHANNEL_WAITING_MAX 64u          /* messages kept per peer while a handshake runs */
#define SHELL_CHANNEL_WAITING_BYTES_MAX (1024u * 1024u)
#define SHELL_CHANNEL_RETRY_MS 500u
#define SHELL_CHANNEL_RENEW_MS 3600000u        /* new keys each hour */
#define SHELL_CHANNEL_NONCES 16u               /* of a peer's certificates, remembered */

struct shell_channels;

struct shell_channel_ports {
	void *ctx;
	void (*frame)(void *ctx, uint32_t seat, uint32_t class, const uint8_t *bytes, size_t n);
	/* An authenticated message. */
	void (*message)(void *ctx, uint32_t seat, const uint8_t *bytes, size_t n);
	/* A peer's certificate was refused; told again only for another reason. May be NULL. */
	void (*refused)(void *ctx, uint32_t seat, enum sr_error why);
	shell_cert_verifier *verify;           /* as shell_cert_verify */
};

/* core and cert are borrowed and must outlive it. */
SR_MUST_CHECK struct shell_channels *shell_channels_new(const struct enclave_core *core,
    const struct shell_cert *cert, const struct shell_channel_ports *ports);
void shell_channels_free(struct shell_channels *self);
/* A new certificate for handshakes from now on; those under way are given up and start again.
 * Sessions stay. */
void shell_channels_renew(struct shell_channels *self, const struct shell_cert *cert);

/* Seals and sends, or keeps the message (bounded, oldest dropped) until the handshake is through.
 */
void shell_channels_send(struct shell_channels *self, uint32_t seat, uint32_t class,
    const uint8_t *msg, size_t n, uint64_t now_ms);
/* A frame that claims to come from seat. Bad ones are counted and dropped. */
void shell_channels_receive(struct shell_channels *self, uint32_t seat, const uint8_t *frame,
    size_t n, uint64_t now_ms);
void shell_channels_link(struct shell_channels *self, uint32_t seat, bool up, uint64_t now_ms);
/* Starts and repeats handshakes that are due. */
void shell_channels_tick(struct shell_channels *self, uint64_t now_ms);

struct shell_channel_figures { uint64_t handshakes, handshakes_failed, frames_bad, dropped; };
void shell_channels_figures(struct shell_channel_figures *out, const struct shell_channels *self);
bool shell_channels_up(const struct shell_channels *self, uint32_t seat);

#endif
