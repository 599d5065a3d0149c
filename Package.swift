// swift-tools-version: 6.2
import Foundation
import PackageDescription

let deps = "\(Context.packageDirectory)/.deps"
let torch = "\(deps)/torch"

let torchCxxSettings: [CXXSetting] = [
  .unsafeFlags([
    "-I\(torch)/include", "-I\(torch)/include/torch/csrc/api/include", "-O2",
    "-Wno-deprecated-declarations", "-Wno-psabi",
  ]),
  .define("_GLIBCXX_USE_CXX11_ABI", to: "1"),
]

/// libtorch from PyTorch's wheel, where scripts/setup puts it. It links its CUDA companions also without a GPU.
let torchLinkerSettings: [LinkerSetting] = [
  .linkedLibrary("torch_cpu"), .linkedLibrary("c10"),
  .unsafeFlags([
    "-L\(torch)/lib",
    "-Xlinker", "-rpath", "-Xlinker", "\(torch)/lib",
    "-Xlinker", "-rpath", "-Xlinker", "\(deps)/python/nvidia/cu13/lib",
    "-Xlinker", "-rpath-link", "-Xlinker", "\(deps)/python/nvidia/cu13/lib",
  ]),
]

/// OpenVINO from its wheel, where scripts/setup puts it.
let openVINO = "\(deps)/openvino"
let openVINOLinkerSettings: [LinkerSetting] = [
  .linkedLibrary("openvino"),
  .unsafeFlags(["-L\(deps)/lib", "-Xlinker", "-rpath", "-Xlinker", "\(openVINO)/libs"]),
]

/// A target of a layer: its sources stand in Sources/<layer>/<name>.
func library(
  _ name: String, in layer: String, _ dependencies: [Target.Dependency] = [],
  exclude: [String] = [], cSettings: [CSetting] = [], cxxSettings: [CXXSetting] = [],
  linkerSettings: [LinkerSetting] = []
) -> Target {
  .target(
    name: name, dependencies: dependencies, path: "Sources/\(layer)/\(name)", exclude: exclude,
    cSettings: cSettings, cxxSettings: cxxSettings, linkerSettings: linkerSettings)
}

/// A library of the system, whose module map stands in Sources/<layer>/<name>.
func system(
  _ name: String, in layer: String, pkgConfig: String? = nil, apt: String, brew: String
) -> Target {
  .systemLibrary(
    name: name, path: "Sources/\(layer)/\(name)", pkgConfig: pkgConfig,
    providers: [.apt([apt]), .brew([brew])])
}

func program(
  _ name: String, in layer: String, _ dependencies: [Target.Dependency]
) -> Target {
  .executableTarget(
    name: name, dependencies: dependencies, path: "Sources/\(layer)/\(name)")
}

/// The tests of a target, in Tests/<layer>/<name>Tests. Fixtures are read where they lie, or copied as resources.
func tests(
  of name: String, in layer: String, _ dependencies: [Target.Dependency],
  exclude: [String] = [], resources: [Resource] = []
) -> Target {
  .testTarget(
    name: "\(name)Tests", dependencies: dependencies + ["TestSupport"],
    path: "Tests/\(layer)/\(name)Tests", exclude: exclude, resources: resources)
}

/// A program that measures one of ours: Benchmarks/<directory>.
func benchmark(
  _ name: String, _ directory: String, _ dependencies: [Target.Dependency], exclude: [String] = []
) -> Target {
  .executableTarget(
    name: "benchmark-\(name)", dependencies: dependencies, path: "Benchmarks/\(directory)",
    exclude: exclude)
}

let base: [Target] = [
  system("CCrypto", in: "Base", apt: "libssl-dev", brew: "openssl@3"),
  system("CZlib", in: "Base", pkgConfig: "zlib", apt: "zlib1g-dev", brew: "zlib"),
  library("Compression", in: "Base", ["CZlib"]),
  tests(of: "Compression", in: "Base", ["Compression", "Randomness"], exclude: ["Fixtures"]),
  library("Files", in: "Base", ["CCrypto"]),
  tests(of: "Files", in: "Base", ["Files", "Schemas"]),
  library("Schemas", in: "Base", ["Files"]),
  tests(of: "Schemas", in: "Base", ["Files", "Schemas"]),
  library("Processes", in: "Base", ["Files"]),
  tests(of: "Processes", in: "Base", ["Processes"]),
  library("Concurrency", in: "Base"),
  tests(of: "Concurrency", in: "Base", ["Concurrency"]),
  library("Randomness", in: "Base"),
  tests(of: "Randomness", in: "Base", ["Randomness"]),
  library("CBoundary", in: "Base"),
  // Optimised in debug builds too, whose tests decide much.
  library("CKernels", in: "Base", ["CBoundary"], cxxSettings: [.unsafeFlags(["-O2"])]),
  library("Statistics", in: "Base", ["Randomness"]),
  tests(of: "Statistics", in: "Base", ["Randomness", "Statistics"], exclude: ["Fixtures"]),
  library("Formatting", in: "Base", ["Files"]),
  tests(of: "Formatting", in: "Base", ["Files", "Formatting"]),
]

let networks: [Target] = [
  library("Networks", in: "Networks", ["Files"]),
  tests(of: "Networks", in: "Networks", ["Networks"], exclude: ["Fixtures"]),
  library("Weights", in: "Networks", ["Files"]),
  tests(
    of: "Weights", in: "Networks", ["Files", "Randomness", "Weights"], exclude: ["Fixtures"]),
  library("Checkpoints", in: "Networks", ["Compression", "Files", "Weights"]),
  tests(
    of: "Checkpoints", in: "Networks", ["Checkpoints", "Files", "Randomness", "Weights"],
    exclude: ["Fixtures"]),
  library("ONNX", in: "Networks", ["Files", "Networks", "Weights"]),
  tests(
    of: "ONNX", in: "Networks", ["Networks", "ONNX", "Randomness"],
    exclude: ["Fixtures"]),
]

let data: [Target] = [
  library(
    "Predictions", in: "Data",
    [
      "CKernels", "Compression", "Concurrency", "Files", "Formatting", "Schemas", "Statistics",
      "Weights",
    ]),
  system("CLibJPEG", in: "Data", pkgConfig: "libjpeg", apt: "libjpeg-dev", brew: "jpeg-turbo"),
  library("CJPEG", in: "Data", ["CLibJPEG"]),
  system("CLibPNG", in: "Data", pkgConfig: "libpng", apt: "libpng-dev", brew: "libpng"),
  library("CPNG", in: "Data", ["CLibPNG"]),
  // Optimised in debug builds too, whose tests resize many images.
  library("CResampling", in: "Data", ["CBoundary"], cSettings: [.unsafeFlags(["-O3"])]),
  library(
    "Datasets", in: "Data",
    ["CJPEG", "CPNG", "CResampling", "Concurrency", "Files", "Randomness", "Schemas"]),
  library("Downloads", in: "Data", ["Datasets", "Files", "Processes"]),
  tests(
    of: "Predictions", in: "Data",
    [
      "Decisions", "EnsembleTestSupport", "Ensembles", "Files", "Formatting", "Predictions",
      "Randomness", "Statistics", "Weights",
    ],
    exclude: ["Fixtures"]),
  tests(
    of: "Datasets", in: "Data",
    ["Concurrency", "Datasets", "Files", "Processes", "Randomness"],
    resources: [.copy("Fixtures")]),
  tests(
    of: "Downloads", in: "Data",
    ["Datasets", "Downloads", "Files", "Processes", "Randomness"], exclude: ["Fixtures"]),
]

let ensembles: [Target] = [
  library(
    "Ensembles", in: "Ensembles",
    ["CKernels", "Concurrency", "Formatting", "Predictions", "Randomness", "Statistics"]),
  library(
    "Decisions", in: "Ensembles",
    ["Ensembles", "Files", "Formatting", "Predictions", "Randomness", "Schemas", "Statistics"]),
  tests(
    of: "Ensembles", in: "Ensembles",
    [
      "EnsembleTestSupport", "Ensembles", "Files", "Formatting", "GuaranteeSimulations",
      "Predictions", "Randomness", "Statistics",
    ],
    exclude: ["Fixtures"]),
  tests(
    of: "Decisions", in: "Ensembles",
    [
      "Decisions", "EnsembleTestSupport", "Ensembles", "Files", "Formatting", "Predictions",
      "Randomness", "Schemas", "Statistics",
    ]),
]

let engines: [Target] = [
  library(
    "COpenVINO", in: "Engines", ["CBoundary"],
    cxxSettings: [.unsafeFlags(["-I\(openVINO)/include", "-O2"])],
    linkerSettings: openVINOLinkerSettings),
  library(
    "Inference", in: "Engines", ["COpenVINO", "Datasets", "Files", "ONNX", "Schemas", "Statistics"]),
  .executableTarget(
    name: "fuzz-models",
    dependencies: ["Inference", "Networks", "ONNX", "Processes", "Randomness"],
    path: "Tests/FuzzModels"),
  tests(
    of: "Inference", in: "Engines",
    ["COpenVINO", "Datasets", "Files", "Inference", "InferenceTestSupport", "ONNX"],
    exclude: ["Fixtures"]),
  library(
    "CTorch", in: "Engines", ["CBoundary"],
    cxxSettings: torchCxxSettings + [
      .headerSearchPath("."), .headerSearchPath("Substitutes"), .headerSearchPath("Distributed"),
      .headerSearchPath("Distributed/GlooNames"),
    ],
    linkerSettings: torchLinkerSettings),
  library("Torch", in: "Engines", ["CTorch"]),
  tests(of: "Torch", in: "Engines", ["Concurrency", "Torch"], resources: [.copy("Fixtures")]),
]

let training: [Target] = [
  library("Leases", in: "Training", ["Concurrency", "Files", "Randomness", "Schemas"]),
  tests(
    of: "Leases", in: "Training", ["Files", "LeaseSimulation", "Leases", "Randomness", "Schemas"]),
  library(
    "Runs", in: "Training",
    [
      "Datasets", "Files", "Leases", "Networks", "Predictions", "Randomness", "Schemas", "Weights",
    ]),
  tests(
    of: "Runs", in: "Training",
    ["Datasets", "Files", "Networks", "Runs", "Schemas", "SearchRuns"]),
  library("Submission", in: "Training", ["Files", "Formatting", "Processes", "Runs", "Schemas"]),
  tests(
    of: "Submission", in: "Training", ["Files", "Formatting", "Processes", "Runs", "Submission"]),
  library(
    "Training", in: "Training",
    [
      "Concurrency", "Datasets", "Files", "Leases", "Networks", "Predictions", "Randomness", "Runs",
      "Schemas", "Torch", "Weights",
    ]),
  tests(
    of: "Training", in: "Training",
    [
      "ArchitectureSearch", "Concurrency", "Datasets", "Decisions", "Ensembles", "Files",
      "Networks", "Predictions", "Randomness", "Runs", "Schemas", "SearchRuns", "SearchTraining",
      "Statistics",
      "Torch", "Training", "Weights",
    ],
    resources: [.copy("Fixtures")]),
]

let search: [Target] = [
  library(
    "ArchitectureSearch", in: "Search",
    ["Ensembles", "Formatting", "Networks", "Predictions", "Randomness", "Statistics"]),
  tests(
    of: "ArchitectureSearch", in: "Search",
    ["ArchitectureSearch", "Ensembles", "Networks", "Predictions", "Randomness"]),
  library(
    "SearchRuns", in: "Search",
    ["ArchitectureSearch", "Files", "Leases", "Networks", "Runs", "Schemas"]),
  tests(
    of: "SearchRuns", in: "Search",
    ["ArchitectureSearch", "Concurrency", "Files", "Networks", "Runs", "Schemas", "SearchRuns"]),
  library(
    "SearchTraining", in: "Search",
    [
      "ArchitectureSearch", "Concurrency", "Datasets", "Files", "Leases", "Networks", "Predictions",
      "Randomness", "Runs", "Schemas", "SearchRuns", "Torch", "Training", "Weights",
    ]),
]

let deployment: [Target] = [
  // What runs an ensemble in Triton, embedded as the page of reports is.
  library("CTritonModel", in: "Deployment", exclude: ["model.py"]),
  library(
    "Deployment", in: "Deployment",
    [
      "CTritonModel", "Checkpoints", "Concurrency", "Datasets", "Ensembles", "Files", "Formatting",
      "Inference", "Networks", "ONNX", "Predictions", "Randomness", "Runs", "Schemas", "Statistics",
      "Weights",
    ]),
  tests(
    of: "Deployment", in: "Deployment",
    [
      "Checkpoints", "Datasets", "Deployment", "Ensembles", "Files", "Inference",
      "InferenceTestSupport",
      "Networks", "ONNX", "Predictions", "Runs", "ServingTestSupport", "Weights",
    ], exclude: ["Fixtures"]),
  library(
    "Latency", in: "Deployment",
    [
      "ArchitectureSearch", "Decisions", "Deployment", "Ensembles", "Files", "Formatting",
      "Inference", "Networks", "ONNX", "Predictions", "Randomness", "Runs", "Schemas", "SearchRuns",
    ]),
  library(
    "MemberSources", in: "Deployment",
    [
      "Datasets", "Decisions", "Deployment", "Ensembles", "Files", "Formatting", "Inference",
      "Latency", "Networks", "Predictions", "Runs", "Weights",
    ]),
  library(
    "LowPrecision", in: "Deployment",
    [
      "Concurrency", "Datasets", "Deployment", "Files", "Formatting", "Inference", "ONNX",
      "Predictions", "Randomness", "Runs", "Schemas", "Statistics",
    ]),
  tests(
    of: "LowPrecision", in: "Deployment",
    ["Datasets", "Deployment", "Inference", "LowPrecision", "ONNX", "Predictions"],
    exclude: ["Fixtures"]),
  tests(
    of: "MemberSources", in: "Deployment",
    [
      "Datasets", "Deployment", "Inference", "InferenceTestSupport", "MemberSources",
      "Predictions",
    ]),
  tests(
    of: "Latency", in: "Deployment",
    [
      "ArchitectureSearch", "Decisions", "Ensembles", "Inference", "InferenceTestSupport",
      "Latency", "Networks", "SearchRuns",
    ]),
]

/// Answers over a network. Boost is header-only, and optimised in debug builds too, whose tests send many requests.
let serving: [Target] = [
  library(
    "CHTTP", in: "Serving", ["CBoundary"],
    cxxSettings: [
      .unsafeFlags(["-O2"]), .headerSearchPath("."), .headerSearchPath("Connections"),
      .headerSearchPath("Requests"),
    ],
    linkerSettings: [.linkedLibrary("ssl"), .linkedLibrary("crypto")]),
  library("HTTP", in: "Serving", ["CHTTP"]),
  tests(
    of: "HTTP", in: "Serving",
    ["CHTTP", "Concurrency", "HTTP", "Processes", "Randomness", "ServingTestSupport"]),
  // libcurl: in Debian's libcurl4-openssl-dev, and part of macOS.
  library(
    "CHTTPClient", in: "Serving", ["CBoundary"], cxxSettings: [.headerSearchPath(".")],
    linkerSettings: [.linkedLibrary("curl")]),
  library("HTTPClient", in: "Serving", ["CHTTPClient"]),
  tests(
    of: "HTTPClient", in: "Serving",
    ["CHTTPClient", "Concurrency", "HTTP", "HTTPClient", "Processes", "ServingTestSupport"]),
  library(
    "Serving", in: "Serving",
    [
      "Compression", "Concurrency", "Datasets", "Deployment", "Ensembles", "Files", "Formatting",
      "Inference", "Predictions", "Schemas", "Statistics",
    ]),
  tests(
    of: "Serving", in: "Serving",
    [
      "Compression", "Concurrency", "Datasets", "Deployment", "Ensembles", "Files", "Inference",
      "Networks", "Predictions", "Randomness", "Serving", "ServingTestSupport", "Statistics",
    ], exclude: ["Fixtures"]),
  // The page of the server, embedded as that of reports is.
  library("CServingPage", in: "Serving", exclude: ["Page"]),
  library(
    "Endpoints", in: "Serving",
    ["CServingPage", "Concurrency", "Files", "Formatting", "HTTP", "HTTPClient", "Serving"]),
  tests(
    of: "Endpoints", in: "Serving",
    [
      "Compression", "Endpoints", "Ensembles", "HTTP", "Inference", "Serving", "ServingTestSupport",
    ]),
]

let reports: [Target] = [
  // The page's scripts and styles, embedded as they stand: 28 KB compile in a tenth of a second as a C array, and in
  // eight as the Swift array that SwiftPM's `embedInCode` makes (optimised, Zen 3).
  library("CReportPage", in: "Reports", exclude: ["Scripts", "Styles"]),
  library(
    "Reports", in: "Reports",
    [
      "ArchitectureSearch", "CReportPage", "Decisions", "Ensembles", "Files", "Formatting",
      "Networks", "Predictions", "Processes", "Schemas", "Statistics",
    ]),
  library(
    "ReportContents", in: "Reports",
    [
      "ArchitectureSearch", "Datasets", "Decisions", "Deployment", "Ensembles", "Files",
      "Formatting", "Latency", "MemberSources", "Networks", "Predictions", "Reports", "Runs",
      "Schemas", "SearchRuns",
    ]),
  tests(
    of: "ReportContents", in: "Reports",
    [
      "Datasets", "Deployment", "Ensembles", "MemberSources", "Predictions", "ReportContents",
      "Reports",
    ]),
  tests(
    of: "Reports", in: "Reports",
    [
      "ArchitectureSearch", "CReportPage", "Decisions", "Ensembles", "Files", "Formatting",
      "Networks", "Predictions", "Randomness", "Reports", "Schemas", "Statistics",
    ],
    resources: [.copy("Fixtures")]),
]

let programs: [Target] = [
  library("CommandLine", in: "Programs", ["Files", "Formatting"]),
  tests(of: "CommandLine", in: "Programs", ["CommandLine", "Files", "Formatting"]),
  program(
    "consort", in: "Programs",
    [
      "ArchitectureSearch", "Checkpoints", "CommandLine", "Datasets", "Decisions", "Deployment",
      "Downloads", "Endpoints", "Ensembles", "Files", "Formatting", "HTTP", "Inference", "Latency",
      "Leases", "LowPrecision", "MemberSources", "Networks", "ONNX", "Predictions", "Processes",
      "ReportContents", "Reports", "Runs",
      "Schemas", "SearchRuns", "Serving", "Submission",
    ]),
  tests(
    of: "consort", in: "Programs",
    [
      "Datasets", "Decisions", "Ensembles", "Files", "Networks", "Predictions", "Randomness",
      "Runs", "Schemas", "SearchRuns", "ServingTestSupport", "Weights", "consort",
    ]),
  .testTarget(
    name: "ForeignFilesTests", dependencies: ["TestSupport", "consort"],
    path: "Tests/Programs/ForeignFilesTests",
    exclude: ["Fixtures", "further_cases.py", "make_cases.py", "try_further_cases.py"]),
  program(
    "consort-train", in: "Programs",
    [
      "ArchitectureSearch", "CommandLine", "Datasets", "Files", "Formatting", "Networks",
      "Processes", "Runs", "SearchRuns", "SearchTraining", "Torch", "Training",
    ]),
  tests(
    of: "consort-train", in: "Programs",
    [
      "ArchitectureSearch", "Files", "Predictions", "Processes", "SearchRuns", "Weights", "consort",
      "consort-train",
    ],
    exclude: ["Fixtures"]),
]

let benchmarks: [Target] = [
  // Promises checked by simulation: few draws in the tests, many in the benchmark of decisions.
  .target(
    name: "GuaranteeSimulations",
    dependencies: ["Concurrency", "Ensembles", "Predictions", "Randomness", "Statistics"],
    path: "Benchmarks/Guarantees"),
  .target(
    name: "LeaseSimulation", dependencies: ["Leases", "Randomness", "Statistics"],
    path: "Benchmarks/Scale/Simulation"),
  .executableTarget(
    name: "benchmark-leases", dependencies: ["LeaseSimulation", "Leases"],
    path: "Benchmarks/Scale/Leases"),
  benchmark(
    "decisions", "Decisions",
    [
      "Concurrency", "Decisions", "Ensembles", "Files", "GuaranteeSimulations", "Predictions",
      "Randomness", "Schemas", "Statistics", "Weights",
    ],
    exclude: [
      "check_greedy.py", "guarantee_tables.py", "make_members.py", "make_sets.py", "tables.py",
    ]),
  benchmark("search", "Search", ["ArchitectureSearch", "Networks", "Randomness"]),
  benchmark(
    "training-step", "TrainingStep", ["Networks", "Torch", "Training"], exclude: ["peer.py"]),
  benchmark(
    "data-parallel", "DataParallel", ["Datasets", "Networks", "Runs", "Torch", "Training"]),
  benchmark("inference", "Inference", ["Inference"], exclude: ["export_models.py", "peer.py"]),
  .executableTarget(
    name: "benchmark-openvino", path: "Benchmarks/BareOpenVINO",
    cxxSettings: [.unsafeFlags(["-I\(openVINO)/include", "-O2"])],
    linkerSettings: openVINOLinkerSettings),
  benchmark("data-loading", "DataLoading", ["Datasets"]),
  benchmark("image-stream", "ImageStream", ["Datasets", "Randomness"], exclude: ["peer.py"]),
  benchmark(
    "calibration", "Calibration",
    ["Ensembles", "Formatting", "Predictions", "Randomness", "Statistics"]),
  benchmark(
    "subsets", "Subsets", ["Ensembles", "Predictions"],
    exclude: ["floor.c", "make_predictions.py", "peer.py"]),
]

let package = Package(
  name: "consort",
  products: [
    .library(name: "Ensembles", targets: ["Decisions", "Ensembles", "Predictions"])
  ],
  targets: [
    .target(
      name: "TestSupport", dependencies: ["Processes", "Randomness"], path: "Tests/TestSupport"),
    .target(
      name: "EnsembleTestSupport",
      dependencies: ["Decisions", "Ensembles", "Files", "Predictions", "TestSupport"],
      path: "Tests/EnsembleTestSupport"),
    .target(
      name: "ServingTestSupport",
      dependencies: [
        "Datasets", "Deployment", "Ensembles", "Files", "Inference", "Networks", "ONNX",
        "Predictions", "Randomness", "Statistics", "TestSupport",
      ],
      path: "Tests/ServingTestSupport"),
    .target(
      name: "InferenceTestSupport", dependencies: ["Inference", "TestSupport"],
      path: "Tests/InferenceTestSupport"),
    .testTarget(
      name: "ArchitectureTests", dependencies: ["TestSupport"], path: "Tests/ArchitectureTests"),
  ] + base + networks + data + ensembles + engines + training + search + deployment + serving
    + reports + programs + benchmarks,
  swiftLanguageModes: [.v6],
  cxxLanguageStandard: .cxx17
)

#if os(Linux)
  // The tests put it before the C library of a program that is to die at an exact instant.
  package.products.append(.library(name: "KillSwitch", type: .dynamic, targets: ["KillSwitch"]))
  package.targets.append(.target(name: "KillSwitch", path: "Tests/KillSwitch"))

  /// What needs CUDA's own interfaces: a library that a program loads where it finds a GPU, and never links. PyTorch's
  /// wheels for Linux bring all that it takes to build it, also without a GPU.
  let cuda = "\(deps)/python/nvidia/cu13"
  let cudaNeeds = [
    "\(cuda)/include/cuda_runtime_api.h", "\(cuda)/include/crt/host_config.h",
    "\(torch)/lib/libtorch_cuda.so",
  ]
  if cudaNeeds.allSatisfy(FileManager.default.fileExists(atPath:)) {
    package.products.append(
      .library(name: "CTorchCUDA", type: .dynamic, targets: ["CTorchCUDA"]))
    package.targets.append(
      .target(
        name: "CTorchCUDA", path: "Sources/Engines/CTorchCUDA",
        exclude: ["HostNames"],
        publicHeadersPath: ".",
        cxxSettings: torchCxxSettings + [
          .headerSearchPath("HostNames"), .headerSearchPath("../CTorch"),
          .headerSearchPath("../CTorch/include"),
          .headerSearchPath("../CTorch/Distributed"),
          .headerSearchPath("../../Base/CBoundary/include"),
          .unsafeFlags([
            "-I\(cuda)/include", "-I\(deps)/python/nvidia/nccl/include", "-fvisibility=hidden",
          ]),
        ],
        linkerSettings: [
          .linkedLibrary("torch_cuda"), .linkedLibrary("c10_cuda"),
          .linkedLibrary(":libcudart.so.13"),
          // Its own symbols must be there; those of the libraries that only a GPU needs may be missing.
          .unsafeFlags([
            "-L\(cuda)/lib", "-Xlinker", "-z", "-Xlinker", "defs",
            "-Xlinker", "--allow-shlib-undefined",
          ]),
        ] + torchLinkerSettings))
  }
#endif
