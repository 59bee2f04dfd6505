#include "node/serve.h"

#include "base/log.h"
#include "node/http.h"

enum sr_error node_serve(struct loop *loop, const struct config *config)
{
	char host[CONFIG_TEXT_MAX];
	struct http_settings settings = { .host = host, .key_path = config->https_key,
		.cert_path = config->https_cert, .clients_max = (unsigned)config->clients_max,
		.request_timeout_ms = config->request_timeout_s * 1000, .desk = &loop->desk,
		.blobs = loop->blobs };
	struct http *http;
	enum sr_error err;

	SR_TRY(config_address(host, &settings.port, config->rpc_listen));
	err = http_start(&http, &settings);
	if (err != SR_OK) {
		sr_log(SR_LOG_ERROR, "http", "%s: %s (is the address free, are %s and %s a pair?)",
		    config->rpc_listen, sr_error_message((unsigned)err), config->https_key,
		    config->https_cert);
		return err;
	}
	err = loop_run(loop);
	desk_close(&loop->desk);
	http_stop(http);
	return err;
}
