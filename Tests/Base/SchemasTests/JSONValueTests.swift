import Foundation
import Testing

@testable import Schemas

@Suite struct JSONValueTests {
  @Test func anyJSONIsReadAndWrittenBack() throws {
    let text = """
      {
        "list" : [
          1,
          -2.5,
          9007199254740993,
          true,
          null
        ],
        "text" : "a/\\"b\\""
      }

      """
    let value = try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
    #expect(
      value == ["list": [1, -2.5, 9_007_199_254_740_993, true, .null], "text": "a/\"b\""])
    #expect(try value.readableJSON() == text)
  }

  /// JSON has no such numbers.
  @Test func numbersThatAreNotFiniteAreWrittenAsNull() throws {
    let value: JSONValue = [.number(.nan), .number(.infinity), .number(-.infinity)]
    #expect(
      try JSONDecoder().decode(JSONValue.self, from: Data(value.readableJSON().utf8))
        == [.null, .null, .null])
  }

  /// The vectors of FIPS 180-4's examples.
}
