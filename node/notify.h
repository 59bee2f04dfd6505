/* node/notify.h - systemd's readiness protocol (sd_notify(3)): one datagram to NOTIFY_SOCKET. */
#ifndef SR_NODE_NOTIFY_H
#define SR_NODE_NOTIFY_H

#include <stdint.h>

/* "READY=1" and the like; nothing happens when nobody listens. */
void notify_send(const char *text);
/* Half of the watchdog's time in ms; 0: there is none. */
uint64_t notify_watchdog_ms(void);

#endif
