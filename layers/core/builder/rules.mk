# What `sam build` runs for the layer, in a copy of layers/core. SAM tells a Makefile neither the runtime nor the
# processor: the template chooses the Makefile that says both (ContextPath).
# A name on the PATH may be a shim that leads nowhere: each is tried.
PYTHON := $(shell for each in $(RUNTIME) python3 python; do \
  if "$$each" -c "" 2>/dev/null; then echo "$$each"; break; fi; done)

.PHONY: build-CoreLayer
build-CoreLayer:
	@"$(PYTHON)" -m builder.build --runtime $(RUNTIME) --architecture $(ARCHITECTURE) --into "$(ARTIFACTS_DIR)"
