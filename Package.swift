// swift-tools-version: 6.2
import PackageDescription

let deps = "\(Context.packageDirectory)/.deps"
let torch = "\(deps)/torch"

let package = Package(
  name: "consort",
  targets: [
    .systemLibrary(name: "CCrypto", providers: [.apt(["libssl-dev"]), .brew(["openssl@3"])]),
    .target(name: "Files", dependencies: ["CCrypto"]),
    .testTarget(name: "FilesTests", dependencies: ["Files"]),
  ],
  swiftLanguageModes: [.v6]
)
