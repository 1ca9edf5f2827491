# What can be done here, each a thin call. Begin with `make demo`.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help demo run test check bench prove fuzz fmt clean
.PHONY: install-virtual-reader uninstall-virtual-reader

help: ## Say what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-24s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## Show the whole job on virtual cards, without hardware
	@scripts/demo.sh

run: ## Serve the attached readers, configured by CONFIG=xuekad.toml
	@scripts/run.sh '$(CONFIG)'

test: ## Run every test: unit, property, and end to end on a real pcscd
	@scripts/test.sh

check: ## Check formatting, lints, documents, generated code, protocol, scripts, licences
	@scripts/check.sh

bench: ## Measure against the raw limit; prints ratios
	@scripts/install-packages.sh build demo bench
	@bench/run.sh

prove: ## Kill pcscd a hundred times, and more that takes minutes to prove
	@scripts/prove.sh

fuzz: ## Fuzz all that reads foreign bytes: RUNS=10000000 inputs a target
	@scripts/fuzz.sh $(RUNS)

install-virtual-reader: ## Put our virtual reader into this machine's pcscd
	@scripts/install-virtual-reader.sh

uninstall-virtual-reader: ## Take it out again
	@scripts/install-virtual-reader.sh uninstall

fmt: ## Format Rust and protocol files
	cargo fmt --all
	test ! -x node_modules/.bin/buf || node_modules/.bin/buf format --write

clean: ## Remove what was built and fetched
	cargo clean
	rm -rf node_modules
