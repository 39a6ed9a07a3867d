# Balm: the only entry. `make` builds build/release/balm and its service models; `make help` names the rest.
#
# SAN=1 builds with AddressSanitizer and UBSan, DEBUG=1 without optimisation, CC=clang with clang; each kind
# of object has a folder of its own, so that they never mix.

ifeq ($(origin CC),default)
CC := gcc
endif
PREFIX  ?= /usr/local
DESTDIR ?=
INTO    := $(DESTDIR)$(PREFIX)
BOTOCORE_DATA ?= /usr/lib/python3/dist-packages/botocore/data
PYTHON  ?= /usr/bin/python3

KIND := $(if $(FUZZ),fuzz,$(if $(SAN),san,$(if $(DEBUG),debug,release)))
OUT  := build/$(if $(filter gcc,$(notdir $(CC))),,$(notdir $(CC))-)$(KIND)
, := ,
# V=1 shows the commands.
Q   := $(if $(V),,@)
say := @$(if $(V),:,echo)

PACKAGES := lua5.4 lua5.4-cjson libcurl libcrypto libuv expat zlib sqlite3
WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes \
            -Wvla -Wformat=2 -Werror
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=undefined
# What is installed and measured is optimised as a whole; tests link the same objects without, which is
# sooner done. A whole inlines so much that gcc takes what only a success sets for not set at all.
WHOLE := $(if $(filter gcc-release,$(notdir $(CC))-$(KIND)),-flto=auto)
LINK_WHOLE := $(if $(WHOLE),-Wno-maybe-uninitialized)
LINK_PARTS := $(if $(WHOLE),-fno-lto)
CFLAGS_release := -O2 -g -D_FORTIFY_SOURCE=2 -fstack-protector-strong $(if $(WHOLE),$(WHOLE) -ffat-lto-objects)
CFLAGS_debug   := -O0 -g3
CFLAGS_san     := -O1 -g -fno-omit-frame-pointer $(SANITIZE)
CFLAGS_fuzz    := -O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer-no-link $(SANITIZE)
BALM_CPPFLAGS = -Iengine -D_GNU_SOURCE $(shell pkg-config --cflags $(PACKAGES) 2>/dev/null) $(CPPFLAGS)
BALM_CFLAGS  := -std=c11 $(WARNINGS) $(CFLAGS_$(KIND)) $(CFLAGS)
BALM_LDFLAGS := $(if $(SAN)$(FUZZ),$(SANITIZE)) -Wl,--as-needed -Wl,-z,relro $(LDFLAGS)
BALM_LDLIBS   = $(shell pkg-config --libs $(PACKAGES) 2>/dev/null) -lm

SOURCES := $(filter-out engine/front/main.c,$(sort $(wildcard engine/*/*.c)))
OBJECTS := $(SOURCES:%.c=$(OUT)/%.o) $(OUT)/embedded.o
TESTS   := $(patsubst spec/%.c,$(OUT)/spec/%,$(sort $(wildcard spec/engine/*/test_*.c)))
# Programs that a Python test drives: they read lines and answer lines.
TOOLS   := $(patsubst spec/%.c,$(OUT)/spec/%,$(sort $(wildcard spec/engine/*/tool_*.c))) \
           $(OUT)/spec/engine/remedy/test_store $(OUT)/spec/torture/fail.so

FUZZERS := $(patsubst spec/%.c,$(OUT)/spec/%,$(sort $(wildcard spec/fuzz/fuzz_*.c)))

.PHONY: build demo test test-c test-lua test-e2e tools fuzz fuzzers bench check format install clean help deps objects flags
.DELETE_ON_ERROR:
.SECONDARY:

#: make             builds build/release/balm and build/models.pack
build: $(OUT)/balm build/models.pack

help:
	@sed -n 's/^#: //p' Makefile

#: make deps        installs the Debian packages that are missing
deps:
	@scripts/bootstrap

#: make demo        installs, builds, and fixes four resources in another account of a local AWS stand-in
demo: deps
	@$(MAKE) --no-print-directory build
	@scripts/demo

#: make test        installs, builds and runs all tests
test: deps
	@$(MAKE) --no-print-directory build tools
	@scripts/test

#: make test-c      the C unit tests alone; also with SAN=1
test-c: build $(TESTS)
	@scripts/test-c $(TESTS)

#: make test-lua    the remediations' specs alone
test-lua: build
	@$(OUT)/balm test --output text

#: make test-e2e    the tests from outside alone
test-e2e: build tools
	@$(PYTHON) -m pytest -q spec/e2e

tools: $(TOOLS)

#: make fuzz        feeds every reader what strangers might send, FUZZ_SECONDS (60) each, under clang's sanitizers
fuzz: deps
	@$(MAKE) --no-print-directory build
	@$(MAKE) --no-print-directory FUZZ=1 CC=clang fuzzers
	@scripts/fuzz

fuzzers: $(FUZZERS)

flags:
	@echo $(BALM_CPPFLAGS) -Ispec $(filter-out -O% -D_FORTIFY_SOURCE% -flto% -ffat%,$(BALM_CFLAGS))

objects: $(OBJECTS)

#: make bench       measures Balm beside a bare C program and boto3
bench: deps
	@$(MAKE) --no-print-directory build
	@scripts/bench

#: make torture     lets memory, the store's files and answers fail, one call in so many; TORTURE=all: each
torture: deps
	@$(MAKE) --no-print-directory build tools
	@scripts/torture $(TORTURE)

#: make check       format, lint, layering, banned functions, function length, stale files
check: deps
	@$(MAKE) --no-print-directory build
	@scripts/check

#: make format      formats the C
format:
	@clang-format -i $(shell find engine spec scripts -name '*.[ch]')

#: make install     into $(DESTDIR)$(PREFIX)
install: build
	install -d $(INTO)/bin $(INTO)/share/balm
	install -m 755 $(OUT)/balm $(INTO)/bin/balm
	install -m 644 build/models.pack engine/aws/*.tsv $(INTO)/share/balm
	find lua remediations -name '*.lua' -not -path 'lua/aws/*' \
	    -exec install -D -m 644 {} $(INTO)/share/balm/{} \;

#: make clean       forgets all that was built
clean:
	rm -rf build

$(OUT)/libbalm.a: $(OBJECTS)
	@rm -f $@
	@ar rcs $@ $^

$(OUT)/balm: $(OUT)/engine/front/main.o $(OUT)/libbalm.a
	$(say) "LD  $@"
	$(Q)$(CC) $(BALM_CFLAGS) $(LINK_WHOLE) $(BALM_LDFLAGS) -o $@ $^ $(BALM_LDLIBS)

$(OUT)/engine/%.o: engine/%.c
	@mkdir -p $(@D)
	$(say) "CC  $@"
	$(Q)$(CC) $(BALM_CPPFLAGS) $(BALM_CFLAGS) -MMD -MP -c -o $@ $<

# The Lua that C calls, within the program: engine/script/embedded.h says why.
build/embedded.c: $(sort $(wildcard lua/aws/*.lua)) scripts/embed-lua
	@mkdir -p $(@D)
	$(Q)scripts/embed-lua $(filter %.lua,$^) >$@

$(OUT)/embedded.o: build/embedded.c engine/script/embedded.h
	@mkdir -p $(@D)
	$(say) "CC  $@"
	$(Q)$(CC) $(BALM_CPPFLAGS) $(BALM_CFLAGS) -c -o $@ $<

$(OUT)/spec/fuzz/%: spec/fuzz/%.c $(OUT)/libbalm.a
	@mkdir -p $(@D)
	$(say) "CC  $@"
	$(Q)$(CC) $(BALM_CPPFLAGS) -Ispec $(BALM_CFLAGS) -fsanitize=fuzzer -MMD -MP -MF $@.d -o $@ $< \
	    $(OUT)/libbalm.a $(BALM_LDFLAGS) $(BALM_LDLIBS)

$(OUT)/spec/%: spec/%.c $(OUT)/libbalm.a
	@mkdir -p $(@D)
	$(say) "CC  $@"
	$(Q)$(CC) $(BALM_CPPFLAGS) -Ispec $(BALM_CFLAGS) $(if $(filter spec/bench/%,$<),$(LINK_WHOLE),$(LINK_PARTS)) \
	    -MMD -MP -MF $@.d -o $@ $< $(OUT)/libbalm.a $(BALM_LDFLAGS) $(BALM_LDLIBS) -lcmocka

# Preloaded into balm. It stands before malloc, so the sanitizers cannot be in it.
$(OUT)/spec/torture/%.so: spec/torture/%.c
	@mkdir -p $(@D)
	$(say) "CC  $@"
	$(Q)$(CC) -D_GNU_SOURCE -std=c11 $(WARNINGS) -O2 -g -fPIC -shared -o $@ $<

# Made by whichever kind is built first; made again only when its compiler or a table changes.
build/models.pack: $(wildcard engine/aws/model_build*.c engine/aws/model_pack.h) engine/aws/reference.c \
                   engine/aws/actions.tsv engine/aws/dependents.tsv | $(OUT)/balm
	$(say) "    $@"
	$(Q)$(OUT)/balm models build $(BOTOCORE_DATA) -o $@

-include $(shell find $(OUT) -name '*.d' 2>/dev/null)
