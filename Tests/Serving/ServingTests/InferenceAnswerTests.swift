import Foundation
import TestSupport
import Testing

@testable import Serving

@Suite struct InferenceAnswerTests {
  /// A body that tritonclient and kserve decoded to what it was made of: `Fixtures/make_requests.py`.
  private struct Recorded: Decodable {
    let name: String
    let headerLength: Int?
    let body: Data
  }

  private static func recorded(_ name: String) throws -> Recorded {
    let data = try Data(contentsOf: URL(filePath: fixture("answers.json")))
    return try #require(
      JSONDecoder().decode([Recorded].self, from: data).first { $0.name == name })
  }

  /// A request with an output for each name, and whether it is to be binary.
  private func request(
    _ outputs: [(String, Bool)] = [], classes: Int? = nil, binary: Bool = false
  ) throws -> InferenceRequest {
    let list = outputs.map { name, isBinary in
      let classes = classes.map { #","classification":\#($0)"# } ?? ""
      return #"{"name":"\#(name)","parameters":{"binary_data":\#(isBinary)\#(classes)}}"#
    }
    let json = #"""
      {"id":"7","parameters":{"binary_data_output":\#(binary)},"outputs":[\#(list.joined(separator: ","))],
      "inputs":[{"name":"x","shape":[1],"datatype":"INT8","data":[1]}]}
      """#
    return try InferenceRequest(body: TensorBytes(copying: json.utf8), defaultID: "")
  }

  private func tensors() throws -> [InferenceTensor] {
    [
      InferenceTensor(
        name: "p", shape: try TensorShape([2, 3]),
        values: [0.1, 1 / 3, 1e-7, 16_777_216, 1.5, 0] as [Float]),
      InferenceTensor(name: "label", shape: try TensorShape([2]), values: [3, -1] as [Int64]),
      InferenceTensor(
        name: "t", shape: try TensorShape([1, 2]), strings: ["0.500000:1:dog", "0.250000:0:café"]),
      InferenceTensor(
        name: "u", shape: try TensorShape([1, 2]), strings: ["0.500000:1:dog", "0.250000:0:café"]),
    ]
  }

  private func answer(
    _ request: InferenceRequest, _ tensors: [InferenceTensor], parameters: Parameters = [:],
    labels: [String] = []
  ) throws(ProtocolError) -> InferenceAnswer {
    try InferenceAnswer(
      to: request, modelName: "m", modelVersion: "1", outputs: tensors, parameters: parameters,
      labels: labels)
  }

  /// Scores of several members are no one list of classes.
  @Test func onlyAListOfClassesIsClassified() throws {
    let scores = InferenceTensor(
      name: "p", shape: try TensorShape([1, 2, 3]), values: [Float](repeating: 0.5, count: 6))
    let request = try request([("p", false)], classes: 2)
    #expect(
      throws: ProtocolError.badOutput(
        name: "p", .wrongShape(scores.shape, expected: [-1, 3]))
    ) { try answer(request, [scores]) }
  }

  private func expect(_ answer: InferenceAnswer, equals name: String) throws {
    let (message, recorded) = (answer.encoded(), try Self.recorded(name))
    #expect(message.headerLength == recorded.headerLength)
    #expect(message.count == recorded.body.count)
    // As text first, which shows a difference.
    let (ours, theirs) = (message.joined, Array(recorded.body))
    #expect(String(decoding: ours, as: UTF8.self) == String(decoding: theirs, as: UTF8.self))
    #expect(ours == theirs)
    #expect(
      message.contentType
        == (recorded.headerLength == nil ? "application/json" : "application/octet-stream"))
  }

  @Test func bodiesAreThoseThatClientsDecoded() throws {
    let tensors = try tensors()
    try expect(answer(request([("p", false), ("label", false)]), tensors), equals: "JSON")
    try expect(answer(request([("p", true), ("label", true)]), tensors), equals: "binary")
    try expect(
      answer(
        request([("label", true), ("t", false), ("p", true), ("u", true)]), tensors,
        parameters: ["missing": .string("a"), "degraded": .boolean(true)]),
      equals: "both, in order")
    let empty = InferenceTensor(name: "p", shape: try TensorShape([0, 3]), values: [Float]())
    try expect(answer(request(binary: true), [empty]), equals: "no elements")
  }

  @Test func whereNoOutputIsNamedAllAreGiven() throws {
    let tensors = try tensors()
    let all = try answer(request(), tensors)
    #expect(all.outputs.map(\.tensor.name) == ["p", "label", "t", "u"])
    #expect(all.encoded().headerLength == nil)
    #expect(try answer(request(binary: true), tensors).outputs.allSatisfy(\.isBinary))
  }

  @Test func anUnknownOutputIsRefused() throws {
    let request = try request([("p", true), ("q", true)])
    let tensors = Array(try tensors().prefix(2))
    #expect(throws: ProtocolError.badOutput(name: "q", .unknown(known: ["p", "label"]))) {
      try answer(request, tensors)
    }
  }

  @Test func sixteenBitFloatsAreBinaryOnly() throws {
    let half = try InferenceTensor(
      name: "h", type: .float16, shape: TensorShape([1]), bytes: TensorBytes(copying: [0, 0x3C]))
    #expect(throws: ProtocolError.badOutput(name: "h", .noJSONForm(.float16))) {
      try answer(request(), [half])
    }
    #expect(try answer(request([("h", true)]), [half]).encoded().joined.suffix(2) == [0, 0x3C])
  }

  @Test func eachTypeIsWrittenAsItIsRead() throws {
    let shape = try TensorShape([2])
    let bool = try InferenceTensor(
      name: "bool", type: .bool, shape: shape, bytes: TensorBytes(copying: [1, 0]))
    let tensors = [
      bool, InferenceTensor(name: "a", shape: shape, values: [Int8.min, .max]),
      InferenceTensor(name: "b", shape: shape, values: [UInt8.min, .max]),
      InferenceTensor(name: "c", shape: shape, values: [Int16.min, .max]),
      InferenceTensor(name: "d", shape: shape, values: [UInt16.min, .max]),
      InferenceTensor(name: "e", shape: shape, values: [Int32.min, .max]),
      InferenceTensor(name: "f", shape: shape, values: [UInt32.min, .max]),
      InferenceTensor(name: "g", shape: shape, values: [Int64.min, .max]),
      InferenceTensor(name: "h", shape: shape, values: [UInt64.min, .max]),
      InferenceTensor(
        name: "i", shape: shape, values: [-Float.greatestFiniteMagnitude, .leastNonzeroMagnitude]),
      InferenceTensor(
        name: "j", shape: shape, values: [-Double.greatestFiniteMagnitude, .leastNonzeroMagnitude]),
      InferenceTensor(name: "k", shape: shape, strings: ["\u{0}\"\\\u{1F}\u{7F}/ä", ""]),
    ]
    let text = String(decoding: try answer(request(), tensors).encoded().joined, as: UTF8.self)
    // Its outputs are inputs in form.
    let reread = try InferenceRequest(
      body: TensorBytes(copying: text.replacing("\"outputs\"", with: "\"inputs\"").utf8),
      defaultID: "")
    for (written, read) in zip(tensors, reread.inputs) {
      #expect(read.type == written.type && read.shape == written.shape)
      #expect(read.bytes.array == written.bytes.array, "\(written.name)")
    }
    #expect(reread.inputs.count == tensors.count)
  }

  @Test func whatIsNotFiniteBecomesNull() throws {
    let tensor = InferenceTensor(
      name: "p", shape: try TensorShape([4]), values: [Float.nan, .infinity, -.infinity, -0.0])
    let text = String(decoding: try answer(request(), [tensor]).encoded().joined, as: UTF8.self)
    #expect(text.contains(#""data":[null,null,null,-0.0]"#))
  }

  // MARK: Classification

  private func classes<Element: TensorElement>(
    _ values: [Element], _ shape: [Int], count: Int, labels: [String] = []
  ) throws -> (shape: [Int], texts: [String]) {
    let tensor = InferenceTensor(name: "p", shape: try TensorShape(shape), values: values)
    let output = try answer(
      request([("p", false)], classes: count), [tensor], labels: labels
    ).outputs[0].tensor
    let elements = try #require(output.elements)
    return (
      output.shape.dimensions,
      (0..<elements.count).map { String(decoding: elements[$0].array, as: UTF8.self) }
    )
  }

  @Test func theHighestClassesComeFirst() throws {
    let labelled = try classes(
      [0.25, 0.5, 0.25, 0, 1, -2.0000005] as [Float], [2, 3], count: 2, labels: ["cat", "", "owl"])
    #expect(labelled.shape == [2, 2])
    #expect(labelled.texts == ["0.500000:1", "0.250000:0:cat", "1.000000:1", "0.000000:0:cat"])
    let all = try classes([0.1, -1234.5678915] as [Double], [2], count: 1000)
    #expect(all.shape == [2] && all.texts == ["0.100000:0", "-1234.567892:1"])
    #expect(try classes([3, 7] as [Int32], [1, 2], count: 1).texts == ["7:1"])
    #expect(
      try classes([UInt64.max, 0] as [UInt64], [1, 2], count: 2).texts
        == ["18446744073709551615:0", "0:1"])
  }

  @Test func tiesGoByIndexAndNaNComesLast() throws {
    let values: [Float] = [.nan, 1, 2, 2, -.infinity, .nan, 2]
    #expect(
      try classes(values, [1, 7], count: 7).texts.map { $0.split(separator: ":")[1] }
        == ["2", "3", "6", "1", "4", "0", "5"])
  }

  @Test func noImagesHaveNoClasses() throws {
    let none = try classes([Float](), [0, 3], count: 2)
    #expect(none.shape == [0, 2] && none.texts.isEmpty)
    let without = try classes([Float](), [2, 0], count: 2)
    #expect(without.shape == [2, 0] && without.texts.isEmpty)
  }

  @Test func textsHaveNoClasses() throws {
    let tensor = InferenceTensor(name: "t", shape: try TensorShape([1]), strings: ["a"])
    #expect(
      throws: ProtocolError.badOutput(
        name: "t", .wrongType(.bytes, expected: [.float32, .float64, .int32, .int64]))
    ) { try answer(request([("t", false)], classes: 1), [tensor]) }
  }
}
