import Endpoints
import Ensembles
import Foundation
import ServingTestSupport
import Testing

/// What is measured, and how Prometheus reads it.
@Suite struct MetricsTests {
  /// Name and labels -> value.
  private func metrics(_ server: RunningServer) throws -> [String: Double] {
    let answer = try server.ask("GET", "/metrics")
    #expect(answer.status == 200)
    #expect(answer["Content-Type"]?.hasPrefix("text/plain; version=0.0.4") == true)
    var values: [String: Double] = [:]
    var declared: Set<String> = []
    for line in answer.text.split(separator: "\n") {
      if line.hasPrefix("#") {
        let words = line.split(separator: " ")
        if words[1] == "TYPE" { #expect(declared.insert(String(words[2])).inserted) }
        continue
      }
      let place = try #require(line.lastIndex(of: " "))
      let name = String(line[..<place])
      #expect(values[name] == nil, "\(name) stands twice")
      values[name] = try #require(Double(line[line.index(after: place)...]))
      let base = name.prefix { $0 != "{" }.replacing(/_(bucket|sum|count)$/, with: "")
      #expect(
        declared.contains(String(base)) || declared.contains(String(name.prefix { $0 != "{" })))
    }
    return values
  }

  @Test func countsWhatWasDone() throws {
    let server = try RunningServer(
      combination: Combination(
        cascade: CascadeStops(
          confidence: .maximumProbability, confidenceThresholds: [0.7, 0.985])))
    let (headers, body) = RunningServer.binaryRequest(40, seed: 4)
    #expect(try server.ask("POST", "/v2/models/tiny/infer", headers, body: body).status == 200)
    #expect(try server.ask("POST", "/v2/models/tiny/infer", body: Array("{".utf8)).status == 400)
    let wrong = #"{"inputs": [{"name": "x", "datatype": "FP32", "shape": [1], "data": [1]}]}"#
    #expect(try server.ask("POST", "/v2/models/tiny/infer", body: Array(wrong.utf8)).status == 400)
    let values = try metrics(server)
    let labels = #"{model="tiny",version="1"}"#
    #expect(values["nv_inference_request_success\(labels)"] == 1)
    #expect(values["nv_inference_count\(labels)"] == 40)
    #expect(values["nv_inference_pending_request_count\(labels)"] == 0)
    #expect(
      values[#"nv_inference_request_failure{model="tiny",version="1",reason="OTHER"}"#] == 1)
    #expect((values["nv_inference_request_duration_us\(labels)"] ?? 0) > 0)
    let exits = (1...3).compactMap {
      values[#"consort_exit_images_total{model="tiny",stage="\#($0)"}"#]
    }
    #expect(exits.allSatisfy { $0 > 0 })
    #expect(exits.reduce(0, +) == 40)
    let images = (0...2).compactMap {
      values[#"consort_member_images_total{model="tiny",member="member-\#($0)"}"#]
    }
    #expect(images == [40, exits[1] + exits[2], exits[2]])
    #expect(values[#"consort_batch_size_sum{model="tiny"}"#] == images.reduce(0, +))
    let batches = try #require(values[#"consort_batch_size_count{model="tiny"}"#])
    #expect(values[#"consort_batch_size_bucket{model="tiny",le="4"}"#] == batches)
    #expect(values["nv_inference_exec_count\(labels)"] == batches)
    #expect(values[#"consort_request_duration_seconds_count{model="tiny"}"#] == 1)
    #expect(values[#"consort_request_duration_seconds_bucket{model="tiny",le="+Inf"}"#] == 1)
    #expect(values[#"consort_http_responses_total{code="400"}"#] == 2)
    #expect(values["consort_waiting_images"] == 0)
    // The body of no request is kept that was answered.
    try server.wait(for: ["consort_http_held_bytes 0"])
  }

  @Test func writesALineForEachRequest() throws {
    let server = try RunningServer(members: 1) { options, files in
      options.accessLog = "\(files.path)/log"
    }
    let (headers, body) = RunningServer.binaryRequest(2, more: #", "id": "one""#)
    _ = try server.ask("POST", "/v2/models/tiny/infer", headers, body: body)
    _ = try server.ask("GET", "/v2/models/\u{65}\"x", ["X-Request-ID": "two"])
    _ = try server.ask("GET", "/v2/health/live")
    server.server.stop(within: 1)
    let text = try String(contentsOfFile: "\(server.files.path)/log", encoding: .utf8)
    let lines = try text.split(separator: "\n").map {
      try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
    #expect(lines.count == 2)
    #expect(lines[0]["id"] as? String == "one")
    #expect(lines[0]["model"] as? String == "tiny")
    #expect(lines[0]["status"] as? Int == 200)
    #expect(lines[0]["images"] as? Int == 2)
    #expect(lines[0]["method"] as? String == "POST")
    #expect((lines[0]["milliseconds"] as? Double).map { $0 > 0 } == true)
    #expect(lines[0]["request_bytes"] as? Int == body.count)
    #expect((lines[0]["time"] as? String)?.hasSuffix("Z") == true)
    #expect(lines[1]["id"] as? String == "two")
    #expect(lines[1]["status"] as? Int == 404)
    #expect(lines[1]["error"] as? String == "unknown model 'e\"x'")
  }

  @Test func startsOnlyWithALogThatCanBeWritten() throws {
    #expect(throws: AccessLogError.self) {
      try RunningServer(members: 1, loads: false) { options, files in
        options.accessLog = "\(files.path)/missing/log"
      }
    }
  }
}
