import Foundation
import Randomness
import TestSupport
import Testing

@testable import Serving

/// Damaged requests: whatever they hold, they are read or refused, with a status and a message.
@Suite struct RequestFuzzTests {
  @Test func damagedRequestsAreReadOrRefused() throws {
    let recorded = RecordedRequest.all.filter { $0.headers["content-encoding"] == nil }
    try #require(recorded.count > 10)
    var outcomes = FuzzOutcomes()
    for number in 0..<FuzzOutcomes.inputCount {
      var random = RandomStream(seed: 11, UInt64(number))
      let whole = recorded[number % recorded.count]
      let bytes = Mutation.damaged(Array(whole.body), from: &random)
      let length = whole.headers["inference-header-content-length"].flatMap { Int($0) }
      // Most keep the JSON's length where the damage changed it, so that what is behind it is read as well.
      let change = random.integer(below: 4) > 0 ? bytes.count - whole.body.count : 0
      do throws(ProtocolError) {
        let request = try InferenceRequest(
          body: TensorBytes(copying: bytes), headerLength: length.map { max(0, $0 + change) },
          rawInput: TensorDescription(name: "x", type: .float32, shape: [-1, 3]), defaultID: "")
        check(request)
        outcomes.read += 1
      } catch {
        #expect(error.status == 400 || error.status == 501)
        #expect(!error.description.isEmpty)
        outcomes.refused += 1
      }
    }
    outcomes.check(of: FuzzOutcomes.inputCount)
  }

  private func check(_ request: InferenceRequest) {
    #expect(!request.inputs.isEmpty)
    for tensor in request.inputs {
      #expect(tensor.shape.dimensions.allSatisfy { $0 >= 0 })
      if let size = tensor.type.size {
        #expect(tensor.bytes.array.count == tensor.shape.elementCount * size)
      } else {
        #expect(tensor.elements?.count == tensor.shape.elementCount)
      }
    }
  }

  /// What is read as JSON is what Foundation reads as JSON, but where the two differ by intent: keys that stand twice, bytes that are
  /// no UTF-8, and what `foundationIsOddOn` finds.
  @Test func damagedJSONIsReadAsFoundationReadsIt() throws {
    let whole =
      RecordedRequest.all.filter {
        $0.headers["content-encoding"] == nil
          && $0.headers["inference-header-content-length"] == nil
      }.map { Array($0.body) } + [
        Array(#"{"a":[1,-2.5e+3,"\u00e4\ud83d\ude00\n",true,false,null,{"b":{}}],"c":"ä日"}"#.utf8)
      ]
    var outcomes = FuzzOutcomes()
    var compared = 0
    for number in 0..<FuzzOutcomes.inputCount {
      var random = RandomStream(seed: 12, UInt64(number))
      let bytes = Mutation.damaged(whole[number % whole.count], from: &random)
      let problem = bytes.withUnsafeBytes { bytes -> ProtocolError? in
        do throws(ProtocolError) {
          var scanner = JSONScanner(bytes)
          try scanner.skip()
          try scanner.end()
          return nil
        } catch {
          return error
        }
      }
      let isRead =
        (try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)) != nil
      if problem == nil { outcomes.read += 1 } else { outcomes.refused += 1 }
      if case .repeatedKey = problem { continue }
      // From zeros Foundation guesses UTF-16 and UTF-32.
      guard !bytes.contains(0), let text = String(validating: bytes, as: UTF8.self),
        !foundationIsOddOn(text)
      else { continue }
      compared += 1
      #expect(
        (problem == nil) == isRead,
        "\(String(decoding: bytes, as: UTF8.self)) \(String(describing: problem))")
    }
    outcomes.check(of: FuzzOutcomes.inputCount)
    #expect(compared > FuzzOutcomes.inputCount / 4)
  }

  /// Whether there is a comma after the last element, which Foundation takes, or a number that no double holds, which it does not:
  /// such a number is refused here only where it is read.
  private func foundationIsOddOn(_ text: String) -> Bool {
    text.contains(/,\s*[\]}]/)
      || text.matches(of: /[0-9.]+[eE][-+]?[0-9]+/).contains { Double($0.output)?.isFinite != true }
  }
}
