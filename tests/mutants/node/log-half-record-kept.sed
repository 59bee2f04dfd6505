# file: node/log.c
# A record that did not fit on the disk stays half written.
# killed by: test_node_log
s/return err == SR_ERR_DISK_FULL ? log_undo(self, err) : err;/return err;/
