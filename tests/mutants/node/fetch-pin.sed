# file: node/fetch.c
# pieces come from whoever is at the address
# killed by: test_node_repair
s/curl_easy_setopt(c, CURLOPT_PINNEDPUBLICKEY, pin) == CURLE_OK/pin[0] == 's'/
