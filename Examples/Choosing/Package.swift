// swift-tools-version: 6.2
import PackageDescription

// A package that uses Consort's library `Ensembles`, which needs neither libtorch nor OpenVINO.
let package = Package(
  name: "choosing",
  dependencies: [.package(name: "consort", path: "../..")],
  targets: [
    .executableTarget(
      name: "choosing", dependencies: [.product(name: "Ensembles", package: "consort")])
  ],
  swiftLanguageModes: [.v6]
)
