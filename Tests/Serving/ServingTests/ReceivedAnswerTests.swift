import Foundation
import Randomness
import TestSupport
import Testing

@testable import Serving

/// What goes to other servers and comes back from them.
@Suite struct ReceivedAnswerTests {
  private struct Recorded: Decodable {
    let name: String
    let headerLength: Int?
    let body: Data
  }

  private func recorded() throws -> [String: Recorded] {
    let data = try Data(contentsOf: URL(filePath: fixture("answers.json")))
    let all = try JSONDecoder().decode([Recorded].self, from: data)
    return Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })
  }

  private func read(_ json: String) throws(ProtocolError) -> ReceivedAnswer {
    try ReceivedAnswer(body: TensorBytes(copying: json.utf8))
  }

  @Test func answersAreReadInBothForms() throws {
    let recorded = try recorded()
    for name in ["JSON", "binary", "both, in order"] {
      let body = try #require(recorded[name])
      let answer = try ReceivedAnswer(
        body: TensorBytes(copying: body.body), headerLength: body.headerLength)
      #expect(answer.id == "7" && answer.modelName == "m" && answer.modelVersion == "1")
      #expect(
        try answer.output("p").values(of: Float.self) == [0.1, 1 / 3, 1e-7, 16_777_216, 1.5, 0])
      #expect(try answer.output("label").values(of: Int64.self) == [3, -1])
      #expect(throws: ProtocolError.self) { try answer.output("q") }
    }
    let both = try #require(recorded["both, in order"])
    let answer = try ReceivedAnswer(
      body: TensorBytes(copying: both.body), headerLength: both.headerLength)
    #expect(answer.parameters == ["degraded": .boolean(true), "missing": .string("a")])
    #expect(try answer.output("u").elements?[1].array == Array("0.250000:0:café".utf8))
    #expect(try answer.output("t").elements?[1].array == Array("0.250000:0:café".utf8))
  }

  /// As Triton and MLServer put them into answers.
  @Test func parametersOfOtherServersAreTaken() throws {
    let answer = try read(
      #"""
      {"model_name":"m","id":null,"parameters":{"triton_final_response":true,"headers":{"a":"b"},"list":[1]},
      "outputs":[{"name":"p","shape":[1],"datatype":"FP32","parameters":{"content_type":"np","extra":{}},"data":[2]}]}
      """#)
    #expect(answer.parameters == ["triton_final_response": .boolean(true)])
    #expect(answer.id == nil && answer.modelVersion == nil)
    #expect(try answer.output("p").values(of: Float.self) == [2])
  }

  @Test func faultsNameTheOutput() {
    let faults: [(String, ProtocolError)] = [
      ("{}", .missing(key: "outputs", place: "the answer")),
      (#"{"outputs":[{}]}"#, .missing(key: "name", place: "an output")),
      (#"{"outputs":[1]}"#, .wrongKind(key: "outputs", expected: "a list of objects")),
      (
        #"{"outputs":[{"name":"p","shape":[2],"datatype":"FP32","data":[1]}]}"#,
        .badOutput(name: "p", .wrongElementCount(expected: 2, found: 1))
      ),
      (
        #"{"outputs":[{"name":"p","shape":[2],"datatype":"FP32","parameters":{"binary_data_size":8}}]}"#,
        .badOutput(name: "p", .tooFewBytes(needed: 8, left: 0))
      ),
      (
        #"{"outputs":[{"name":"p","shape":[0],"datatype":"FP32","data":[]},{"name":"p","shape":[0],"datatype":"FP32","data":[]}]}"#,
        .badOutput(name: "p", .repeated)
      ),
    ]
    for (json, fault) in faults {
      #expect(throws: fault) { try read(json) }
    }
    #expect(throws: ProtocolError.badHeaderLength("9", bodyLength: 1)) {
      try ReceivedAnswer(body: TensorBytes(copying: [1]), headerLength: 9)
    }
  }

  @Test func theTextOfAnErrorIsFound() {
    func text(_ body: String) -> String? {
      ReceivedAnswer.errorText(of: TensorBytes(copying: body.utf8))
    }
    #expect(text(#"{"code":1,"error":"no \"m\""}"#) == #"no "m""#)
    for body in ["", "<html>", "{}", #"{"error":1}"#, #"{"error":"x""#] {
      #expect(text(body) == nil)
    }
  }

  @Test func whatIsSentIsWhatAServerReads() throws {
    let inputs = [
      InferenceTensor(name: "x", shape: try TensorShape([2]), values: [1.5, -2] as [Float]),
      InferenceTensor(name: "t", shape: try TensorShape([1]), strings: ["ä"]),
    ]
    let request = OutgoingRequest(
      id: "a\"b", inputs: inputs,
      outputs: [
        RequestedOutput(name: "p"), RequestedOutput(name: "q", isBinary: false, classCount: 2),
      ],
      parameters: ["timeout": .integer(5000)])
    let message = request.encoded()
    let read = try InferenceRequest(
      body: TensorBytes(copying: message.joined), headerLength: message.headerLength, defaultID: "")
    #expect(read.id == "a\"b" && read.timeoutMicroseconds == 5000 && !read.prefersBinaryOutputs)
    #expect(read.inputs.map(\.name) == ["x", "t"])
    for (sent, read) in zip(inputs, read.inputs) { #expect(sent.bytes.array == read.bytes.array) }
    #expect(
      read.outputs == [
        RequestedOutput(name: "p", isBinary: true),
        RequestedOutput(name: "q", isBinary: false, classCount: 2),
      ])
    let all = OutgoingRequest(id: "", inputs: inputs).encoded()
    let asked = try InferenceRequest(
      body: TensorBytes(copying: all.joined), headerLength: all.headerLength, defaultID: "b")
    #expect(asked.prefersBinaryOutputs && asked.outputs.isEmpty && asked.id == "b")
  }

  @Test func damagedAnswersAreReadOrRefused() throws {
    let whole = Array(try recorded().values).sorted { $0.name < $1.name }
    var outcomes = FuzzOutcomes()
    for number in 0..<FuzzOutcomes.inputCount {
      var random = RandomStream(seed: 13, UInt64(number))
      let recorded = whole[number % whole.count]
      let bytes = Mutation.damaged(Array(recorded.body), from: &random)
      do throws(ProtocolError) {
        let answer = try ReceivedAnswer(
          body: TensorBytes(copying: bytes), headerLength: recorded.headerLength)
        for tensor in answer.outputs {
          #expect(
            (tensor.elements?.count ?? tensor.shape.elementCount) == tensor.shape.elementCount)
        }
        outcomes.read += 1
      } catch {
        #expect(!error.description.isEmpty)
        outcomes.refused += 1
      }
    }
    outcomes.check(of: FuzzOutcomes.inputCount)
  }
}
