import Foundation
import Testing

@testable import Schemas

@Suite struct RepeatedKeysTests {
  @Test(
    arguments: [
      (#"{"a": 1, "b": {"a": 2}, "c": [{"a": 1}, {"a": 2}]}"#, nil), (#"{"a": 1, "a": 2}"#, "a"),
      (#"{"x": {"b": 1, "c": "b", "b": 2}}"#, "b"), (#"{"a": 1, "\u0061": 2}"#, "a"),
      (#"{"a\"": 1, "b": "a\"", "a\"": 2}"#, "a\""), (#"["a", "a"]"#, nil), ("{}", nil),
      (#"{"a": [{"b": "b\": {"}, {"b": 1}], "b": "a"}"#, nil),
      (#"{"a": {"b": 1}, "c": [], "a" : 2}"#, "a"),
    ] as [(String, String?)])
  func theFirstIsFound(json: String, key: String?) {
    #expect(RepeatedKeys.first(in: Data(json.utf8)) == key)
  }

  /// Took minutes where each key copied those before it.
  @Test(.timeLimit(.minutes(1)))
  func manyKeysAreReadInTime() {
    let keys = (0..<200_000).map { "\"key\($0)\": 1" }
    let json = "{" + keys.joined(separator: ",") + ", \"key7\": 2}"
    #expect(RepeatedKeys.first(in: Data(json.utf8)) == "key7")
  }
}
