import EnsembleTestSupport
import Files
import TestSupport
import Testing
import Weights

@testable import Decisions
@testable import Ensembles
@testable import Predictions

@Suite struct PredictionsTests {
  private let directory: TemporaryDirectory
  private var path: String { "\(directory.path)/p.safetensors" }

  init() throws { directory = try TemporaryDirectory() }

  @Test func aWrittenFileIsReadBack() throws {
    let rows = [[0.5, 0.25, 0.25], [0, 0, 1]]
    let original = try member("a-0", network: "a", rows, labels: [2, 0])
    try original.write(to: path)
    let read = try Predictions(path: path)
    #expect(read.name == "a-0" && read.network == "a")
    #expect(read.multiplyAccumulates == 10 && read.parameters == 5)
    #expect(read.split == "test" && read.fingerprint == "data")
    #expect(read.count == 2 && read.classes == 3 && read.labels == [2, 0])
    #expect(read.source == path && original.source == "a-0")
    let values = read.withLogProbabilities { Array($0) }
    #expect(values == original.withLogProbabilities { Array($0) })
    #expect(values[3] == -.infinity)
    #expect(read.predictedClasses() == [0, 2])
  }

  @Test func predictionsWrittenByPythonAreRead() throws {
    let read = try Predictions(
      path: fixture("member-4.safetensors", of: "Ensembles/EnsemblesTests"))
    #expect(read.name == "large-4" && read.network == "large")
    #expect(read.multiplyAccumulates == 250 && read.parameters == 40)
    #expect(read.count == 90 && read.classes == 7)
  }

  /// A header that ends off the floats' alignment, as other writers may leave it.
  @Test func unalignedFloatsAreRead() throws {
    let metadata =
      "\"name\":\"n\",\"network\":\"w\",\"macs\":\"1\",\"parameters\":\"2\",\"split\":\"s\","
      + "\"fingerprint\":\"f\""
    var header =
      "{\"__metadata__\":{\(metadata)},"
      + "\"labels\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[0,8]},"
      + "\"log_probabilities\":{\"dtype\":\"F32\",\"shape\":[1,1],\"data_offsets\":[8,12]}}"
    while header.utf8.count % 4 != 1 { header += " " }
    let length = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Array($0) }
    try DurableFile.write(length + Array(header.utf8) + [UInt8](repeating: 0, count: 12), to: path)
    let read = try Predictions(path: path)
    #expect(read.withLogProbabilities { Array($0) } == [0])
  }

  @Test func hostileFilesAreRefused() throws {
    let good = [
      "name": "n", "network": "w", "macs": "10", "parameters": "5", "split": "s",
      "fingerprint": "f",
    ]
    for key in good.keys {
      var metadata = good
      metadata[key] = nil
      try expectRefused(metadata: metadata, .missingMetadata(source: path, key: key))
    }
    for value in [
      "", "1.5", "-1", "+1", "0", "1e3", "ten", " 1", "9223372036854775808", "1000000000000001",
    ] {
      for key in ["macs", "parameters"] {
        var metadata = good
        metadata[key] = value
        let error = EnsembleError.invalidMetadata(
          source: path, key: key, value: value, expected: "an integer in 1...1000000000000000")
        try expectRefused(metadata: metadata, error)
      }
    }
  }

  @Test func namesThatSteerOrCrowdAreRefused() throws {
    let long = String(repeating: "x", count: 201)
    for text in ["a\u{1}", "a\nb", "\u{202e}a", long] {
      for build in [
        { try member(text, [[1]], labels: [0]) },
        { try member("a", network: text, [[1]], labels: [0]) },
        { try member("a", split: text, [[1]], labels: [0]) },
        { try member("a", fingerprint: text, [[1]], labels: [0]) },
      ] {
        let error = #expect(throws: EnsembleError.self) { _ = try build() }
        guard case .invalidMetadata(_, _, _, let expected)? = error else {
          Issue.record("\(String(describing: error))")
          continue
        }
        #expect(expected.hasPrefix("text of at most 200 characters"))
      }
    }
    #expect(throws: Never.self) { try member(String(long.dropLast()), [[1]], labels: [0]) }
  }

  private func expectRefused(
    metadata: [String: String], _ error: EnsembleError,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let tensors = [
      TensorContent(name: "log_probabilities", shape: [1, 1], floats: [0]),
      TensorContent(name: "labels", shape: [1], int64s: [0]),
    ]
    try SafeTensors.write(to: path, tensors: tensors, metadata: metadata)
    #expect(throws: error, sourceLocation: sourceLocation) { try Predictions(path: path) }
    #expect(error.description.contains(path), sourceLocation: sourceLocation)
  }

  @Test func wrongTensorsAreRefused() throws {
    let metadata = [
      "name": "n", "network": "w", "macs": "10", "parameters": "5", "split": "s",
      "fingerprint": "f",
    ]
    let labels = TensorContent(name: "labels", shape: [1], int64s: [0])
    let rows = "log_probabilities"
    let refused: [[TensorContent]] = [
      [], [labels], [TensorContent(name: rows, shape: [1, 1], floats: [0])],
      [labels, TensorContent(name: rows, shape: [1], floats: [0])],
      [labels, TensorContent(name: rows, shape: [2, 1], floats: [0, 0])],
      [labels, TensorContent(name: rows, shape: [1, 0], floats: [])],
      [labels, TensorContent(name: rows, shape: [1, 1], int64s: [0])],
      [
        TensorContent(name: "labels", shape: [0], int64s: []),
        TensorContent(name: rows, shape: [0, 3], floats: []),
      ],
      [
        TensorContent(name: "labels", shape: [1], floats: [0]),
        TensorContent(name: rows, shape: [1, 1], floats: [0]),
      ],
    ]
    for tensors in refused {
      try SafeTensors.write(to: path, tensors: tensors, metadata: metadata)
      let error = #expect(throws: EnsembleError.self) { try Predictions(path: path) }
      #expect(error?.description.contains(path) == true)
    }
  }

  @Test func numbersThatAreNoDistributionAreRefused() throws {
    let labels: [Int64] = [0, 1]
    #expect(
      throws: EnsembleError.labelOutOfRange(source: "a", image: 1, label: 2, classes: 2)
    ) { try member("a", [[0.5, 0.5], [0.5, 0.5]], labels: [0, 2]) }
    #expect(
      throws: EnsembleError.labelOutOfRange(source: "a", image: 0, label: -1, classes: 2)
    ) { try member("a", [[0.5, 0.5]], labels: [-1]) }
    let error = #expect(throws: EnsembleError.self) {
      try member("a", [[0.5, 0.5]], labels: labels)
    }
    guard case .wrongTensor("a", _, _, _)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    let rows: [[Double]] = [[0.5, 0.502], [0.4, 0.5], [0, 0], [.infinity, 0], [.nan, 1]]
    for row in rows {
      let error = #expect(throws: EnsembleError.self) {
        try member("a", [[0.5, 0.5], row], labels: labels)
      }
      guard case .notADistribution("a", 1, _)? = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
    }
    #expect(throws: Never.self) { try member("a", [[0.5, 0.5009]], labels: [0]) }
  }

  @Test func differentDataIsRefusedWithBothNames() throws {
    let rows = [[0.5, 0.5], [0.25, 0.75]]
    let first = try member("first", rows, labels: [0, 1])
    let others = [
      (
        try member("second", split: "hold-out", rows, labels: [0, 1]),
        "splits 'test' and 'hold-out'"
      ),
      (
        try member("second", fingerprint: "other", rows, labels: [0, 1]),
        "fingerprints 'data' and 'other'"
      ),
      (try member("second", rows, labels: [0, 0]), "labels 1 and 0 of image 1"),
      (try member("second", [[0.5, 0.5]], labels: [0]), "2 and 1 images"),
      (
        try member("second", [[0.5, 0.25, 0.25], [1, 0, 0]], labels: [0, 1]),
        "2 and 3 classes"
      ),
    ]
    for (other, difference) in others {
      let error = EnsembleError.differentData(
        first: "first", second: "second", difference: difference)
      #expect(throws: error) { try Metrics(of: [first, other]) }
      #expect(throws: error) { try Frontier.analyze([first, other]) }
      #expect(throws: error) { try Diversity([first, other]) }
      #expect(throws: error) { try Predictions(combining: [first, other], name: "both") }
    }
    #expect(throws: EnsembleError.noMembers) { try Metrics(of: []) }
  }
}
