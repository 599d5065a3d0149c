import Foundation
import TestSupport
import Testing

@testable import Serving

/// A request that a real client sent, and what is to be read out of it: `Fixtures/make_requests.py`.
struct RecordedRequest: Decodable, CustomTestStringConvertible {
  struct Tensor: Decodable {
    let name, datatype: String
    let shape: [Int]
    let data: Payload
  }

  /// Bytes, or one string of bytes an element.
  enum Payload: Decodable, Equatable {
    case values(Data)
    case elements([Data])

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let data = try? container.decode(Data.self) {
        self = .values(data)
      } else {
        self = .elements(try container.decode([Data].self))
      }
    }
  }

  struct Output: Decodable, Equatable {
    let name: String
    let binary: Bool?
    let classes: Int?
  }

  let name: String
  let headers: [String: String]
  let body: Data
  let inputs: [Tensor]
  let outputs: [Output]
  let id: String?
  let timeout: Int?
  let priority: Int
  let binaryOutputs: Bool
  let stages: Int?
  let allMembers: Bool?

  var testDescription: String { name }

  static func of(_ client: String) throws -> [RecordedRequest] {
    let data = try Data(contentsOf: URL(filePath: fixture("requests-\(client).json")))
    return try JSONDecoder().decode([RecordedRequest].self, from: data)
  }

  static let all: [RecordedRequest] = ["triton", "kserve", "mlserver"].flatMap { client in
    (try? of(client)) ?? []
  }

  /// The request as a server would read it.
  func read() throws -> InferenceRequest {
    let coding = try ContentCoding(contentEncoding: headers["content-encoding"])
    let body = try coding.decoded(TensorBytes(copying: body), limit: 1 << 20)
    let length = try headers["inference-header-content-length"].map {
      try InferenceRequest.headerLength($0, bodyLength: body.count)
    }
    return try InferenceRequest(body: body, headerLength: length, defaultID: "made up")
  }
}

@Suite struct RecordedRequestTests {
  @Test func eachClientIsThere() throws {
    #expect(try RecordedRequest.of("triton").count == 12)
    #expect(try RecordedRequest.of("kserve").count == 3)
    #expect(try RecordedRequest.of("mlserver").count == 3)
  }

  @Test(arguments: RecordedRequest.all) func isReadAsTheClientMeantIt(_ recorded: RecordedRequest)
    throws
  {
    let request = try recorded.read()
    #expect(request.id == recorded.id ?? "made up")
    #expect(request.timeoutMicroseconds == recorded.timeout)
    #expect(request.priority == recorded.priority)
    #expect(request.prefersBinaryOutputs == recorded.binaryOutputs)
    #expect(request.stageLimit == recorded.stages)
    #expect(request.wantsAllMembers == recorded.allMembers ?? false)
    #expect(
      request.outputs.map {
        RecordedRequest.Output(name: $0.name, binary: $0.isBinary, classes: $0.classCount)
      } == recorded.outputs)
    try #require(request.inputs.count == recorded.inputs.count)
    for (read, expected) in zip(request.inputs, recorded.inputs) {
      #expect(read.name == expected.name)
      #expect(read.type.rawValue == expected.datatype)
      #expect(read.shape.dimensions == expected.shape)
      switch read.content {
      case .values(let bytes): #expect(.values(Data(bytes.array)) == expected.data)
      case .elements(let elements):
        let all = (0..<elements.count).map { Data(elements[$0].array) }
        #expect(.elements(all) == expected.data, "\(expected.name)")
      }
    }
  }
}
