// swift-tools-version: 6.2
import Foundation
import PackageDescription

let deps = "\(Context.packageDirectory)/.deps"
let torch = "\(deps)/torch"

let torchCxxSettings: [CXXSetting] = [
  .unsafeFlags(["-I\(torch)/include", "-O2", "-Wno-deprecated-declarations", "-Wno-psabi"]),
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

let package = Package(
  name: "consort",
  products: [
    .library(name: "Ensembles", targets: ["Ensembles"])
  ],
  targets: [
    .target(
      name: "TestSupport", dependencies: ["Processes", "Randomness"], path: "Tests/TestSupport"),

    .systemLibrary(name: "CCrypto", providers: [.apt(["libssl-dev"]), .brew(["openssl@3"])]),
    .target(name: "Files", dependencies: ["CCrypto"]),
    .testTarget(name: "FilesTests", dependencies: ["Files", "TestSupport"]),

    .target(name: "Processes", dependencies: ["Files"]),
    .testTarget(name: "ProcessesTests", dependencies: ["Processes"]),

    .target(name: "Randomness"),
    .testTarget(name: "RandomnessTests", dependencies: ["Randomness"]),

    .target(name: "CLI", dependencies: ["Files"]),
    .testTarget(name: "CLITests", dependencies: ["CLI", "Files", "TestSupport"]),

    .target(name: "Networks", dependencies: ["Files"]),
    .testTarget(name: "NetworksTests", dependencies: ["Networks"], exclude: ["Fixtures"]),

    .target(name: "Weights", dependencies: ["Files"]),
    .testTarget(
      name: "WeightsTests", dependencies: ["Weights", "Files", "Randomness", "TestSupport"],
      exclude: ["Fixtures"]
    ),

    .target(name: "ONNX", dependencies: ["Files", "Networks", "Weights"]),
    .testTarget(
      name: "ONNXTests",
      dependencies: ["Networks", "ONNX", "Randomness", "TestSupport", "Weights"],
      exclude: ["Fixtures"]),

    .systemLibrary(
      name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
    .target(name: "CEnsembles"),
    .target(
      name: "Ensembles", dependencies: ["CEnsembles", "CZlib", "Files", "Weights", "Randomness"]),
    .testTarget(
      name: "EnsemblesTests",
      dependencies: ["Ensembles", "Weights", "Files", "Randomness", "TestSupport"],
      exclude: ["Fixtures"]),

    .target(name: "ArchitectureSearch", dependencies: ["Ensembles", "Networks", "Randomness"]),
    .testTarget(
      name: "ArchitectureSearchTests",
      dependencies: ["ArchitectureSearch", "Ensembles", "Networks", "Randomness"]),

    .systemLibrary(
      name: "CLibJPEG", pkgConfig: "libjpeg",
      providers: [.apt(["libjpeg-dev"]), .brew(["jpeg-turbo"])]),
    .target(name: "CJPEG", dependencies: ["CLibJPEG"]),
    .systemLibrary(
      name: "CLibPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"]), .brew(["libpng"])]),
    .target(name: "CPNG", dependencies: ["CLibPNG"]),
    // Optimised in debug builds too, whose tests resize many images.
    .target(name: "CResampling", cSettings: [.unsafeFlags(["-O3"])]),
    .target(
      name: "Datasets",
      dependencies: ["Files", "Processes", "CJPEG", "CPNG", "CResampling", "Randomness"]),
    .testTarget(
      name: "DatasetsTests",
      dependencies: ["Datasets", "Files", "Processes", "Randomness", "TestSupport"],
      resources: [.copy("Fixtures")]),

    .target(
      name: "Experiments",
      dependencies: [
        "ArchitectureSearch", "Datasets", "Files", "Networks", "Randomness", "Weights",
      ]),
    .testTarget(
      name: "ExperimentsTests",
      dependencies: [
        "ArchitectureSearch", "Datasets", "Experiments", "Files", "Networks", "TestSupport",
        "Weights",
      ]),

    .target(
      name: "COpenVINO",
      cxxSettings: [.unsafeFlags(["-I\(openVINO)/include", "-O2"])],
      linkerSettings: openVINOLinkerSettings),
    .target(
      name: "Inference", dependencies: ["COpenVINO", "Datasets", "Ensembles", "Files", "ONNX"]),
    .executableTarget(
      name: "fuzz-models",
      dependencies: ["Inference", "Networks", "ONNX", "Processes", "Randomness", "Weights"],
      path: "Tests/FuzzModels"),
    .testTarget(
      name: "InferenceTests",
      dependencies: [
        "COpenVINO", "Datasets", "Ensembles", "Files", "Inference", "ONNX", "TestSupport",
      ],
      exclude: ["Fixtures"]),

    .target(
      name: "CTorch",
      cxxSettings: torchCxxSettings,
      linkerSettings: torchLinkerSettings),
    .target(name: "Torch", dependencies: ["CTorch"]),
    .testTarget(
      name: "TorchTests", dependencies: ["Torch"], resources: [.copy("Fixtures")]),

    .target(
      name: "Training",
      dependencies: [
        "ArchitectureSearch", "Torch", "Networks", "Datasets", "Weights", "Ensembles",
        "Experiments", "Files", "Randomness",
      ]),
    .testTarget(
      name: "TrainingTests",
      dependencies: [
        "ArchitectureSearch", "Training", "Datasets", "Ensembles", "Experiments", "Networks",
        "TestSupport", "Torch", "Weights",
      ],
      resources: [.copy("Fixtures")]),

    // The page's scripts and styles, embedded as they stand: a C array takes the compiler no time, SwiftPM's own
    // (`embedInCode`) ten seconds in a release build.
    .target(name: "CReportPage", exclude: ["Scripts", "Styles"]),
    .target(
      name: "Reports",
      dependencies: [
        "ArchitectureSearch", "CLI", "CReportPage", "Ensembles", "Files", "Networks", "Processes",
      ]),
    .testTarget(
      name: "ReportsTests",
      dependencies: [
        "ArchitectureSearch", "CLI", "CReportPage", "Ensembles", "Files", "Networks", "Randomness",
        "Reports",
      ],
      resources: [.copy("Fixtures")]),

    .executableTarget(
      name: "consort",
      dependencies: [
        "ArchitectureSearch", "CLI", "Datasets", "Ensembles", "Experiments", "Files", "Inference",
        "Networks", "ONNX", "Processes", "Randomness", "Reports", "Weights",
      ]),
    .testTarget(
      name: "consortTests",
      dependencies: [
        "ArchitectureSearch", "Datasets", "Ensembles", "Experiments", "Files", "Networks",
        "Randomness", "TestSupport", "Weights", "consort",
      ]),
    .testTarget(
      name: "ForeignFilesTests", dependencies: ["TestSupport", "consort"],
      exclude: [
        "Fixtures", "further_cases.py", "make_cases.py", "try_further_cases.py",
      ]),
    .executableTarget(
      name: "consort-train",
      dependencies: [
        "ArchitectureSearch", "CLI", "Datasets", "Experiments", "Files", "Networks", "Processes",
        "Torch", "Training",
      ]),
    .testTarget(
      name: "consort-trainTests",
      dependencies: [
        "ArchitectureSearch", "Experiments", "Ensembles", "Processes", "TestSupport", "Weights",
        "consort", "consort-train",
      ],
      exclude: ["Fixtures"]),

    .executableTarget(
      name: "benchmark-search", dependencies: ["ArchitectureSearch", "Networks", "Randomness"],
      path: "Benchmarks/Search"),
    .executableTarget(
      name: "benchmark-training-step", dependencies: ["Networks", "Torch", "Training"],
      path: "Benchmarks/TrainingStep", exclude: ["peer.py"]),
    .executableTarget(
      name: "benchmark-inference", dependencies: ["Inference"], path: "Benchmarks/Inference",
      exclude: ["export_models.py", "peer.py"]),
    .executableTarget(
      name: "benchmark-openvino", path: "Benchmarks/BareOpenVINO",
      cxxSettings: [.unsafeFlags(["-I\(openVINO)/include", "-O2"])],
      linkerSettings: openVINOLinkerSettings),
    .executableTarget(
      name: "benchmark-data-loading", dependencies: ["Datasets"], path: "Benchmarks/DataLoading"),
    .executableTarget(
      name: "benchmark-image-stream", dependencies: ["Datasets", "Randomness"],
      path: "Benchmarks/ImageStream", exclude: ["peer.py"]),
    .executableTarget(
      name: "benchmark-subsets", dependencies: ["Ensembles"], path: "Benchmarks/Subsets",
      exclude: ["floor.c", "make_predictions.py", "peer.py"]),
  ],
  swiftLanguageModes: [.v6],
  cxxLanguageStandard: .cxx17
)

#if os(Linux)
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
        name: "CTorchCUDA",
        publicHeadersPath: ".",
        cxxSettings: torchCxxSettings + [
          .headerSearchPath("../CTorch"), .headerSearchPath("../CTorch/include"),
          .unsafeFlags(["-I\(cuda)/include", "-fvisibility=hidden"]),
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
