# Balm: the only entry. `make` builds build/release/balm; `make help` names the rest.
#
# SAN=1 builds with AddressSanitizer and UBSan, DEBUG=1 without optimisation; each kind of object has a
# folder of its own, named after the compiler where it is not gcc.

CC      ?= gcc
ifeq ($(origin CC),default)
CC      := gcc
endif
PREFIX  ?= /usr/local
DESTDIR ?=
BOTOCORE_DATA ?= /usr/lib/python3/dist-packages/botocore/data

KIND := $(if $(SAN),san,$(if $(DEBUG),debug,release))
OUT  := build/$(if $(filter gcc,$(notdir $(CC))),,$(notdir $(CC))-)$(KIND)

PACKAGES := lua5.4 lua5.4-cjson libcurl libcrypto libuv expat zlib
WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes \
            -Wvla -Wformat=2 -Werror
CPPFLAGS += -Iengine -D_GNU_SOURCE $(shell pkg-config --cflags $(PACKAGES) 2>/dev/null)
CFLAGS_release := -O2 -g -DNDEBUG=0 -D_FORTIFY_SOURCE=2 -fstack-protector-strong
CFLAGS_debug   := -O0 -g3
CFLAGS_san     := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined
BALM_CFLAGS := -std=c11 $(WARNINGS) $(CFLAGS_$(KIND)) $(CFLAGS)
BALM_LDFLAGS := $(if $(SAN),-fsanitize=address$(,)undefined) -Wl,--as-needed -Wl,-z,relro $(LDFLAGS)
, := ,
LDLIBS := $(shell pkg-config --libs $(PACKAGES) 2>/dev/null) -lm

SOURCES := $(filter-out engine/front/main.c,$(sort $(wildcard engine/*/*.c)))
OBJECTS := $(SOURCES:%.c=$(OUT)/%.o)
TESTS   := $(patsubst spec/engine/%.c,$(OUT)/spec/%,$(sort $(wildcard spec/engine/*/test_*.c)))

.PHONY: build demo test test-c test-lua test-e2e bench check format install clean help deps
.DELETE_ON_ERROR:
.SECONDARY:

build: $(OUT)/balm build/models.pack

help:
	@sed -n 's/^#: //p' Makefile

# What a fresh machine lacks; does nothing where all is there.
deps:
	@scripts/bootstrap

$(OUT)/libbalm.a: $(OBJECTS)
	@rm -f $@
	@ar rcs $@ $^

$(OUT)/balm: $(OUT)/engine/front/main.o $(OUT)/libbalm.a
	$(CC) $(BALM_LDFLAGS) -o $@ $^ $(LDLIBS)

$(OUT)/engine/%.o: engine/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(BALM_CFLAGS) -MMD -MP -c -o $@ $<

$(OUT)/spec/%: spec/engine/%.c $(OUT)/libbalm.a
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -Ispec $(BALM_CFLAGS) -MMD -MP -MF $@.d -o $@ $< $(OUT)/libbalm.a $(BALM_LDFLAGS) $(LDLIBS) -lcmocka

build/models.pack: $(OUT)/balm engine/aws/actions.tsv
	$(OUT)/balm models build $(BOTOCORE_DATA) -o $@

clean:
	rm -rf build

-include $(shell find $(OUT) -name '*.d' 2>/dev/null)
