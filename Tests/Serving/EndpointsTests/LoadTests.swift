import Endpoints
import Foundation
import Serving
import ServingTestSupport
import Testing

/// What happens to requests that cannot be answered, or whose clients do not wait.
@Suite struct LoadTests {
  private let labels = #"{model="tiny",version="1"}"#

  @Test func isLiveAndNotReadyBeforeItsModelsAreLoaded() throws {
    let server = try RunningServer(members: 1, loads: false)
    #expect(try server.ask("GET", "/v2/health/live").status == 200)
    let ready = try server.ask("GET", "/v2/health/ready")
    #expect(ready.status == 503)
    #expect(try ready.object()["ready"] as? Bool == false)
    #expect(ready.error?.isEmpty == false)
    let (headers, body) = RunningServer.binaryRequest(1)
    let refused = try server.ask("POST", "/v2/models/tiny/infer", headers, body: body)
    #expect(refused.status == 503)
    #expect(refused["Retry-After"] == "1")
    #expect(try server.ask("GET", "/v2/models/tiny/ready").status == 503)
    #expect(try server.ask("POST", "/v2/repository/index").text.contains("LOADING"))
    try server.server.load(server.model)
    #expect(try server.ask("GET", "/v2/health/ready").status == 200)
    #expect(try server.ask("POST", "/v2/models/tiny/infer", headers, body: body).status == 200)
  }

  @Test func refusesMoreThanItsQueueHolds() throws {
    let server = try RunningServer(members: 2, serving: { $0.waitingImages = 24 })
    let (headers, body) = RunningServer.binaryRequest(24)
    let request = RunningServer.request("POST", "/v2/models/tiny/infer", headers, body: body)
    let clients = try (0..<12).map { _ in try server.client() }
    for client in clients { try client.send(request) }
    let answers = try clients.map { try $0.response() }
    let statuses = answers.map(\.status)
    #expect(Set(statuses) == [200, 503])
    for answer in answers where answer.status == 503 {
      #expect(answer["Retry-After"] == "1")
      #expect(answer["Content-Type"] == "application/json")
      #expect(answer.error?.contains("the queue is full") == true)
    }
    let metrics = try server.ask("GET", "/metrics").text
    let refused = statuses.count { $0 == 503 }
    #expect(metrics.contains("reason=\"REJECTED\"} \(refused)\n"))
  }

  @Test func answersNothingAfterTheTimeOfARequest() throws {
    let server = try RunningServer(members: 3, serving: { $0.timeoutSeconds = 60 })
    let (headers, body) = RunningServer.binaryRequest(
      1000, more: #", "parameters": {"timeout": 1000}"#)
    let answer = try server.ask("POST", "/v2/models/tiny/infer", headers, body: body)
    #expect(answer.status == 504)
    #expect(answer.error?.contains("timeout") == true)
    let (others, other) = RunningServer.binaryRequest(1)
    #expect(try server.ask("POST", "/v2/models/tiny/infer", others, body: other).status == 200)
  }

  @Test func dropsTheWorkOfAClientThatLeaves() throws {
    let server = try RunningServer(members: 6)
    let (headers, body) = RunningServer.binaryRequest(1000)
    let client = try server.client()
    try client.send(RunningServer.request("POST", "/v2/models/tiny/infer", headers, body: body))
    try server.wait(for: ["consort_waiting_images 1000", "nv_inference_request_success\(labels) 1"])
    client.reset()
    try server.wait(for: ["consort_waiting_images 0"])
    let metrics = try server.ask("GET", "/metrics").text
    #expect(metrics.contains("reason=\"CANCELED\"} 1\n"))
    #expect(metrics.contains("nv_inference_count{model=\"tiny\",version=\"1\"} 0\n"))
  }

  @Test func answersAllThatWasAskedBeforeItEnds() throws {
    let server = try RunningServer(members: 2)
    let (headers, body) = RunningServer.binaryRequest(200)
    let client = try server.client()
    try client.send(RunningServer.request("POST", "/v2/models/tiny/infer", headers, body: body))
    try server.wait(for: ["consort_waiting_images 200", "nv_inference_request_success\(labels) 1"])
    server.server.drain()
    let ready = try server.ask("GET", "/v2/health/ready")
    #expect(ready.status == 503)
    #expect(ready["Connection"] == "close")
    #expect(try server.ask("GET", "/v2/health/live").status == 200)
    let (others, other) = RunningServer.binaryRequest(1)
    #expect(try server.ask("POST", "/v2/models/tiny/infer", others, body: other).status == 200)
    #expect(server.server.stop(within: 60))
    #expect(try client.response().status == 200)
    #expect(throws: RawClient.Failure.self) { try server.client() }
  }
}

extension RunningServer {
  /// Waits until the metrics have one of these lines.
  fileprivate func wait(for lines: [String]) throws {
    for _ in 0..<100_000 {
      let text = try ask("GET", "/metrics").text
      if lines.contains(where: { text.contains("\n\($0)\n") }) { return }
    }
    Issue.record("none of \(lines) came")
  }
}
