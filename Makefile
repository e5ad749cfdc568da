# SPDX-License-Identifier: Apache-2.0
# Builds traderd, its tests and its variants; one non-recursive file, `make help` lists the targets.

MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all

# ---- Settings, all of which may be given on the command line -------------------------------

BUILD        ?= build
SAN          ?=
# gcc warns wrongly in instrumented code, so a warning stops only the plain builds.
WERROR       ?= $(if $(SAN),,-Werror)
PREFIX       ?= /usr/local
DESTDIR      ?=
FUZZ_SECONDS ?= 10
CRASH_ROUNDS ?= 50
SEEDS        ?= 1000
FIRST        ?= 1
SEED         ?=
ONLY         ?=
ARGS         ?=

ifeq ($(origin CC),default)
CC := gcc
endif
ifeq ($(origin AR),default)
AR := ar
endif
PYTHON := $(firstword $(wildcard /usr/bin/python3) python3)
CCACHE := $(shell command -v ccache 2>/dev/null)
JOBS   := $(shell nproc 2>/dev/null || echo 2)

# A plain `make` takes every core; the makes it starts share them.
ifeq ($(MAKELEVEL)$(filter -j% --jobserver%,$(MAKEFLAGS)),0)
MAKEFLAGS += -j$(JOBS)
endif

# A copy of the tree elsewhere, as CI makes one, finds the same cache entries.
export CCACHE_BASEDIR := $(CURDIR)
export CCACHE_NOHASHDIR := 1

# ---- Sources -------------------------------------------------------------------------------

FOLDERS := core engine net http store exchange sandbox handlers server
SOURCES := $(sort $(wildcard $(addsuffix /*.c,$(FOLDERS))))
MAIN    := server/main.c
GEN     := $(BUILD)/gen

GENERATED_C :=
ifneq ($(wildcard store/migrations_embedded.h),)
GENERATED_C += $(GEN)/embedded_migrations.c
endif
ifneq ($(and $(wildcard server/openapi_embedded.h),$(wildcard openapi/openapi.yaml)),)
GENERATED_C += $(GEN)/embedded_openapi.c
endif
ifneq ($(wildcard server/strategy_schema_embedded.h),)
GENERATED_C += $(GEN)/embedded_strategy_schema.c
endif
ifneq ($(wildcard server/trade_log_embedded.h),)
GENERATED_C += $(GEN)/embedded_trade_log.c
endif
ifneq ($(wildcard server/report_embedded.h),)
GENERATED_C += $(GEN)/embedded_report.c
endif

LIBRARY_OBJECTS := $(patsubst %.c,$(BUILD)/obj/%.o,$(filter-out $(MAIN),$(SOURCES))) \
                   $(patsubst $(GEN)/%.c,$(BUILD)/obj/gen/%.o,$(GENERATED_C))
MAIN_OBJECT     := $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard $(MAIN)))
LIBRARY         := $(BUILD)/libtraderd.a
PROGRAM         := $(if $(MAIN_OBJECT),$(BUILD)/traderd)

SUPPORT_OBJECTS := $(patsubst %.c,$(BUILD)/obj/%.o,$(sort $(wildcard tests/support/*.c)))
SUPPORT         := $(if $(SUPPORT_OBJECTS),$(BUILD)/libsupport.a)

UNIT_SOURCES := $(sort $(wildcard $(foreach depth,test_*.c */test_*.c */*/test_*.c \
                */*/*/test_*.c,tests/unit/$(depth))))
UNIT_NAME     = unit_$(subst /,_,$(patsubst tests/unit/%.c,%,$(1)))
UNIT_PROGRAMS := $(foreach source,$(UNIT_SOURCES),$(BUILD)/tests/$(call UNIT_NAME,$(source)))

FUZZ_SOURCES  := $(sort $(wildcard tests/fuzz/fuzz_*.c))
FUZZ_PROGRAMS := $(patsubst tests/fuzz/%.c,$(BUILD)/%,$(FUZZ_SOURCES))

BENCH_PROGRAMS := $(patsubst bench/%.c,$(BUILD)/%,$(filter-out bench/bench_world.c bench/bench_venue.c,\
                  $(sort $(wildcard bench/*.c))))

SIMULATION_OBJECTS := $(patsubst %.c,$(BUILD)/obj/%.o,$(sort $(wildcard tests/simulation/*.c)))

MIGRATIONS := $(sort $(wildcard migrations/*.sql))

# ---- Flags ---------------------------------------------------------------------------------

PACKAGES   := libmicrohttpd jansson libcurl openssl libpq zlib libzstd
PKG_CFLAGS := $(shell pkg-config --cflags $(PACKAGES) 2>/dev/null)
PKG_LIBS   := $(shell pkg-config --libs $(PACKAGES) 2>/dev/null)
TEST_LIBS   = $(shell pkg-config --libs cmocka 2>/dev/null || echo -lcmocka)

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes \
            -Wmissing-prototypes -Wvla $(WERROR)
HARDENING := -fstack-protector-strong
ifeq ($(SAN),)
HARDENING += -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
SANITIZE  :=
SANITIZE_LINK :=
else
SANITIZE  := -fsanitize=$(SAN) -fno-sanitize-recover=all
SANITIZE_LINK := -fsanitize=$(subst fuzzer-no-link,fuzzer,$(SAN))
endif
# -I. is for "folder/name.h"; the prefix map keeps the checkout's path out of the binary.
OPTIMIZE   := -O2
ALL_CFLAGS = -std=gnu17 -D_GNU_SOURCE $(OPTIMIZE) -g -fno-omit-frame-pointer -ffp-contract=off \
             -ffile-prefix-map=$(CURDIR)=. $(HARDENING) $(WARNINGS) $(SANITIZE) \
             -I. -I$(GEN) $(PKG_CFLAGS) $(CFLAGS)
ALL_LDFLAGS = $(SANITIZE) -Wl,-z,relro,-z,now $(LDFLAGS)
ALL_LIBS    = $(PKG_LIBS) -lm -lpthread

COMPILE = $(CCACHE) $(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<
LINK    = $(CC) $(ALL_LDFLAGS) -o $@
ARCHIVE = rm -f $@ && $(AR) rcsD $@ $(filter %.o,$^)
WRITE_IF_CHANGED = mkdir -p $(@D) && printf '%s\n' '$(1)' | cmp -s - $@ || printf '%s\n' '$(1)' > $@

ifeq ($(V),)
Q    := @
SAY   = @printf '  %-5s %s\n' '$(1)' '$(2)'
else
Q    :=
SAY  :=
endif

# ---- Targets for people --------------------------------------------------------------------

.PHONY: help all run test unit simulate simulate-planted unit-programs fuzz-programs bench-programs integration crash lint asan tsan ahead \
        fuzz bench fmt tidy docker-context openapi deps clean install generated libraries FORCE

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-16s %s\n", $$1, $$2}' Makefile

all: $(PROGRAM) $(LIBRARY) ## build build/traderd (default)

run: ## install what is missing, build, and run the paper demo on recorded candles
	@tools/deps.sh
	@$(MAKE) --no-print-directory all
	@exec $(BUILD)/traderd serve --config artifacts/demo.json $(ARGS)

test: ## install what is missing, then everything CI runs
	@tools/deps.sh test
	@exec tools/test_all.sh

unit: unit-programs ## unit tests; ONLY=word runs those whose name has it
	@tools/run_units.sh "$(ONLY)" $(UNIT_PROGRAMS)

integration: $(PROGRAM) ## plays against the real binary; ONLY=word as for pytest -k
	@tools/test_env.sh
	@tools/run_integration.sh $(BUILD)/traderd "$(ONLY)"

crash: $(PROGRAM) ## the kill -9 loop, CRASH_ROUNDS times
	@tools/test_env.sh
	@CRASH_ROUNDS=$(CRASH_ROUNDS) tools/run_integration.sh $(BUILD)/traderd "$(ONLY)" -m crash

simulate: $(BUILD)/simulate ## simulated runs with faults: SEEDS=1000 FIRST=1, or SEED=n for one
	@$(BUILD)/simulate $(if $(SEED),--seed $(SEED) --no-sometimes $(ARGS),--first $(FIRST) --seeds $(SEEDS) $(ARGS))

simulate-planted: $(BUILD)/simulate ## bugs planted into the engine, each of which the simulation must catch
	@PLANT_COMPILE='$(CC) $(ALL_CFLAGS)' PLANT_LINK='$(CC) $(ALL_LDFLAGS) -o @PROGRAM@ \
	    $(SIMULATION_OBJECTS) @OBJECTS@ -Wl,--start-group $(SUPPORT) $(LIBRARY) -Wl,--end-group \
	    $(TEST_LIBS) $(ALL_LIBS)' $(PYTHON) tests/simulation/planted.py $(BUILD) "$(ONLY)"

lint: generated ## house style: layers, sizes, banned calls, headers, routes, format
	@CC="$(CC)" LINT_CFLAGS="-std=gnu17 -D_GNU_SOURCE -I. -I$(GEN) $(PKG_CFLAGS)" \
	    $(PYTHON) tests/lint/run.py
	@$(PYTHON) tests/lint/selftest.py

asan: ## unit tests under address and undefined-behaviour sanitizers
	@UNIT_TIMEOUT=480 $(MAKE) --no-print-directory BUILD=build-asan SAN=address,undefined unit

tsan: ## unit tests under the thread sanitizer
	@UNIT_TIMEOUT=600 $(MAKE) --no-print-directory BUILD=build-tsan SAN=thread unit

ahead: ## only compiles what build-clang, asan, tsan and fuzz run
	@$(MAKE) --no-print-directory CC=clang BUILD=build-clang all unit-programs
	@$(MAKE) --no-print-directory BUILD=build-asan SAN=address,undefined unit-programs
	@$(MAKE) --no-print-directory BUILD=build-tsan SAN=thread unit-programs
	@$(MAKE) --no-print-directory BUILD=build-fuzz CC=clang \
	    SAN=fuzzer-no-link,address,undefined fuzz-programs

fuzz: ## every fuzz target for FUZZ_SECONDS
	@$(MAKE) --no-print-directory BUILD=build-fuzz CC=clang \
	    SAN=fuzzer-no-link,address,undefined fuzz-programs
	@tools/run_fuzz.sh build-fuzz $(FUZZ_SECONDS) "$(ONLY)"

bench: all bench-programs ## print the measured figures; ONLY="start http" for some of them
	@tools/deps.sh bench
	@BUILD=$(BUILD) exec bench/run.sh $(ONLY)

openapi: ## lint the API description with redocly
	@tools/openapi_lint.sh

docker-context: ## check the Dockerfile without an engine: context, packages, build, result
	@$(PYTHON) tools/docker_context.py

fmt: ## format every C file in place
	@tools/clang_format.sh -i

tidy: generated ## clang-tidy over every folder (slow; not part of test)
	@tools/deps.sh tidy
	@clang-tidy --quiet $(SOURCES) -- -std=gnu17 -D_GNU_SOURCE -I. -I$(GEN) $(PKG_CFLAGS)

deps: ## install Debian packages for building and testing
	@tools/deps.sh test

clean: ## remove everything built
	rm -rf build build-*

install: all ## install below $(DESTDIR)$(PREFIX)
	install -D -m 0755 $(BUILD)/traderd $(DESTDIR)$(PREFIX)/bin/traderd
	@for folder in artifacts docs web; do \
	    if [ -d $$folder ]; then \
	        mkdir -p $(DESTDIR)$(PREFIX)/share/traderd && \
	        cp -R $$folder $(DESTDIR)$(PREFIX)/share/traderd/ || exit 1; \
	    fi; \
	done
	install -D -m 0644 LICENSE $(DESTDIR)$(PREFIX)/share/doc/traderd/LICENSE

# ---- Programs and objects ------------------------------------------------------------------

libraries:
	@pkg-config --exists $(PACKAGES) || \
	    { echo 'libraries are missing; run: tools/deps.sh' >&2; exit 1; }

# From the objects, not the archive: a name defined twice is then an error, not a silent choice.
$(BUILD)/traderd: $(MAIN_OBJECT) $(LIBRARY_OBJECTS)
	$(call SAY,LINK,$@)
	$(Q)$(LINK) $^ $(ALL_LIBS)

$(LIBRARY): $(LIBRARY_OBJECTS) $(BUILD)/objects
	@mkdir -p $(@D)
	$(call SAY,AR,$@)
	$(Q)$(ARCHIVE)

$(BUILD)/libsupport.a: $(SUPPORT_OBJECTS) $(BUILD)/objects
	@mkdir -p $(@D)
	$(Q)$(ARCHIVE)

# A removed source leaves the archives, and other flags compile everything again.
$(BUILD)/objects: FORCE
	@$(call WRITE_IF_CHANGED,$(LIBRARY_OBJECTS) $(SUPPORT_OBJECTS))

$(BUILD)/flags: FORCE
	@$(call WRITE_IF_CHANGED,$(CC) $(ALL_CFLAGS))

# Loops over columns gain by wide registers; the bits are the same at any level.
$(BUILD)/obj/engine/rule_block.o $(BUILD)/obj/engine/strategy_block.o: private OPTIMIZE := -O3

$(BUILD)/obj/%.o: %.c $(BUILD)/flags | generated libraries
	@mkdir -p $(@D)
	$(call SAY,CC,$<)
	$(Q)$(COMPILE)

$(BUILD)/obj/gen/%.o: $(GEN)/%.c $(BUILD)/flags | generated libraries
	@mkdir -p $(@D)
	$(call SAY,CC,$<)
	$(Q)$(COMPILE)

unit-programs: $(UNIT_PROGRAMS) $(BUILD)/simulate

define UNIT_RULE
$(BUILD)/tests/$(call UNIT_NAME,$(1)): $(patsubst %.c,$(BUILD)/obj/%.o,$(1)) $(SUPPORT) $(LIBRARY)
	@mkdir -p $$(@D)
	$$(call SAY,LINK,$$@)
	$$(Q)$$(LINK) $$< -Wl,--start-group $(SUPPORT) $(LIBRARY) -Wl,--end-group $$(TEST_LIBS) $$(ALL_LIBS)
endef
$(foreach source,$(UNIT_SOURCES),$(eval $(call UNIT_RULE,$(source))))

bench-programs: $(BENCH_PROGRAMS)

$(BUILD)/bench_latency: $(BUILD)/obj/bench/bench_venue.o

$(BUILD)/bench_%: $(BUILD)/obj/bench/bench_%.o $(BUILD)/obj/bench/bench_world.o $(LIBRARY)
	$(call SAY,LINK,$@)
	$(Q)$(LINK) $^ $(ALL_LIBS)

$(BUILD)/simulate: $(SIMULATION_OBJECTS) $(SUPPORT) $(LIBRARY)
	$(call SAY,LINK,$@)
	$(Q)$(LINK) $(SIMULATION_OBJECTS) -Wl,--start-group $(SUPPORT) $(LIBRARY) -Wl,--end-group \
	    $(TEST_LIBS) $(ALL_LIBS)

fuzz-programs: $(FUZZ_PROGRAMS)

$(BUILD)/fuzz_%: $(BUILD)/obj/tests/fuzz/fuzz_%.o $(SUPPORT) $(LIBRARY)
	$(call SAY,LINK,$@)
	$(Q)$(LINK) $(SANITIZE_LINK) $< -Wl,--start-group $(SUPPORT) $(LIBRARY) -Wl,--end-group $(ALL_LIBS)

.SECONDARY:

# ---- Generated files: written again only when their bytes change ---------------------------

generated: $(GEN)/build_info.h $(GENERATED_C)

$(GEN)/build_info.h: FORCE
	@tools/build_info.sh $@

$(GEN)/embedded_migrations.c: tools/embed.py $(MIGRATIONS) $(wildcard migrations)
	$(call SAY,GEN,$@)
	$(Q)$(PYTHON) tools/embed.py migrations $@ $(MIGRATIONS)

$(GEN)/openapi.json: openapi/openapi.yaml tools/yaml_to_json.py
	$(call SAY,GEN,$@)
	$(Q)$(PYTHON) tools/yaml_to_json.py $< $@

$(GEN)/embedded_openapi.c: $(GEN)/openapi.json tools/embed.py
	$(call SAY,GEN,$@)
	$(Q)$(PYTHON) tools/embed.py openapi $@ $<

$(GEN)/embedded_strategy_schema.c: docs/strategy.schema.json tools/embed.py
	$(call SAY,GEN,$@)
	$(Q)$(PYTHON) tools/embed.py strategy_schema $@ $<

$(GEN)/embedded_trade_log.c: docs/trade-log.md tools/embed.py
	$(call SAY,GEN,$@)
	$(Q)$(PYTHON) tools/embed.py trade_log $@ $<

$(GEN)/embedded_report.c: web/report.html tools/embed.py
	$(call SAY,GEN,$@)
	$(Q)$(PYTHON) tools/embed.py report $@ $<

FORCE:

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
