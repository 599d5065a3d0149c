import Files
import Foundation
import Processes
import TestSupport
import Testing

@testable import Downloads

/// `Fixtures/hub_server.py` on a port of its own, until the value goes.
private final class HubServer {
  let port: Int
  private let process = Process()
  private let logPath: String

  init(serving directory: String, log: String, certificate: [String] = []) throws {
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["python3", fixture("hub_server.py"), directory, log] + certificate
    process.standardOutput = output
    logPath = log
    try process.run()
    let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
    port = try #require(Int(line.trimmingCharacters(in: .whitespacesAndNewlines)))
  }

  // Not a signal that worker threads block, because the process has their mask.
  deinit { kill(process.processIdentifier, SIGKILL) }

  /// The requests so far: method, path, range and token of each.
  func requests() throws -> [[String]] {
    try String(contentsOfFile: logPath, encoding: .utf8).split(separator: "\n").map {
      $0.split(separator: " ").map(String.init)
    }
  }
}

@Suite struct HubTests {
  private let place: TemporaryDirectory
  private let served: TemporaryDirectory
  private let large: [UInt8]

  init() throws {
    place = try TemporaryDirectory()
    served = try TemporaryDirectory()
    large = (0..<5000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) }
    try served.write(large, to: "files/model.safetensors")
    try served.write(Array(#"{"architecture": "resnet18"}"#.utf8), to: "files/config.json")
  }

  private func server(_ certificate: [String] = []) throws -> HubServer {
    try HubServer(
      serving: "\(served.path)/files", log: "\(served.path)/log", certificate: certificate)
  }

  private func hub(
    _ server: HubServer, _ manner: String, scheme: String = "http", token: String? = nil
  ) throws -> Hub {
    var environment = [
      "HF_ENDPOINT": "\(scheme)://127.0.0.1:\(server.port)/\(manner)/",
      "XDG_CACHE_HOME": place.path,
    ]
    environment["HF_TOKEN"] = token
    return try Hub(environment: environment)
  }

  private static let name = "hf:timm/resnet18.a1_in1k"

  /// The files that are kept, with those that are not whole.
  private func kept() throws -> [String] {
    let paths = FileManager.default.enumerator(atPath: place.path)?.allObjects as? [String] ?? []
    return paths.filter { !Directory.isDirectory("\(place.path)/\($0)") }
  }

  private func failure(_ manner: String, file: String = "model.safetensors") throws -> HubError? {
    let server = try server()
    let hub = try hub(server, manner)
    let repository = try HubRepository(Self.name)
    let error = #expect(throws: HubError.self) { try hub.fetch(file, of: repository) }
    #expect(try kept().isEmpty, "\(manner)")
    return error
  }

  @Test func filesComeOnceAndAreKept() throws {
    let server = try server()
    let hub = try hub(server, "ok")
    let model = try HubModel(try HubRepository(Self.name), from: hub)
    #expect(try Array(Data(contentsOf: URL(filePath: model.weightsPath))) == large)
    #expect(model.configurationPath.contains("/timm/resnet18.a1_in1k/"))
    let before = try server.requests().filter { $0[0] == "GET" }
    // The large file's way over the redirect, and the small one.
    #expect(before.count == 3)
    _ = try HubModel(try HubRepository(Self.name), from: hub)
    #expect(try server.requests().filter { $0[0] == "GET" }.count == 3)
    #expect(try server.requests().allSatisfy { $0[3] == "-" })
    // A damaged file is fetched again.
    try Data([1]).write(to: URL(filePath: model.weightsPath))
    _ = try HubModel(try HubRepository(Self.name), from: hub)
    #expect(try Array(Data(contentsOf: URL(filePath: model.weightsPath))) == large)
  }

  @Test func aHubThatLiesAboutHashesIsNotBelieved() throws {
    let error = try #require(try failure("lies"))
    guard case .wrongHash(_, let found, let expected) = error else {
      Issue.record("\(error)")
      return
    }
    #expect(found == large.withUnsafeBytes(sha256) && expected == String(repeating: "0", count: 64))
  }

  @Test func whatIsNoFileIsSaid() throws {
    #expect(try failure("page")?.description.contains("web page") == true)
    #expect(try failure("bare", file: "config.json")?.description.contains("no hash") == true)
    #expect(try failure("foreign")?.description.contains("no hash") == true)
    #expect(try failure("gone")?.description.contains("no such repository") == true)
    #expect(try failure("gated")?.description.contains("set HF_TOKEN") == true)
    #expect(try failure("long")?.description.contains("more than") == true)
    #expect(try failure("loop")?.description.contains("without an end") == true)
    let failing = try #require(try failure("failing"))
    #expect(failing.exitStatus == .transient && failing.description.contains("503"))
  }

  @Test func aTransferThatBreaksOffGoesOn() throws {
    let server = try server()
    let path = try hub(server, "break").fetch("model.safetensors", of: HubRepository(Self.name))
    #expect(try Array(Data(contentsOf: URL(filePath: try #require(path)))) == large)
    #expect(try server.requests().contains { $0[2] == "bytes=2500-" })
  }

  @Test func whatARepositoryLacksIsNamed() throws {
    try FileManager.default.removeItem(atPath: "\(served.path)/files/model.safetensors")
    let server = try server()
    let hub = try hub(server, "ok")
    #expect(try hub.fetch("model.safetensors", of: HubRepository(Self.name)) == nil)
    let error = #expect(throws: HubError.self) {
      try HubModel(try HubRepository(Self.name), from: hub)
    }
    #expect(error?.description.contains("model.safetensors, nor") == true)
  }

  @Test func severalFilesOfWeightsLieBesideTheirIndex() throws {
    try FileManager.default.moveItem(
      atPath: "\(served.path)/files/model.safetensors",
      toPath: "\(served.path)/files/one.safetensors")
    try served.write(
      Array(#"{"weight_map": {"a": "one.safetensors", "b": "../config.json"}}"#.utf8),
      to: "files/model.safetensors.index.json")
    let server = try server()
    let model = try HubModel(try HubRepository(Self.name), from: try hub(server, "ok"))
    let directory = URL(filePath: model.weightsPath).deletingLastPathComponent().path
    #expect(
      try Directory.names(in: directory).sorted() == [
        "model.safetensors.index.json", "one.safetensors",
      ])
  }

  @Test func theTokenGoesToTheHubAndIsNotLeftBehind() throws {
    let server = try server()
    _ = try hub(server, "ok", token: "hf_secret").fetch("config.json", of: HubRepository(Self.name))
    let line = try String(contentsOfFile: "\(served.path)/log", encoding: .utf8)
    #expect(line.contains("Bearer hf_secret"))
    #expect(try kept().allSatisfy { !$0.contains("token") })
  }

  @Test func settingsThatCannotBeAreRefused() throws {
    func fault(_ environment: [String: String]) -> String {
      let error = #expect(throws: HubError.self) {
        try Hub(environment: environment.merging(["HOME": "/nowhere"]) { first, _ in first })
      }
      return error?.description ?? ""
    }
    #expect(fault(["HF_ENDPOINT": "ftp://x"]).contains("HF_ENDPOINT"))
    #expect(fault(["HF_ENDPOINT": "nothing"]).contains("HF_ENDPOINT"))
    #expect(
      fault(["HF_ENDPOINT": "http://example.org", "HF_TOKEN": "x"]).contains("not encrypted"))
    #expect(fault(["HF_TOKEN": "a\nHost: b"]).contains("HF_TOKEN"))
  }

  @Test(arguments: [
    "hf:", "hf:x", "hf:a/b/c", "hf:../x", "hf:a/..", "hf:a/b@", "hf:a/b@x/y", "hf:a b/c",
    "hf:a/b@..",
  ])
  func namesThatAreNoneAreRefused(_ name: String) {
    #expect(throws: HubError.invalidName(name)) { try HubRepository(name) }
  }

  /// From an encrypted hub nothing leads to a connection that is not, neither what it says first nor what it says later.
  @Test(arguments: ["plain", "later", "ok"])
  func encryptedStaysEncrypted(_ manner: String) throws {
    let (certificate, key) = ("\(served.path)/certificate.pem", "\(served.path)/key.pem")
    let made = try Subprocess.run(
      [
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
        "-nodes", "-days", "2",
        "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out",
        certificate,
      ], catchesErrorText: true)
    try #require(made.status == 0, "\(made.errorText)")
    let server = try server([certificate, key])
    var hub = try hub(server, manner, scheme: "https")
    hub.curlOptions = ["--cacert", certificate]
    let repository = try HubRepository(Self.name)
    if manner == "ok" {
      #expect(try hub.fetch("model.safetensors", of: repository) != nil)
      return
    }
    let error = #expect(throws: HubError.self) {
      try hub.fetch("model.safetensors", of: repository)
    }
    #expect(
      error?.description.contains("not encrypted") == true,
      "\(String(describing: error))")
    #expect(try kept().isEmpty)
    #expect(try server.requests().allSatisfy { !$0[1].hasPrefix("/cdn/") })
  }
}
