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
    let server = try RunningServer(members: 8, serving: { $0.waitingImages = 1000 })
    let client = try server.client()
    let (headers, body) = RunningServer.binaryRequest(1000)
    try client.send(RunningServer.request("POST", "/v2/models/tiny/infer", headers, body: body))
    try server.wait(for: ["consort_waiting_images 1000", "nv_inference_request_success\(labels) 1"])
    let (others, other) = RunningServer.binaryRequest(1)
    let refused = try server.ask("POST", "/v2/models/tiny/infer", others, body: other)
    #expect(refused.status == 503)
    #expect(refused["Retry-After"] == "1")
    #expect(refused["Content-Type"] == "application/json")
    #expect(refused.error?.contains("the queue is full") == true)
    let metrics = try server.ask("GET", "/metrics").text
    #expect(metrics.contains("reason=\"REJECTED\"} 1\n"))
    #expect(try client.response().status == 200)
    #expect(try server.ask("POST", "/v2/models/tiny/infer", others, body: other).status == 200)
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
    try server.wait(
      for: [#"nv_inference_request_failure{model="tiny",version="1",reason="CANCELED"} 1"#])
    let metrics = try server.ask("GET", "/metrics").text
    #expect(metrics.contains("consort_waiting_images 0\n"))
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
