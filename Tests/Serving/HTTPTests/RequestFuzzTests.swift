import HTTP
import Randomness
import TestSupport
import ServingTestSupport
import Testing

/// Damaged requests, the same ones each time; CONSORT_FUZZ_INPUTS says how many.
@Suite struct RequestFuzzTests {
  private static let seeds = [
    "GET /v2/models/a%2Fb/infer?x=1&y HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip, deflate\r\n\r\n",
    "POST /v2/models/a/infer HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;a=\"b\"\r\nhello\r\n10\r\n"
      + "0123456789abcdef\r\n0\r\nTrailer: x\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc",
    "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    "GET http://host:80/x HTTP/1.1\r\nhost: a\r\nConnection: close, te\r\nX-Empty:\r\n\r\n",
  ].map { Array($0.utf8) }

  /// Whatever comes, each answer is whole, those of the handler are as many as it gave, and a refusal is the last.
  @Test func damagedRequestsAreServedOrRefused() throws {
    let directory = try TemporaryDirectory()
    let path = "\(directory.path)/socket"
    let server = try TestServer(at: .unix(path: path))
    var outcomes = FuzzOutcomes()
    for number in 0..<FuzzOutcomes.inputCount {
      var random = RandomStream(seed: 1, UInt64(number))
      let seed = Self.seeds[number % Self.seeds.count]
      let bytes = Mutation.damaged(seed, from: &random) + (number % 2 == 0 ? seed : [])
      let before = server.handled
      let statuses = try Self.statuses(of: bytes, at: path)
      let served = statuses.filter { $0 == 200 }.count
      #expect(server.handled - before == served, "\(number)")
      if statuses.allSatisfy({ $0 < 300 }) {
        outcomes.read += 1
      } else {
        #expect(statuses.dropLast().allSatisfy { $0 < 300 }, "\(number)")
        outcomes.refused += 1
      }
    }
    outcomes.check(of: FuzzOutcomes.inputCount)
    #expect(server.server.stop(within: 60))
    #expect(server.server.statistics.heldBytes == 0)
  }

  private static func statuses(of bytes: [UInt8], at path: String) throws -> [Int] {
    let client = try RawClient(path: path)
    // The server may have ended the connection at what came first.
    try? client.send(bytes)
    client.shutDownWriting()
    let known: Set = [100, 200, 400, 413, 414, 417, 431, 501, 505]
    var statuses: [Int] = []
    while try !client.isAtEnd() {
      let response = try client.response()
      #expect(known.contains(response.status), "\(response.status)")
      statuses.append(response.status)
    }
    return statuses
  }
}
