.PHONY: setup build demo test check format

setup:
	@scripts/setup

build: setup
	swift build -c release

test: setup
	swift test

check: setup
	swift format lint --strict --recursive Sources Tests Benchmarks Package.swift

format:
	swift format --in-place --recursive Sources Tests Benchmarks Package.swift
