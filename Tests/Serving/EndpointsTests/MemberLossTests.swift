import Ensembles
import Foundation
import Serving
import ServingTestSupport
import Testing

@testable import Endpoints

/// What clients and operators learn of lost members and of drift.
@Suite struct MemberLossTests {
  /// Of three members, without the second.
  private static let expectedService = TinyEnsemble.expectedService(
    images: 1000,
    AnswerCounts(exits: nil, confidenceBounds: [0.5], confidences: [1000, 0], disagreements: 0),
    reductions: [([1], Combination(temperature: 2), 0.8125)])

  private func server(
    _ change: @escaping (inout ServingOptions) -> Void = { _ in }
  ) throws -> RunningServer {
    try RunningServer(expectedService: Self.expectedService, overflowing: 1) { options, files in
      options.accessLog = "\(files.path)/log"
    } serving: {
      change(&$0)
    }
  }

  private static let lost = RunningServer.binaryRequest(
    TinyEnsemble.images(3, seed: 1) + TinyEnsemble.overflowingImages(2, seed: 2),
    more:
      #", "outputs": [{"name": "members_run", "parameters": {"binary_data": false}}, {"name": "members_missing", "parameters": {"binary_data": false}}]"#
  )

  @Test func aMemberThatGivesNoDistributionIsLostForThoseImages() throws {
    let server = try server()
    let (headers, body) = Self.lost
    let answer = try server.ask("POST", "/v2/models/tiny/infer", headers, body: body)
    #expect(answer.status == 200, "\(answer.text)")
    let object = try answer.object()
    let parameters = try #require(object["parameters"] as? [String: Any])
    #expect(parameters["degraded"] as? Bool == true)
    #expect(parameters["members_missing"] as? String == "member-1")
    #expect(parameters["expected_accuracy"] as? Double == 0.8125)
    #expect(try answer.numbers("members_run") == [3, 3, 3, 2, 2])
    let outputs = try #require(object["outputs"] as? [[String: Any]])
    #expect(outputs[1]["data"] as? [String] == ["", "", "", "member-1", "member-1"])
    let metrics = try server.ask("GET", "/metrics").text
    #expect(
      metrics.contains("consort_degraded_answers_total{model=\"tiny\",missing=\"member-1\"} 2\n"))
    #expect(
      metrics.contains(
        "consort_member_lost_total{model=\"tiny\",member=\"member-1\",reason=\"no_distribution\"} 2\n"
      ))
    #expect(try server.ask("GET", "/v2/health/ready").status == 200)
    let whole = RunningServer.binaryRequest(2)
    let other = try server.ask("POST", "/v2/models/tiny/infer", whole.headers, body: whole.body)
    #expect(try other.object()["parameters"] == nil)
    server.server.stop(within: 1)
    let log = try String(contentsOfFile: "\(server.files.path)/log", encoding: .utf8)
    let lines = log.split(separator: "\n").filter { $0.contains("infer") }
    #expect(lines.count == 2)
    #expect(lines[0].contains(#""degraded":true"#))
    #expect(lines[0].contains(#""members_missing":"member-1""#))
    #expect(!lines[1].contains("degraded"))
  }

  @Test func aServerThatIsToFailRefuses() throws {
    let server = try server { $0.whenLost = .fail }
    let (headers, body) = Self.lost
    let answer = try server.ask("POST", "/v2/models/tiny/infer", headers, body: body)
    #expect(answer.status == 503)
    #expect(answer["Retry-After"] == "1")
    #expect(
      answer.error
        == "lost 'member-1', without which this model does not answer; send the request again later"
    )
  }

  @Test func theStatusSaysWhatThePageShows() throws {
    let server = try server()
    let (headers, body) = Self.lost
    _ = try server.ask("POST", "/v2/models/tiny/infer", headers, body: body)
    let status = try server.ask("GET", "/status").object()
    #expect((status["workers"] as? [Any])?.isEmpty == true)
    let model = try #require((status["models"] as? [[String: Any]])?.first)
    #expect(model["name"] as? String == "tiny")
    #expect(model["members"] as? [String] == ["member-0", "member-1", "member-2"])
    #expect(model["stops"] == nil)
    #expect(model["expected_accuracy"] as? Double == 0.9)
    let requests = try #require(model["requests"] as? [String: Any])
    #expect(requests["answered"] as? Int == 1)
    #expect(requests["images"] as? Int == 5)
    #expect(requests["pending"] as? Int == 0)
    let latency = try #require(model["latency"] as? [String: Any])
    #expect((latency["counts"] as? [Int])?.reduce(0, +) == 1)
    let median = try #require(latency["p50"] as? [String: Double])
    #expect(try #require(median["lower"]) < #require(median["estimate"]))
    let exits = try #require(model["exits"] as? [[String: Any]])
    #expect(exits.map { $0["stopped"] as? Int } == [0, 0, 5])
    #expect(exits.map { $0["computed"] as? Int } == [5, 3, 5])
    let batches = try #require(model["batches"] as? [[String: Int]])
    #expect(batches.reduce(0) { $0 + ($1["size"] ?? 0) * ($1["count"] ?? 0) } == 15)
    let degraded = try #require((model["degraded"] as? [[String: Any]])?.first)
    #expect(degraded["missing"] as? [String] == ["member-1"])
    #expect(degraded["images"] as? Int == 2)
    #expect(degraded["expected_accuracy"] as? Double == 0.8125)
    let lost = try #require((model["lost"] as? [[String: Any]])?.first)
    #expect(lost["member"] as? String == "member-1")
    #expect(lost["images"] as? [String: Int] == ["no_distribution": 2])
    #expect((lost["detail"] as? String)?.contains("no distribution") == true)
    #expect((model["drift"] as? [String: Any])?["state"] as? String == "gathering")
  }

  @Test func driftIsToldInMetricsStatusAndToTheOperator() throws {
    let server = try server()
    var watch = DriftWatch()
    #expect(watch.changes(in: server.server.measurements).isEmpty)
    // No image of the hold-out was as sure as the half of these.
    let (headers, body) = RunningServer.binaryRequest(300, seed: 5)
    _ = try server.ask("POST", "/v2/models/tiny/infer", headers, body: body)
    let metrics = try server.ask("GET", "/metrics").text
    #expect(metrics.contains("consort_drift_state{model=\"tiny\",state=\"drifted\"} 1\n"))
    #expect(metrics.contains("consort_drift_state{model=\"tiny\",state=\"as expected\"} 0\n"))
    #expect(metrics.contains("consort_drift_images_total{model=\"tiny\"} 300\n"))
    #expect(
      metrics.contains(
        "consort_drift_expected_share{model=\"tiny\",figure=\"confidence\",bin=\"0.5\"} 1.0\n"))
    let models = try server.ask("GET", "/status").object()["models"] as? [[String: Any]]
    let drift = try #require(models?.first?["drift"] as? [String: Any])
    #expect(drift["state"] as? String == "drifted")
    #expect(drift["confidence_bounds"] as? [Double] == [0.5])
    let figures = try #require(drift["figures"] as? [[String: Any]])
    #expect(figures.map { $0["figure"] as? String } == ["confidence", "disagreement"])
    #expect((figures[0]["since"] as? String)?.hasSuffix("Z") == true)
    #expect((figures[0]["strength"] as? Double).map { $0 >= 1 } == true)
    #expect(figures[0]["expected"] as? Double == 1)
    let sentence = try #require(figures[0]["sentence"] as? String)
    let changes = watch.changes(in: server.server.measurements)
    #expect(changes.map(\.model) == ["tiny"])
    #expect(changes[0].differences.contains(sentence))
    #expect(watch.changes(in: server.server.measurements).isEmpty)
    #expect(watch.changes(in: []).isEmpty)
  }
}
