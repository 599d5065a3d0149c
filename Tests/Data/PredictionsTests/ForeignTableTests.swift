import EnsembleTestSupport
import Files
import TestSupport
import Testing

@testable import Ensembles
@testable import Predictions
@testable import Statistics

/// Tables as pandas, R, Excel and others write them: what is read is right, or refused with what settles it.
@Suite struct ForeignTableTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private static let description = MemberDescription(
    name: "m", network: "net", multiplyAccumulates: 10, parameters: 5, split: "test")

  private func read(
    _ bytes: [UInt8], labels: String? = nil, options: ImportOptions = ImportOptions()
  ) throws -> Predictions {
    let path = "\(directory.path)/scores.csv"
    try DurableFile.write(bytes, to: path)
    if let labels { try DurableFile.write(labels, to: "\(directory.path)/labels.csv") }
    return try Predictions(
      importing: path, labels: labels.map { _ in "\(directory.path)/labels.csv" },
      as: Self.description,
      options: options)
  }

  private func read(
    _ text: String, labels: String? = nil, options: ImportOptions = ImportOptions()
  ) throws -> Predictions {
    try read(Array(text.utf8), labels: labels, options: options)
  }

  private func refusal(
    _ text: String, labels: String? = nil, options: ImportOptions = ImportOptions()
  ) -> String {
    let error = #expect(throws: EnsembleError.self, "\(text)") {
      try read(text, labels: labels, options: options)
    }
    switch error {
    case .invalidImport(let source, let reason, let fix)?: return "'\(source)' \(reason); \(fix)"
    case .notADistribution(let source, let image, let reason)?:
      return "image \(image) of '\(source)' \(reason)"
    default: return ""
    }
  }

  private func accuracy(_ predictions: Predictions) throws -> Double {
    try Metrics(of: [predictions]).top1Accuracy
  }

  /// pandas makes floats of whole numbers where a label is missing: 1.0 is the column 1, wherever it stands.
  @Test func labelsOfFloatsAreTheColumnsOfTheNumber() throws {
    let predictions = try read("2,0,1,label\n0.1,0.8,0.1,0.0\n0.1,0.1,0.8,1.0\n0.6,0.2,0.2,1.0\n")
    #expect(predictions.labels == [1, 2, 2])
  }

  @Test func twoColumnsOfOneNameAreNamed() {
    #expect(refusal("crane,tench,crane,label\n0.7,0.2,0.1,crane\n").contains("'crane'"))
  }

  @Test func misspeltKindsAreNone() {
    #expect(ScoreKind(name: "logit") == nil && ScoreKind(name: "probability") == nil)
    #expect(ScoreKind(name: "log_probabilities") == .logProbabilities)
  }

  /// The same three images in every form; the first label's probability is 0.9.
  @Test(arguments: [
    "cat,dog,label\n0.9,0.1,cat\n0.2,0.8,dog\n0.7,0.3,cat\n",
    "cat;dog;label\n0,9;0,1;cat\n0,2;0,8;dog\n0,7;0,3;cat\n",
    "sep=;\ncat;dog;label\n0.9;0.1;cat\n0.2;0.8;dog\n0.7;0.3;cat\n",
    "\"sep=;\"\r\ncat;dog;label\r\n0.9;0.1;cat\r\n0.2;0.8;dog\r\n0.7;0.3;cat\r\n;;\r\n",
    "cat\tdog\tlabel\n0.9\t0.1\tcat\n0.2\t0.8\tdog\n0.7\t0.3\tcat\n",
    "cat|dog|label\n0.9|0.1|cat\n0.2|0.8|dog\n0.7|0.3|cat\n",
    "cat,dog,label\r0.9,0.1,cat\r0.2,0.8,dog\r0.7,0.3,cat\r",
    "\u{FEFF}cat,dog,label\r\n0.9,0.1,cat\r\n\r\n0.2,0.8,dog\r\n0.7,0.3,cat",
    "\"cat\",\"dog\",\"label\"\n\"0.9\",\"0.1\",\"cat\"\n0.2, \"0.8\" ,dog\n0.7,0.3,cat\n",
    "\"cat\",\"dog\",\"label\"\n\"0,9\",\"0,1\",\"cat\"\n\"0,2\",\"0,8\",\"dog\"\n\"0,7\",\"0,3\",\"cat\"\n",
    "cat,dog,label\n90,10,cat\n20,80,dog\n70,30,cat\n",
    "cat,dog,label\n90.0%,10%,cat\n20%,80%,dog\n70%,30 %,cat\n",
    "cat,dog,label,\n0.9,0.1,0,\n0.2,0.8,1.0,\n0.7,0.3,0,\n",
    "Cat,Dog,label\n0.9,0.1, cat\n0.2,0.8,DOG \n0.7,0.3,cat\n",
    "prob_cat,prob_dog,label\n0.9,0.1,cat\n0.2,0.8,dog\n0.7,0.3,cat\n",
    "cat_prob,dog_prob,target\n0.9,0.1,cat\n0.2,0.8,dog\n0.7,0.3,cat\n",
    ",cat,dog,y_true\n0,0.9,0.1,cat\n1,0.2,0.8,dog\n2,0.7,0.3,cat\n",
    "Unnamed: 0,cat,dog,label,pred\n0,0.9,0.1,cat,cat\n1,0.2,0.8,dog,dog\n2,0.7,0.3,cat,cat\n",
    "filename,pred,confidence,cat,dog,truth,fold\nx,0,0.9,0.9,0.1,0,1\ny,1,0.8,0.2,0.8,1,2\nz,0,0.7,0.7,0.3,0,1\n",
    "cat,dog,label\nx,0.9,0.1,cat\ny,0.2,0.8,dog\nz,0.7,0.3,cat\n",
    "age,cat,dog,label\n31,0.9,0.1,cat\n44,0.2,0.8,dog\n27,0.7,0.3,cat\n",
    "X,Y,label\n0.9,0.1,X\n0.2,0.8,Y\n0.7,0.3,X\n",
    "Unnamed: 0.1,Unnamed: 0,cat,dog,label\n7,0,0.9,0.1,cat\n3,1,0.2,0.8,dog\n5,2,0.7,0.3,cat\n",
    "true,false,label\n0.9,0.1,true\n0.2,0.8,false\n0.7,0.3,true\n",
  ])
  func tablesOfOtherPrograms(_ text: String) throws {
    let found = try read(text)
    #expect(found.count == 3 && found.classes == 2 && found.labels == [0, 1, 0], "\(text)")
    let expected = [0.9, 0.1, 0.2, 0.8, 0.7, 0.3].map { naturalLogarithm($0) }
    for (value, expected) in zip(found.withLogProbabilities { Array($0) }, expected) {
      expectClose(Double(value), expected, within: 1e-6, "\(text)")
    }
  }

  @Test(arguments: [[UInt8](arrayLiteral: 0xFF, 0xFE), [0xFE, 0xFF]])
  func excelsUnicodeText(_ mark: [UInt8]) throws {
    let text = "Käse\tdog\tlabel\r\n0,9\t0,1\tKäse\r\n0,25\t0,75\tdog\r\n"
    let bytes = text.utf16.flatMap { unit in
      mark[0] == 0xFF
        ? [UInt8(unit & 255), UInt8(unit >> 8)] : [UInt8(unit >> 8), UInt8(unit & 255)]
    }
    let found = try read(mark + bytes)
    #expect(found.labels == [0, 1])
    #expect(found.notes.map(\.text).contains("commas in its numbers are decimal commas"))
    let unmarked = #expect(throws: EnsembleError.self) { try read(bytes) }
    guard case .invalidImport(_, _, let fix)? = unmarked else {
      Issue.record("\(String(describing: unmarked))")
      return
    }
    #expect(fix.contains("save it as UTF-8"))
  }

  /// Names that are numbers, in the order of their text: a label is the class that it names.
  @Test(arguments: ["", "class_", "p"])
  func namesThatAreNumbers(_ prefix: String) throws {
    let order = (0..<12).map(String.init).sorted()
    let rows = (0..<12).map { truth in
      order.map { $0 == "\(truth)" ? "0.89" : "0.01" }.joined(separator: ",") + ",\(truth)\n"
    }
    let found = try read(
      order.map { prefix + $0 }.joined(separator: ",") + ",label\n" + rows.joined())
    #expect(try accuracy(found) == 1)
  }

  @Test func labelsOfTwoReadingsAreRefused() throws {
    let text = "1,2,3,label\n0.8,0.1,0.1,1\n0.1,0.8,0.1,2\n"
    let error = refusal(text)
    #expect(error.contains("the class named so") && error.contains("--labels-are names"))
    let names = try read(text, options: ImportOptions(labelForm: .names))
    let indices = try read(text, options: ImportOptions(labelForm: .indices))
    #expect(names.labels == [0, 1] && indices.labels == [1, 2])
    // One of them is named 3, which is no index.
    #expect(try read("1,2,3,label\n0.8,0.1,0.1,1\n0.1,0.1,0.8,3\n").labels == [0, 2])
    #expect(refusal("cat,dog,label\n0.8,0.2,1\n0.1,0.9,2\n").contains("indices-from-1"))
    let fromOne = ImportOptions(labelForm: .indicesFromOne)
    #expect(try read("cat,dog,label\n0.8,0.2,1\n0.1,0.9,2\n", options: fromOne).labels == [0, 1])
  }

  @Test(arguments: [
    ("cat,dog,label\n0.8,0.2,lion\n", "'lion'"), ("cat,dog,label\n0.8,0.2,-1\n", "without a label"),
    ("cat,dog,label\n0.8,0.2,\n", "no label of image 0"), ("cat,dog,label\n0.8,0.2,0.5\n", "'0.5'"),
    ("cat,dog,label\n0.8,0.2,cat\n0.8,0.2,1\n", "'1'"),
    ("cat,dog,class\n0.8,0.2,cat\n", "--label-column class"),
    ("cat,dog,target,y\n0.8,0.2,0,0\n", "--label-column"),
    ("0.9,0.1\n0.2,0.8\n", "line of numbers"), ("cat dog label\n0.9 0.1 cat\n", "separate columns"),
    ("a;b;label\n0,5;0.5;0\n", "with points"), ("a;b;label\n1,234;5,678;0\n", "1,234"),
    ("a,b,label\n50%,0.5,0\n", "per cent signs"), ("prob,label\n0.7,1\n", "no column of a class"),
    ("p,label\n0.7,1\n", "one score an image"),
    ("a,b,n,label\n1.5,-2.5,12,0\n0.5,1.5,7,1\n0.25,2.5,9,1\n", "'n'"),
    ("a,b,label\n0.5,0.9,0\n0.2,0.4,1\n0.9,0.9,1\n", "--scores"),
    ("a,b,label\n0.5,0.5,0\n0,0,1\n0.25,0.75,1\n", "image 1"),
    ("a,b,label\n0.5,0.5,0\n0.5,0.5,0\n0.25,0.85,1\n", "image 2"),
    ("a,b,label\n300,200,0\n100,400,0\n250,250,1\n", "sum to 500"),
    ("a,b,label\n3,2,0\n1,4,0\n2,6,1\n", "whole numbers"),
    ("a,b,label\n-0.25,1.25,0\n0.5,0.5,0\n0.5,0.5,0\n", "negative number -0.25"),
    ("a,b,note,label\nNA,0.5,x,0\n", "under 'a'"),
  ])
  func whatIsNotCertainIsRefused(_ text: String, _ message: String) {
    let error = refusal(text)
    #expect(error.contains(message), "\(text): \(error)")
    #expect(error.contains("scores.csv"))
  }

  @Test func whatWasInferredIsSaid() throws {
    func notes(_ text: String) throws -> [String] { try read(text).notes.map(\.text) }
    #expect(
      try notes("cat,dog,label\n0.9,0.1,0\n0.2,0.8,1\n")
        == [
          "labels count the classes from 0: 0 → cat, 1 → dog",
          "scores are probabilities: rows sum to 1",
        ])
    #expect(
      try notes("cat,dog,label\n2.5,0.1,cat\n-0.2,0.8,dog\n")
        == ["scores are taken as logits: rows sum to nothing that probabilities do"])
    #expect(
      try notes("id,cat,dog,label,pred\nx,90,10,cat,0\ny,20,80,dog,1\n")
        == ["taken as no classes: the columns 'pred'", "scores are percents: rows sum to 100"])
    #expect(
      try notes("a,b,label\n1,0,a\n0,1,b\n")
        == ["scores name one class an image (1 among zeros): likelihoods of them say little"])
    let wrong = try read(
      "a,b,label\n" + String(repeating: "0.9,0.1,1\n0.2,0.8,0\n", count: 10))
    #expect(wrong.notes.contains { $0.text.contains("fewer than by chance") })
  }

  @Test func classesCanBeNamed() throws {
    let text = "n,dog,cat,label\n3,0.8,0.2,0\n4,0.1,0.9,1\n"
    let found = try read(text, options: ImportOptions(classes: ["cat", "dog"]))
    #expect(found.classes == 2 && found.labels == [0, 1])
    expectClose(Double(found.withLogProbabilities { $0[0] }), naturalLogarithm(0.2), within: 1e-6)
    #expect(refusal(text, options: ImportOptions(classes: ["cat", "eel"])).contains("'eel'"))
    let named = ImportOptions(labelColumn: "class")
    #expect(try read("cat,dog,class\n0.8,0.2,cat\n", options: named).labels == [0])
  }

  // MARK: - Labels of another file

  @Test func labelsAreFoundById() throws {
    let scores = "id,cat,dog\na,0.9,0.1\nb,0.1,0.9\nc,0.8,0.2\n"
    let found = try read(scores, labels: "id,label\nc,cat\nx,dog\nb,dog\na,cat\n")
    #expect(found.labels == [0, 1, 0])
    #expect(
      found.notes.contains { $0.text == "labels are matched by id; 1 of other images are left out" }
    )
    #expect(try read(scores, labels: "filename,target\nc,0\nb,1\na,0\n").labels == [0, 1, 0])
    // pandas' index of a shuffled table is an id too.
    let shuffled = try read(
      ",cat,dog\n0,0.9,0.1\n1,0.1,0.9\n2,0.8,0.2\n", labels: ",y\n2,cat\n1,dog\n0,cat\n")
    #expect(shuffled.labels == [0, 1, 0])
    #expect(refusal(scores, labels: "id,label\nc,0\nb,1\n").contains("no label of the image 'a'"))
    #expect(
      refusal(scores, labels: "id,label\na,0\na,0\nb,1\nc,0\n").contains("two images of one id"))
    #expect(refusal(scores, labels: "label\n0\n").contains(/3 images, and '.*' has 1 label;/))
    // In order where only one has ids, with a word.
    let ordered = try read(scores, labels: "label\n0\n1\n0\n")
    #expect(ordered.notes.contains { $0.text.contains("labels are taken in order") })
  }

  @Test func givenLabelsBeatTheFilesWithAWord() throws {
    let found = try read("cat,dog,label\n0.9,0.1,0\n0.2,0.8,1\n", labels: "label\n1\n1\n")
    #expect(found.labels == [1, 1])
    #expect(
      found.notes.contains {
        $0.text.hasSuffix("are taken in place of its own, of which 1 of 2 differ")
      })
  }
}
