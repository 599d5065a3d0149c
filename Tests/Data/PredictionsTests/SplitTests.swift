import EnsembleTestSupport
import Files
import Testing

@testable import Predictions

@Suite struct SplitTests {
  @Test(arguments: [
    "hold-out", "holdout", "hold_out", "Hold-Out", "held-out", "train-hold-out", "val", "valid",
    "Validation", "dev",
    "imagenet-val",
    "val2017", "train-holdout",
  ])
  func imagesThatChoose(_ text: String) throws {
    let split = try SplitName(text, source: "list.json")
    #expect(split.name == "hold-out" && split.role == .holdOut)
    #expect((split.note == nil) == (text == "hold-out"))
  }

  @Test(arguments: ["test", "Test", "testing", "night", "shifted", "imagenet-a", "test-2"])
  func imagesThatJudge(_ text: String) throws {
    let split = try SplitName(text, source: "list.json")
    #expect(split.role == .test && (split.note == nil) == (text == "test"))
  }

  @Test(arguments: [
    ("train", "members have seen"), ("Training", "members have seen"),
    ("eval", "may choose or judge"),
    ("holdot", "hold-out"), ("hold-uot", "hold-out"), ("tset", "\"test\""),
    ("validaton", "hold-out"),
  ])
  func namesThatAreRefused(_ text: String, _ words: String) {
    let error = #expect(throws: EnsembleError.self) { try SplitName(text, source: "list.json") }
    guard case .invalidImport("list.json", let reason, _)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(reason.contains(words))
  }

  // MARK: - Images that both sets have

  private func made(
    _ split: String, _ images: Range<Int>, ids: Bool, rows: (Int) -> [Double]
  ) throws -> Predictions {
    let labels = images.map { Int64($0 % 2) }
    let identifiers = ids ? ImageIdentifiers(unchecked: images.map { "s\($0)" }) : nil
    var result = try member(
      "m", split: split,
      fingerprint: Predictions.fingerprint(labels: labels, identifiers: identifiers),
      images.map(rows), labels: labels)
    result.imported = ImportedData(
      classNames: nil, identifiers: identifiers, hasGivenFingerprint: false, labelsSource: nil,
      notes: [])
    return result
  }

  private func separation(
    _ holdOut: Range<Int>, _ test: Range<Int>, ids: Bool = false, rows: @escaping (Int) -> [Double]
  ) throws -> PredictionSets {
    try PredictionSets(
      holdOut: [made("hold-out", holdOut, ids: ids, rows: rows)],
      test: [made("test", test, ids: ids, rows: rows)])
  }

  @Test func sharedImagesAreRefused() throws {
    let telling = { (image: Int) in
      let share = 0.3 + 0.4 * Double(image) / 200
      return [share, 1 - share]
    }
    let coarse = { (image: Int) in image % 3 == 0 ? [0.25, 0.75] : [0.75, 0.25] }
    for (holdOut, test, ids) in [(0..<60, 59..<120, true), (0..<60, 30..<120, false)] {
      let error = #expect(throws: EnsembleError.self) {
        try separation(holdOut, test, ids: ids, rows: telling)
      }
      guard case .sharedImages(_, _, let count, _)? = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
      #expect(count == (ids ? 1 : 30))
    }
    #expect(try separation(0..<60, 60..<120, ids: true, rows: coarse).separation == .identifiers)
    let unknown = try separation(0..<60, 61..<120, rows: coarse)
    #expect(unknown.separation == .unknown && unknown.notes.isEmpty)
    let known = try separation(0..<60, 60..<121, rows: telling)
    #expect(known.separation == .scores && known.notes.isEmpty)
    let few = try separation(0..<60, 57..<120, rows: telling)
    #expect(few.separation == .scores && few.notes.count == 1)
  }
}
