import Foundation
import TestSupport
import Testing

/// Files as other programs write them: the right figure, or a refusal that helps; never a wrong figure without a word.
@Suite struct ForeignFilesTests {
  @Test(arguments: ForeignCase.names)
  func isReadRightlyOrRefused(_ name: String) throws {
    let foreign = try ForeignCase(name)
    let directory = try TemporaryDirectory()
    let place = "\(directory.path)/case"
    try FileManager.default.copyItem(atPath: foreign.path, toPath: place)
    let run = try Consort(
      foreign.arguments, environment: ["XDG_CACHE_HOME": "\(directory.path)/cache"],
      directory: place)
    if let refused = foreign.expected.refused {
      #expect(run.status != 0 && !run.wasKilled, "accepted: \(run.output)")
      for words in refused {
        #expect(try run.errors.contains(Regex(words).ignoresCase()), "\(words): \(run.errors)")
      }
    } else {
      try #require(run.status == 0, "\(run.errors)")
      try foreign.expected.check(run, in: place)
    }
    for words in foreign.expected.says ?? [] {
      #expect(try run.errors.contains(Regex(words).ignoresCase()), "\(words): \(run.errors)")
    }
  }
}

/// One directory of the fixtures.
private struct ForeignCase {
  let path: String
  let arguments: [String]
  let expected: Expected

  static let names: [String] = {
    let names = try? FileManager.default.contentsOfDirectory(atPath: fixture(""))
    return (names ?? []).sorted()
  }()

  init(_ name: String) throws {
    path = fixture(name)
    let data = try Data(contentsOf: URL(filePath: "\(path)/case.json"))
    let decoder = JSONDecoder()
    expected = try decoder.decode(Expected.self, from: data)
    arguments = expected.arguments
    try #require(expected.asksSomething, "\(name) expects nothing")
  }
}

/// What `make_cases.py` computed, or what a refusal says.
private struct Expected: Decodable {
  let arguments: [String]
  let refused, says: [String]?
  /// Of each member, or of "ensemble".
  let accuracy, likelihood: [String: Double]?
  /// Of the first image.
  let probability: Double?
  let top: String?
  let images, parameters: Int?
  let deployedLikelihoodAtMost: Double?

  var asksSomething: Bool {
    refused?.isEmpty == false || accuracy != nil || likelihood != nil || probability != nil
      || parameters != nil || deployedLikelihoodAtMost != nil
  }

  func check(_ run: Consort, in directory: String) throws {
    if let limit = deployedLikelihoodAtMost {
      let decision = try Answer(file: "\(directory)/out/decision.json")
      #expect(try decision.number("deployed", "test", "metrics", "negativeLogLikelihood") <= limit)
    }
    if let probability {
      let row = try firstRow(of: "\(directory)/answers.csv")
      let found = try #require(row["probability1"].flatMap(Double.init))
      #expect(abs(found - probability) < 1e-5, "\(found) instead of \(probability)")
      if let top { #expect(row["class1"] == top) }
    }
    guard accuracy != nil || likelihood != nil || images != nil || parameters != nil else { return }
    let answer = Answer(try run.object())
    for (name, value) in accuracy ?? [:] {
      #expect(abs(try answer.figure("top1Accuracy", of: name) - value) < 1e-9, "\(name)")
    }
    for (name, value) in likelihood ?? [:] {
      let found = try answer.figure("negativeLogLikelihood", of: name)
      #expect(abs(found - value) < 1e-6 * max(1, value), "\(name): \(found), not \(value)")
    }
    if let images { #expect(try answer.number("images") == Double(images)) }
    if let parameters { #expect(try answer.number("parameters") == Double(parameters)) }
  }

  private func firstRow(of path: String) throws -> [String: String] {
    let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
    try #require(lines.count >= 2)
    let fields = lines.prefix(2).map {
      $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
    return Dictionary(zip(fields[0], fields[1])) { first, _ in first }
  }
}

/// A command's JSON.
private struct Answer {
  private let object: [String: Any]

  init(_ object: [String: Any]) { self.object = object }

  init(file: String) throws {
    let value = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: file)))
    object = try #require(value as? [String: Any])
  }

  func number(_ keys: String...) throws -> Double {
    var value: Any? = object
    for key in keys { value = (value as? [String: Any])?[key] }
    return try #require((value as? NSNumber)?.doubleValue, "\(keys)")
  }

  /// A figure of one network of `consort frontier`, or of the ensemble of `consort predict`.
  func figure(_ key: String, of name: String) throws -> Double {
    guard name != "ensemble" else { return try number("ensemble", "metrics", key) }
    let frontier = object["frontier"] as? [String: Any] ?? object
    let curves = try #require(frontier["curves"] as? [[String: Any]])
    let curve = try #require(curves.first { $0["network"] as? String == name })
    let point = try #require((curve["points"] as? [[String: Any]])?.first)
    let mean = try #require(point["mean"] as? [String: Any])
    return try #require((mean[key] as? NSNumber)?.doubleValue)
  }
}
