import Concurrency
import HTTP
import Randomness
import Synchronization
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Many clients at once, answered from other threads in any order.
@Suite struct InterleavingTests {
  private static let clients = 24
  private static let answerers = 2

  /// Answers what has gathered, the last first.
  private final class Answerer: Sendable {
    private let waiting = Mutex<[HTTPExchange]>([])

    func take(_ exchange: HTTPExchange) { waiting.withLock { $0.append(exchange) } }

    func answer() {
      let exchanges = waiting.withLock { waiting in
        defer { waiting = [] }
        return waiting
      }
      for exchange in exchanges.reversed() { exchange.respond(.echo(exchange)) }
    }
  }

  @Test func eachClientGetsItsOwnAnswers() throws {
    let answerer = Answerer()
    let server = try TestServer { answerer.take($0) }
    let done = Counter()
    WorkerThread.run(Self.answerers + Self.clients) { number in
      if number < Self.answerers {
        while done.value < Self.clients {
          answerer.answer()
          sched_yield()
        }
      } else {
        #expect(throws: Never.self) { try Self.ask(server, as: number) }
        done.add()
      }
    }
    #expect(server.server.statistics.disconnects == 0)
    #expect(server.server.statistics.acceptedConnections == Self.clients)
  }

  private static func ask(_ server: TestServer, as number: Int) throws {
    var random = RandomStream(seed: 7, UInt64(number))
    let client = try server.client()
    for round in 0..<20 {
      let count = 1 + random.integer(below: 5)
      let bodies = (0..<count).map { index in
        String(repeating: "\(number)-\(round)-\(index) ", count: 1 + random.integer(below: 400))
      }
      let requests = bodies.map { body in
        "POST /\(number) HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
      }
      try client.send(requests.joined())
      for body in bodies {
        let text = try client.response().text
        #expect(text == "POST /\(number) \(body)", "\(number) \(round)")
      }
    }
  }
}
