import Testing

@testable import Inference

/// What a model's file says about its classes.
@Suite struct ModelMetadataTests {
  private static func metadata(_ values: [String: String]) -> ModelMetadata {
    ModelMetadata(source: "m.onnx", values: values)
  }

  /// As Python writes a dictionary, in either quotes.
  @Test(arguments: [
    (#"{0: 'cat', 1: "owl's nest"}"#, ["cat", "owl's nest"]),
    (#" { 0 : 'a' , 1 : 'b' , } "#, ["a", "b"]),
    (#"{0: 'it\'s', 1: 'a\\b'}"#, ["it's", #"a\b"#]),
    (#"{0: '', 1: '}, 1: \''}"#, ["", "}, 1: '"]),
  ])
  func namesOfOtherProgramsAreRead(text: String, names: [String]) throws {
    let metadata = Self.metadata(["names": text])
    #expect(try metadata.labels(classes: 2) == names)
    #expect(
      metadata.notes(labels: names).map(\.text) == [
        "its classes are named by its metadata \"names\""
      ])
  }

  @Test(arguments: [
    "", "{", "{}", "['a', 'b']", "{0: 'a'}", "{0: 'a', 1: 'b', 2: 'c'}", "{1: 'a', 0: 'b'}",
    "{0: 'a', 1: b}", "{0: 'a', 1: 'b", "{0: 'a' 1: 'b'}", #"{0: 'a', 1: '\n'}"#,
    "{0: 'a', 01: 'b'}",
    "{0: 'a', 1: 'b\"}",
  ])
  func otherNamesAreNotRead(text: String) throws {
    let metadata = Self.metadata(["names": text])
    #expect(try metadata.labels(classes: 2) == nil)
    #expect(metadata.notes(labels: nil).count == 1)
  }

  @Test func ourOwnLabelsComeFirst() throws {
    let metadata = Self.metadata(["labels": #"["x", "y"]"#, "names": "{0: 'a', 1: 'b'}"])
    #expect(try metadata.labels(classes: 2) == ["x", "y"])
    #expect(metadata.notes(labels: ["x", "y"]).isEmpty)
    #expect(
      throws: InferenceError.invalidMetadata(
        source: "m.onnx", key: "labels", reason: "it names 2 classes of 3")
    ) { try metadata.labels(classes: 3) }
    #expect(
      throws: InferenceError.invalidMetadata(
        source: "m.onnx", key: "labels", reason: "it is not the JSON that is expected")
    ) { try Self.metadata(["labels": "x"]).labels(classes: 2) }
  }
}
