import Foundation
import TestSupport
import Testing

@testable import Serving

@Suite struct PlacementTests {
  @Test(arguments: [
    ("http://h:8000", "http://h:8000/v2/models/a%20b"),
    ("https://h/", "https://h/v2/models/a%20b"),
    ("http://h:8000/base/", "http://h:8000/base/v2/models/a%20b"),
    ("http://h:8000/v2/models/other", "http://h:8000/v2/models/other"),
    ("http://h/v2/models/other/versions/3/", "http://h/v2/models/other/versions/3"),
    ("http://h:8000/v2/", "http://h:8000/v2/models/a%20b"),
    ("http://h/base/v2/models", "http://h/base/v2/models/a%20b"),
    ("HTTP://[::1]:8000", "http://[::1]:8000/v2/models/a%20b"),
  ])
  func urlsLeadToModels(text: String, url: String) throws {
    #expect(try WorkerAddress(text, member: "a b").url == url)
  }

  @Test(arguments: [
    "h:8000", "ftp://h", "http://", "http:///v2/models/x", "http://:80", "http://h?x=1",
    "http://h/#x", "http://h/a b", "http://h/ä", "http://user:secret@h",
  ])
  func otherTextsAreNone(text: String) {
    #expect {
      _ = try WorkerAddress(text, member: "m")
    } throws: {
      "\($0)".contains("is no worker's URL") && !"\($0)".contains("secret")
    }
  }

  @Test func severalWorkersOfAMemberAreReplicas() throws {
    var placement = Placement()
    try placement.add("wrn-0=http://h1:8000", models: ["cats"])
    try placement.add("cats/wrn-1=https://h2/v2/models/w", models: ["cats"])
    try placement.add("wrn-0=http://h3:8000", models: ["cats"])
    #expect(
      placement.addresses(of: "wrn-0", model: "cats").map(\.url) == [
        "http://h1:8000/v2/models/wrn-0", "http://h3:8000/v2/models/wrn-0",
      ])
    #expect(
      placement.addresses(of: "wrn-1", model: "cats").map(\.url) == ["https://h2/v2/models/w"])
    #expect(placement.addresses(of: "wrn-0", model: "dogs").isEmpty)
  }

  @Test(arguments: [
    ("wrn-0", ["cats"], "--worker is 'wrn-0', but must be NAME=URL"),
    ("=http://h", ["cats"], "must be NAME=URL"),
    ("wrn-0=http://h", ["cats", "dogs"], "several models are served: give it as MODEL/wrn-0"),
    (
      "cat/wrn-0=http://h", ["cats", "dogs"], "one of cats, dogs, not 'cat' (did you mean 'cats'?)"
    ),
  ])
  func argumentsThatCannotBe(argument: String, models: [String], message: String) {
    var placement = Placement()
    #expect {
      try placement.add(argument, models: models)
    } throws: {
      "\($0)".contains(message)
    }
  }

  @Test func theSameWorkerTwice() throws {
    var placement = Placement()
    try placement.add("a=http://h", models: ["m"])
    #expect(throws: PlacementError.repeatedWorker("http://h/v2/models/a", member: "a")) {
      try placement.add("m/a=http://h/", models: ["m"])
    }
  }

  private func read(_ json: String, models: [String] = ["cats"]) throws -> Placement {
    let files = try TemporaryDirectory()
    let path = "\(files.path)/workers.json"
    try Data(json.utf8).write(to: URL(fileURLWithPath: path))
    var placement = Placement()
    try placement.add(file: path, models: models)
    return placement
  }

  @Test func filesSayMore() throws {
    let placement = try read(
      """
      {"workers": [
        {"model": "cats", "member": "a", "url": "http://h"},
        {"model": "dogs", "member": "a", "url": "http://h/v2/models/x", "input": "in",
         "output": "out", "outputKind": "logits"}
      ]}
      """, models: ["cats", "dogs"])
    let found = try #require(placement.addresses(of: "a", model: "dogs").first)
    #expect(found.url == "http://h/v2/models/x")
    #expect((found.input, found.output) == ("in", "out"))
    #expect(found.outputKind == .logits)
    #expect(placement.addresses(of: "a", model: "cats").map(\.url) == ["http://h/v2/models/a"])
  }

  @Test(arguments: [
    (#"{"workers": [{"member": "a"}]}"#, "the key 'workers[0].url' is missing"),
    (
      #"{"workers": [{"member": "a", "url": "http://h", "port": 1}]}"#,
      "unknown key 'workers[0].port'"
    ),
    (#"{"workers": {}}"#, "workers must be a list of objects"),
    (#"{}"#, "the key 'workers' is missing"),
    (#"{"workers": [{"member": "a", "url": 1}]}"#, "workers[0].url must be a text"),
    (
      #"{"workers": [{"member": "a", "url": "http://h", "outputKind": "odds"}]}"#,
      "workers[0].outputKind must be one of"
    ),
    (#"{"workers": [{"member": "a", "url": "h"}]}"#, "'h' is no worker's URL"),
    (#"{"workers": ["#, "is not JSON"),
  ])
  func filesThatCannotBe(json: String, message: String) {
    #expect {
      _ = try read(json)
    } throws: {
      "\($0)".contains(message)
    }
  }
}
