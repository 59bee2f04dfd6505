# Models: make model (about ten minutes on two cores, 5 GB), make model-quick (a step of the checks).
.PHONY: model model-quick
PACKAGES += spin
CHECK_STEPS += model-quick

model:
	@JOBS=$(JOBS) tests/model/model.sh full

model-quick:
	@$(RUN) one model env JOBS=$(JOBS) tests/model/model.sh quick
