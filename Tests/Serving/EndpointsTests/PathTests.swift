import Foundation
import Serving
import Testing

/// Each path of the protocol, with its status and what clients read of it.
@Suite struct PathTests {
  private static let server = Result { try RunningServer() }

  private func ask(_ method: String, _ path: String) throws -> (Int, String?, String) {
    let answer = try Self.server.get().ask(method, path)
    return (answer.status, answer["Content-Type"], answer.text)
  }

  @Test(arguments: [
    ("/v2", #""name":"consort""#), ("/v2/", #""name":"consort""#),
    ("/v2/health/live", #"{"live":true}"#), ("/v2/health/ready", #"{"ready":true}"#),
    ("/v2/models/tiny", #""platform":"consort""#),
    ("/v2/models/tiny/versions/1", #""versions":["1"]"#),
    ("/v2/models/t%69ny", #""name":"tiny""#),
    ("/v2/models/tiny/ready", #"{"name":"tiny","ready":true}"#),
    ("/v2/models/tiny/versions/1/ready", #""ready":true"#),
    ("/v2/models/tiny/config", #""max_batch_size":4"#),
    ("/v2/models/tiny/versions/1/config", #""max_batch_size":4"#),
    ("/v2/models/tiny/stats", #""model_stats":[{"#),
    ("/v2/models/tiny/versions/1/stats", #""model_stats":[{"#),
    ("/v2/models/stats", #""name":"tiny""#),
    ("/status", #""workers":[]"#), ("/v2/logging", #""log_info":true"#),
    ("/v2/trace/setting", #""trace_level":["OFF"]"#),
    ("/v2/models/tiny/trace/setting", #""trace_level":["OFF"]"#),
    ("/v2/systemsharedmemory/status", "[]"), ("/v2/cudasharedmemory/region/r/status", "[]"),
  ])
  func answersReadingInJSON(_ path: String, _ part: String) throws {
    let (status, type, text) = try ask("GET", path)
    #expect(status == 200)
    #expect(type == "application/json")
    #expect(text.contains(part), "\(text)")
    let (headStatus, _, headText) = try ask("HEAD", path)
    #expect(headStatus == 200)
    #expect(headText.isEmpty)
  }

  @Test(arguments: [
    "//", "/page.html", "/v1/models/tiny", "/v2x", "/v2/health", "/v2/health/", "/v2/health/live/",
    "/v2//models",
    "/v2/models", "/v2/models/", "/v2/models/tiny/", "/v2/models/tiny/metadata",
    "/v2/models/tiny/infer/", "/v2/models/tiny/versions", "/v2/models/tiny/versions/",
    "/v2/models/tiny/configs", "/v2/models/a/b/c/d", "/v2/repository", "/v2/repository/models/tiny",
    "/v2/repository/models/tiny/delete", "/v2/trace", "/v2/logging/", "/status/",
    "/v2/systemsharedmemory", "/v2/systemsharedmemory/region/status", "/metrics/",
  ])
  func knowsNoOtherPath(_ path: String) throws {
    for method in ["GET", "POST"] {
      let (status, type, text) = try ask(method, path)
      #expect(status == 404)
      #expect(type == "application/json")
      #expect(text == #"{"error": "Not Found"}"#)
    }
  }

  @Test(arguments: [
    ("GET", "/v2/models/tiny/infer", "POST"), ("PUT", "/v2/models/tiny/infer", "POST"),
    ("POST", "/v2", "GET, HEAD"), ("POST", "/v2/health/ready", "GET, HEAD"),
    ("DELETE", "/v2/models/tiny", "GET, HEAD"), ("GET", "/v2/repository/index", "POST"),
    ("GET", "/v2/repository/models/tiny/load", "POST"), ("POST", "/metrics", "GET, HEAD"),
    ("DELETE", "/v2/logging", "GET, HEAD, POST"), ("OPTIONS", "/v2", "GET, HEAD"),
    ("GET", "/v2/systemsharedmemory/register", "POST"),
  ])
  func saysWhichMethodsAPathTakes(_ method: String, _ path: String, _ allowed: String) throws {
    let answer = try Self.server.get().ask(method, path)
    #expect(answer.status == 405)
    #expect(answer["Allow"] == allowed)
    #expect(answer.error?.hasPrefix("method not allowed") == true)
  }

  @Test(arguments: [
    ("GET", "/v2/models/other", 404, "unknown model 'other'"),
    ("GET", "/v2/models/other/ready", 404, "unknown model 'other'"),
    ("GET", "/v2/models/tiny/versions/2", 404, "unknown version '2' of model 'tiny'"),
    ("GET", "/v2/models/tiny/versions/2/ready", 404, "unknown version '2' of model 'tiny'"),
    ("GET", "/v2/models/tiny/versions/one", 400, "the version 'one' is not a number"),
    ("POST", "/v2/models/other/infer", 404, "unknown model 'other'"),
    ("POST", "/v2/models/tiny/versions/x/infer", 400, "the version 'x' is not a number"),
    ("POST", "/v2/logging", 501, "changing the log settings is not supported"),
    ("POST", "/v2/trace/setting", 501, "changing the trace settings is not supported"),
    ("POST", "/v2/systemsharedmemory/region/r/register", 501, "shared memory is not supported"),
    ("POST", "/v2/cudasharedmemory/unregister", 501, "shared memory is not supported"),
    (
      "POST", "/v2/repository/models/tiny/load", 403,
      "loading and unloading of models is not enabled on this server"
    ),
    (
      "POST", "/v2/repository/models/tiny/unload", 403,
      "loading and unloading of models is not enabled on this server"
    ),
    (
      "POST", "/v2/repository/other/index", 501,
      "the name of a repository in the path is not supported"
    ),
    (
      "POST", "/v2/repository/other/models/tiny/load", 501,
      "the name of a repository in the path is not supported"
    ),
  ])
  func refusesWithAReason(
    _ method: String, _ path: String, _ status: Int, _ reason: String
  ) throws {
    let answer = try Self.server.get().ask(method, path)
    #expect(answer.status == status)
    #expect(answer["Content-Type"] == "application/json")
    #expect(answer.error == reason)
  }

  @Test(arguments: [
    ("/", "text/html", "<script src=\"page.js\" defer>"), ("/page.js", "text/javascript", "fetch("),
    ("/page.css", "text/css", "prefers-color-scheme: dark"),
  ])
  func showsAPage(_ path: String, _ type: String, _ part: String) throws {
    let answer = try Self.server.get().ask("GET", path)
    #expect(answer.status == 200)
    #expect(answer["Content-Type"] == "\(type); charset=utf-8")
    #expect(answer["Content-Security-Policy"]?.hasPrefix("default-src 'none'") == true)
    #expect(answer.text.contains(part))
  }

  @Test func listsItsModels() throws {
    let server = try Self.server.get()
    let all = try server.ask("POST", "/v2/repository/index")
    #expect(all.status == 200)
    #expect(all.text == #"[{"name":"tiny","reason":"","state":"READY","version":"1"}]"#)
    let ready = try server.ask(
      "POST", "/v2/repository/index", body: Array(#"{"ready": true}"#.utf8))
    #expect(ready.text == all.text)
    let damaged = try server.ask("POST", "/v2/repository/index", body: Array("{".utf8))
    #expect(damaged.status == 400)
  }

  @Test func namesTheExtensionsThatItHas() throws {
    let text = try ask("GET", "/v2").2
    for name in ["binary_tensor_data", "classification", "statistics", "model_configuration"] {
      #expect(text.contains("\"\(name)\""))
    }
    #expect(!text.contains("shared_memory"))
    #expect(!text.contains("model_repository"))
  }
}
