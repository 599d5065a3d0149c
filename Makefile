.PHONY: setup build demo test soak fuzz check format

setup:
	@scripts/setup

build: setup
	swift build -c release

# Trains three widths on embedded images and writes a report: a few minutes on two cores.
demo: build
	.build/release/consort demo

test: setup
	swift test

# Twenty kills of one training at any instant, half of them while a checkpoint is written.
soak: setup
	CONSORT_SOAK_KILLS=20 swift test --filter KillTests

# A hundred thousand damaged files for each of the readers: tar, JPEG, PNG, ONNX, safetensors.
fuzz: setup
	CONSORT_FUZZ_INPUTS=100000 swift test --filter FuzzTests

check: setup
	swift format lint --strict --recursive Sources Tests Benchmarks Package.swift
	scripts/check-docs

format:
	swift format --in-place --recursive Sources Tests Benchmarks Package.swift
