import CReportPage
import Formatting
import Foundation
import TestSupport
import Testing

@testable import Reports

/// The page's scripts and styles, which are files.
@Suite struct PageFileTests {
  private static func paths(_ directory: String) throws -> [String] {
    let root = checkout.appendingPathComponent("Sources/Reports/CReportPage/\(directory)")
    return try FileManager.default.contentsOfDirectory(atPath: root.path).sorted()
      .map { root.appendingPathComponent($0).path }
  }

  private static func texts(_ directory: String) throws -> [String] {
    try paths(directory).map { try String(contentsOfFile: $0, encoding: .utf8) }
  }

  @Test func everyFileIsEmbeddedOnce() throws {
    for (directory, embedded) in [
      ("Scripts", consort_report_script()), ("Styles", consort_report_style()),
    ] {
      let embedded = String(cString: try #require(embedded))
      let texts = try Self.texts(directory)
      #expect(texts.count > 5)
      for text in texts { #expect(embedded.components(separatedBy: text).count == 2, "\(text)") }
      #expect(embedded.utf8.count == texts.reduce(0) { $0 + $1.utf8.count })
    }
  }

  /// Texts that the page's own and its script's numbers are to be.
  private struct Examples: Decodable {
    let fixed, scaled, milliseconds: [Example]
  }

  /// The arguments, and then the text.
  private struct Example: Decodable {
    let value: Double
    let digits: Int
    let text: String

    init(from decoder: any Decoder) throws {
      var values = try decoder.unkeyedContainer()
      value = try values.decode(Double.self)
      digits = values.count == 3 ? try values.decode(Int.self) : 0
      text = try values.decode(String.self)
    }
  }

  @Test func numbersAreWrittenAsExpected() throws {
    let examples = try JSONDecoder().decode(
      Examples.self, from: Data(Fixture.text("numbers.json").utf8))
    for example in examples.fixed {
      #expect(NumberFormat.fixed(example.value, example.digits) == example.text)
    }
    for example in examples.scaled { #expect(NumberFormat.scaled(example.value) == example.text) }
    for example in examples.milliseconds {
      #expect(NumberFormat.milliseconds(example.value) == example.text)
    }
  }

  /// Each script by itself, and the same numbers as above.
  @Test(.enabled(if: Browser.isThere, "there is no chromium on the PATH"))
  func scriptsParseAndWriteTheSameNumbers() throws {
    let numbers = Bundle.module.bundleURL.appendingPathComponent("Fixtures/numbers.json").path
    let checked = try Browser.run("check-scripts", [numbers] + Self.paths("Scripts"))
    #expect(checked.status == 0, "\(checked.output)")
    #expect(checked.output.contains("8 scripts: work; 52 numbers: agree"))
  }
}
