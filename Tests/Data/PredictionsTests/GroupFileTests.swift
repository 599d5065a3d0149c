import Files
import TestSupport
import Testing

@testable import Predictions

/// Which group each image belongs to: what is read is every image's, or refused with the place and the fix.
@Suite struct GroupFileTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private func file(_ text: String) throws -> GroupFile {
    try GroupFile(path: directory.write(Array(text.utf8), to: "groups.csv"))
  }

  /// Four hold-out images and three test images, with ids or without.
  private func sets(_ ids: ([String], [String])? = nil) throws -> PredictionSets {
    func read(_ split: String, _ labels: [String], _ ids: [String]?) throws -> Predictions {
      let lines = labels.enumerated().map { place, label in
        (ids.map { $0[place] + "," } ?? "") + (label == "cat" ? "0.9,0.1" : "0.3,0.7") + ",\(label)"
      }
      let head = (ids == nil ? "" : "id,") + "cat,dog,label"
      let path = try directory.write(
        Array(([head] + lines).joined(separator: "\n").utf8), to: "\(split).csv")
      return try Predictions(
        importing: path,
        as: MemberDescription(
          name: "m", network: "net", multiplyAccumulates: 1, parameters: 1, split: split))
    }
    return try PredictionSets(
      holdOut: [read("hold-out", ["cat", "dog", "dog", "cat"], ids?.0)],
      test: [read("test", ["dog", "cat", "cat"], ids?.1)])
  }

  private let ids = (["h0", "h1", "h2", "h3"], ["t0", "t1", "t2"])

  private func labels(_ groups: ImageGroups) -> [String] { groups.numbers.map { groups.names[$0] } }

  @Test func groupsAreFoundById() throws {
    let found = try file(
      "id,group\nt2,south\nh0,north\nt0,north\nh2,south\nh1,a b\nh3,north\nt1,south\n"
    )
    .groups(of: sets(ids))
    #expect(labels(found.test) == ["north", "south", "south"])
    #expect(found.test.names == ["north", "south"])
    #expect(try labels(#require(found.holdOut)) == ["north", "a b", "south", "north"])
    #expect(found.shifted == nil && found.notes.isEmpty)
  }

  @Test func columnsMayBeInAnyOrderAndQuoted() throws {
    let found = try file("Group;ID\r\n\"a;b\";t0\r\nc;t1\r\nc;t2\r\n").groups(of: sets(ids))
    #expect(labels(found.test) == ["a;b", "c", "c"])
    #expect(found.holdOut == nil)
  }

  @Test(arguments: ["x\ny\nx\n", "group\nx\ny\nx"]) func groupsInOrder(_ text: String) throws {
    for sets in [try sets(), try sets(ids)] {
      let found = try file(text).groups(of: sets)
      #expect(labels(found.test) == ["x", "y", "x"])
      #expect(found.holdOut == nil && found.notes.count == 1)
    }
  }

  @Test(arguments: [
    ("", "is empty"), ("id,group\nt0,a\nt0,b\n", "line 3' has the id 't0' of line 2 again"),
    ("id,group\nt0,a\nt1,\n", "line 3' has an empty group"),
    ("id,group\nt0,a\n,b\n", "line 3' has an empty id"), ("a\n\nb\n", "line 2' has an empty group"),
    ("id,group\nt0,a,b\n", "line 2' has 3 fields"), ("id,camera\nt0,a\n", "line 1' does not name"),
    ("t0,a\nt1,b\n", "line 1' does not name"), ("id,group,x\nt0,a,1\n", "line 1' does not name"),
    ("id,group\nt0,\"a\n", "unclosed quote"), ("id,group\nt0,a\u{202E}b\n", "control characters"),
  ])
  func unreadableFiles(_ text: String, _ reason: String) throws {
    let error = #expect(throws: EnsembleError.self) { try file(text) }
    let message = try #require(error?.description)
    #expect(message.contains(reason) && message.contains("groups.csv"), "\(message)")
  }

  @Test(arguments: [
    ("id,group\nt0,a\nt1,b\n", "has no group of the test image 't2' (it has 2 of 3)"),
    (
      "id,group\nt0,a\nt1,b\nt2,c\nh0,a\n",
      "has no group of the hold-out image 'h1' (it has 1 of 4)"
    ),
    ("id,group\nt0,a\nt1,b\nt9,c\n", "line 4' has the id 't9', which is none of an image"),
    ("a\nb\n", "has 2 groups, and there are 3 test images"),
    ("a\nb\nc\nd\n", "has 4 groups, and there are 3 test images"),
  ])
  func groupsThatDoNotCover(_ text: String, _ reason: String) throws {
    let (file, sets) = (try file(text), try sets(ids))
    let error = #expect(throws: EnsembleError.self) { try file.groups(of: sets) }
    let message = try #require(error?.description)
    #expect(message.contains(reason), "\(message)")
  }

  @Test func idsNeedPredictionsWithIds() throws {
    let (file, sets) = (try file("id,group\nt0,a\nt1,b\nt2,c\n"), try sets())
    let error = #expect(throws: EnsembleError.self) { try file.groups(of: sets) }
    #expect(error?.description.contains("the predictions have no ids") == true)
  }

  /// Rows that are numbered in each set name two images with one id.
  @Test func rowNumbersNameNoImage() throws {
    let file = try file("id,group\n0,a\n1,b\n2,c\n3,c\n")
    let sets = try sets((["0", "1", "2", "3"], ["0", "1", "2"]))
    let error = #expect(throws: EnsembleError.self) { try file.groups(of: sets) }
    #expect(error?.description.contains("is the id of a hold-out and of a test image") == true)
  }
}
