.PHONY: setup build demo demo-serve demo-search figure1 figure1-small test test-quick coverage soak soak-cluster fuzz fuzz-models docs check format

setup:
	@scripts/setup

build: setup
	swift build -c release

# Trains three widths on embedded images and writes a report: a few minutes on two cores.
demo: build
	.build/release/consort demo
	@echo "or:   make demo-serve   # builds and serves it, and asks with three clients"

# Serves what the demo chose, which runs first where it has not, and asks with three clients; until Ctrl-C.
demo-serve: build
	scripts/demo-serve

# Searches members on the same kind of images, and trains what it found: seven minutes on two cores.
demo-search: build
	.build/release/consort search Experiments/search-demo.json

# The paper's Figure 1 at its size, of CIFAR-10 in DATA: says first how many hours it takes here, and goes on where it was stopped.
figure1: build
	swift build -c release --product benchmark-training-step
	scripts/print-cost Experiments/cifar10-paper.json
	.build/release/consort train Experiments/cifar10-paper.json $(if $(DATA),--data $(DATA))
	.build/release/consort frontier runs/cifar10-paper

# The same of the recorded study, on fewer images, with the border and intervals: seconds, from predictions that are in results/.
figure1-small: build
	.build/release/consort report results/claim --out runs/figure1-small
	@echo "figure: runs/figure1-small/figure1.svg, page: runs/figure1-small/report.html"

test: setup
	swift test

# All but what starts programs, trains, draws reports, or takes long: under a minute once it is built.
test-quick: setup
	swift test --skip 'consortTests|consort_trainTests|ForeignFilesTests|TrainingTests|ReportsTests|ReportContentsTests|EndpointsTests|HTTPTests|HTTPClientTests|ModelServerTests|RemoteMemberTests|MemberLossTests|DriftMonitorTests' \
	  --skip 'FuzzTests|withABudgetTheSimplestWithinTheMargin|controllersAreBetterThanRandom|twoHundredRealImagesEqualTimm|StageSearchTests|whatHoldsForAnyPredictions|noThresholdsAreBetter|JoinedEnsembleTests'

# Which share of each target's lines the tests run; it builds everything once more, for that.
coverage: setup
	scripts/print-coverage

# Twenty kills of one training at any instant, half of them while a checkpoint is written.
soak: setup
	CONSORT_SOAK_KILLS=20 swift test --filter KillTests

# Trainings on a Slurm of two nodes, over links that go down, and under torchrun, disturbed some thirty times: an hour and a half on
# two cores, and on where it was stopped. TORCHRUN: PyTorch 2.11.0's; needs root, slurm-wlm, munge, sshfs, openssh-sftp-server, iproute2.
soak-cluster: build
	swift build --build-tests
	Tests/Clusters/soak_cluster.py $(if $(TORCHRUN),--torchrun $(TORCHRUN)) .build/release/consort

# A hundred thousand damaged files for each of the readers: tar, JPEG, PNG, ONNX, safetensors, checkpoints.
fuzz: setup
	CONSORT_FUZZ_INPUTS=100000 swift test --filter FuzzTests

# Ten thousand damaged models of each kind, through the reader and OpenVINO: more than an hour on one core.
fuzz-models: setup
	swift build -c release --product fuzz-models
	.build/release/fuzz-models --inputs 10000 wide-resnet-10-1:8:10 resnet-20:32:10 efficientnet-b0:32:10 \
	  Tests/Engines/InferenceTests/Fixtures/*.onnx

# The library's pages: `docc preview` or any web server shows the archives.
docs: setup
	swift build --target Decisions
	scripts/make-docs

check: setup
	swift format lint --strict --recursive Sources Tests Benchmarks Examples Package.swift
	scripts/check-docs
	scripts/draw-architecture --check

format:
	swift format --in-place --recursive Sources Tests Benchmarks Examples Package.swift
