.PHONY: setup build demo test check format

setup:
	@scripts/setup

build: setup
	swift build -c release

# Trains three widths on embedded images and writes a report: a few minutes on two cores.
demo: build
	.build/release/consort demo

test: setup
	swift test

check: setup
	swift format lint --strict --recursive Sources Tests Benchmarks Package.swift
	scripts/check-docs

format:
	swift format --in-place --recursive Sources Tests Benchmarks Package.swift
