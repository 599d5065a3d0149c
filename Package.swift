// swift-tools-version: 6.2
import PackageDescription

let deps = "\(Context.packageDirectory)/.deps"
let torch = "\(deps)/torch"

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

let package = Package(
  name: "consort",
  targets: [
    .systemLibrary(name: "CCrypto", providers: [.apt(["libssl-dev"]), .brew(["openssl@3"])]),
    .target(name: "Files", dependencies: ["CCrypto"]),
    .testTarget(name: "FilesTests", dependencies: ["Files"]),

    .target(name: "Networks"),
    .testTarget(name: "NetworksTests", dependencies: ["Networks"]),

    .target(
      name: "CTorch",
      cxxSettings: [
        .unsafeFlags(["-I\(torch)/include", "-O2", "-Wno-deprecated-declarations"]),
        .define("_GLIBCXX_USE_CXX11_ABI", to: "1"),
      ],
      linkerSettings: torchLinkerSettings),
    .target(name: "Torch", dependencies: ["CTorch"]),
    .testTarget(
      name: "TorchTests", dependencies: ["Torch"], resources: [.copy("Fixtures")]),

    .target(name: "Training", dependencies: ["Torch", "Networks"]),
    .testTarget(
      name: "TrainingTests", dependencies: ["Training"], resources: [.copy("Fixtures")]),

    .executableTarget(name: "consort", dependencies: ["Networks"]),
  ],
  swiftLanguageModes: [.v6],
  cxxLanguageStandard: .cxx17
)
