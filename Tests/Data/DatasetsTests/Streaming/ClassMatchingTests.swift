import Foundation
import TestSupport
import Testing

@testable import Datasets

@Suite struct ClassMatchingTests {
  private func match(
    _ found: [String], _ labels: [String]?, classes: Int? = nil, unused: Set<String> = [],
    _ order: ClassMatching.Order? = nil
  ) throws -> ClassMatching {
    let found = found.sorted()
    return try ClassMatching(
      of: found, isUsed: found.map { !unused.contains($0) }, in: "data", to: labels,
      classes: classes ?? labels?.count ?? found.count, model: "model", order: order)
  }

  /// Expects an output for each class, and a note with `words`, or none.
  private func expect(
    _ outputs: [String: Int], _ labels: [String]?, classes: Int? = nil, says words: String?,
    _ order: ClassMatching.Order? = nil, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let found = outputs.keys.sorted()
    let matching = try match(found, labels, classes: classes, order)
    #expect(
      matching.outputs == found.map { Int64(outputs[$0] ?? -1) }, sourceLocation: sourceLocation)
    #expect(matching.notes.count == (words == nil ? 0 : 1), sourceLocation: sourceLocation)
    if let words {
      #expect(
        matching.notes[0].text.contains(words), "\(matching.notes)",
        sourceLocation: sourceLocation)
    }
  }

  private func expectRefusal(
    _ problem: ClassProblem, _ body: () throws -> ClassMatching,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let expected = DatasetError.classesDoNotFit(data: "data", model: "model", problem: problem)
    #expect(throws: expected, sourceLocation: sourceLocation) { _ = try body() }
  }

  @Test func namesThatAreEqualNeedNoWord() throws {
    try expect(["dog": 2, "cat": 0], ["cat", "emu", "dog"], says: nil)
    // The same text in another normal form of Unicode.
    try expect(["cafe\u{301}": 1], ["tea", "caf\u{E9}"], says: nil)
  }

  @Test func spellingIsNoDifference() throws {
    try expect(["red": 0, "green": 1, "blue": 2], ["Red", "Green", "Blue"], says: "is 'Blue'")
    try expect(
      ["Sea_Lion ": 1, "t-shirt": 0], ["T-Shirt", " sea  lion"], says: "spelt in another way")
    // A name as it is goes before one that is spelt otherwise.
    try expect(["cat": 1, "Cat": 0], ["Cat", "cat"], says: nil)
  }

  @Test func synsetsAreFoundByNumberOrWord() throws {
    let synsets = ["n01440764", "n01443537"]
    try expect(["n01443537_goldfish": 1, "n01440764_tench": 0], synsets, says: "'n01440764'")
    let lines = ["n01440764 tench, Tinca tinca", "n01443537 goldfish, Carassius auratus"]
    try expect(["n01440764": 0, "n01443537": 1], lines, says: "tench")
    try expect(["tench": 0, "goldfish": 1], lines, says: "goldfish")
    try expect(["n01440764-tench": 0], ["tench, Tinca tinca", "goldfish"], says: "tench")
    // The word is right, the number another's.
    expectRefusal(.noNameFits(found: ["n00000001_tench"], labels: lines)) {
      try match(["n00000001_tench"], lines)
    }
  }

  @Test func namesThatStandTwiceHarmWhereTheyDecide() throws {
    let labels = ["crane", "tench", "crane"]
    try expect(["tench": 1], labels, says: nil)
    expectRefusal(.ambiguousName("crane")) { try match(["crane", "tench"], labels) }
    expectRefusal(.sameClass(first: "Tench", second: "tench ", label: "tench")) {
      try match(["Tench", "tench "], labels)
    }
  }

  @Test func namesThatDoNotFitAreRefused() throws {
    let labels = ["cat", "dog", "emu"]
    expectRefusal(.unknownNames(["gnu"], total: 4)) {
      try match(["cat", "dog", "emu", "gnu"], labels)
    }
    // Without images there is nothing to count.
    #expect(try match(["cat", "gnu"], labels, unused: ["gnu"]).outputs.first == 0)
    expectRefusal(.noNameFits(found: ["ant", "bee", "fly"], labels: labels)) {
      try match(["ant", "bee", "fly"], labels)
    }
    try expect(["ant": 0, "bee": 1, "fly": 2], labels, says: "'fly' is output 2 ('emu')", .folders)
  }

  @Test func numbersAreOutputs() throws {
    let numbers = (0..<12).map { (String($0), $0) }
    try expect(
      Dictionary(uniqueKeysWithValues: numbers), nil,
      says: "number order: '0' is output 0, …, '11' is output 11; 12 of the model's 12")
    try expect(["00": 0, "03": 3, "10": 10], nil, classes: 12, says: "3 of the model's 12")
    try expect(
      Dictionary(uniqueKeysWithValues: (1...12).map { (String($0), $0 - 1) }), nil,
      says: "'1' is output 0")
    try expect(["0": 0, "1": 1], ["cat", "dog"], says: "'0' is output 0 ('cat')")
    // Labels that are numbers themselves are names.
    try expect(["1": 0, "2": 1], ["1", "2"], says: nil)
  }

  @Test func numbersOfTwoReadingsAreRefused() throws {
    let eleven = (1...11).map(String.init)
    expectRefusal(.ambiguousNumbers(first: "1", last: "11", classes: 12)) {
      try match(eleven, nil, classes: 12)
    }
    try expect(["1": 0, "11": 10], nil, classes: 12, says: nil, .numbersFromOne)
    try expect(["1": 1, "11": 11], nil, classes: 12, says: nil, .numbers)
    expectRefusal(.ambiguousNumbers(first: "-1", last: "1", classes: 3)) {
      try match(["-1", "0", "1"], nil)
    }
    try expect(["-1": 0, "0": 1, "1": 2], nil, says: "number order: '-1' is output 0", .folders)
    expectRefusal(.sameNumber(first: "01", second: "1")) { try match(["0", "01", "1"], nil) }
    expectRefusal(.numberOutOfRange(name: "3", first: 0, classes: 3)) {
      try match(["3"], nil, classes: 3, .numbers)
    }
  }

  @Test func orderDecidesWhereNothingElseDoes() throws {
    try expect(["a": 0, "b": 1], nil, says: "the order of their names: 'a' is output 0, …")
    let numbered = (0..<12).map { ("class_\($0)", $0) }
    try expect(Dictionary(uniqueKeysWithValues: numbered), nil, says: "--class-order text")
    let text = try match(numbered.map(\.0), nil, .text)
    #expect(text.outputs == (0..<12).map(Int64.init))
    expectRefusal(.differentCounts(found: 2, classes: 3)) {
      try match(["a", "b"], nil, classes: 3)
    }
  }
}

@Suite struct ClassListTests {
  private func names(_ text: String) throws -> [String] {
    let directory = try TemporaryDirectory()
    return try ClassList(path: directory.write(Array(text.utf8), to: "classes")).names
  }

  @Test(arguments: [
    "cat\ndog\n", "\u{FEFF}cat\r\ndog\r\n\r\n", "  cat \n\tdog\t\n \n", "cat\rdog",
    #"["cat", "dog"]"#, #"{"1": "dog", "0": "cat"}"#, #"{"cat": 0, "dog": 1}"#,
    "0,cat\n1,dog\n", "index,name\n1,\"dog\"\n0,cat\n", "cat,0\ndog,1", "0: cat\n1: dog",
    "1 cat\n2 dog\n", "cat;1\ndog;2",
  ])
  func formsOfOneListAreRead(text: String) throws { #expect(try names(text) == ["cat", "dog"]) }

  @Test func namesStayWhatTheyAre() throws {
    #expect(
      try names("n01440764 tench\nn01443537 goldfish") == ["n01440764 tench", "n01443537 goldfish"])
    #expect(try names(#"{"0": ["n01440764", "tench"]}"#) == ["n01440764 tench"])
    #expect(try names("crane\ntench\ncrane") == ["crane", "tench", "crane"])
    // Numbers with a gap are part of the names.
    #expect(try names("0 cat\n2 dog") == ["0 cat", "2 dog"])
  }

  @Test func othersAreRefusedWithTheFix() throws {
    let directory = try TemporaryDirectory()
    let cases: [([UInt8], String)] = [
      (Array("cat\n\ndog".utf8), "line 2 is empty"), ([], "names no class"),
      ([0xFF, 0xFE, 0x63, 0], "UTF-16; save it as UTF-8"), ([0x63, 0xE9, 10], "UTF-8"),
      (Array(#"{"a": "b"}"#.utf8), "not a JSON list of names"),
      (Array("[1, 2]".utf8), "not a JSON list"),
    ]
    for (bytes, words) in cases {
      let path = try directory.write(bytes, to: "classes")
      let error = #expect(throws: DatasetError.self) { _ = try ClassList(path: path) }
      guard case .unusableClassList(path, let reason)? = error else {
        Issue.record("\(words): \(String(describing: error))")
        continue
      }
      #expect(reason.contains(words))
    }
  }
}
