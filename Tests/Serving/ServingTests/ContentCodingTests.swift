import Testing

@testable import Serving

@Suite struct ContentCodingTests {
  @Test func theHeaderNamesOneCoding() throws {
    let known: [(String?, ContentCoding)] = [
      (nil, .identity), ("", .identity), ("identity", .identity), (" GZIP\t", .gzip),
      ("x-gzip", .gzip),
      ("deflate", .deflate),
    ]
    for (header, coding) in known {
      #expect(try ContentCoding(contentEncoding: header) == coding)
    }
    for header in ["br", "gzip, gzip", "gzip;q=1", "zstd"] {
      let error = #expect(throws: ProtocolError.unknownEncoding(header)) {
        try ContentCoding(contentEncoding: header)
      }
      #expect(error?.status == 415)
    }
  }

  @Test(
    arguments: [
      (nil, .identity), ("", .identity), ("gzip", .gzip), ("gzip, deflate", .gzip),
      ("deflate, gzip", .gzip), ("gzip, deflate, br, zstd", .gzip), ("deflate", .deflate),
      ("gzip;q=0", .identity), ("gzip;q=0.5, deflate", .deflate),
      ("gzip ; q=0 , deflate; q=0.1", .deflate),
      ("br", .identity), ("*", .gzip), ("identity", .identity),
      ("identity;q=0.9, gzip;q=0.8", .identity),
      ("gzip;q=x", .identity), ("gzip;q=2", .identity), (",;,", .identity), ("Gzip", .gzip),
    ] as [(String?, ContentCoding)])
  func theBestCodingIsChosen(_ header: String?, _ coding: ContentCoding) {
    #expect(ContentCoding(acceptEncoding: header) == coding)
  }

  @Test(arguments: ContentCoding.allCases) func bodiesComeBack(_ coding: ContentCoding) throws {
    let body = [UInt8](repeating: 7, count: 1000)
    let encoded = TensorBytes(copying: try #require(coding.encoded(body)))
    #expect(try coding.decoded(encoded, limit: 1000).array == body)
    let error = #expect(throws: ProtocolError.bodyTooLarge(limit: 999)) {
      try coding.decoded(encoded, limit: 999)
    }
    #expect(error?.status == 413)
  }

  @Test func damageIsTheClients() {
    for coding in [ContentCoding.gzip, .deflate] {
      let error = #expect(throws: ProtocolError.damagedBody(encoding: coding.rawValue)) {
        try coding.decoded(TensorBytes(copying: [1, 2, 3]), limit: 10)
      }
      #expect(error?.status == 400)
    }
  }
}
