import Datasets
import Files
import Foundation
import Runs
import Schemas
import TestSupport
import Testing

/// Records of runs and members in which a key stands twice, or one that nothing reads.
@Suite struct RecordKeysTests {
  private static let description = MemberInterface(
    preprocessing: Preprocessing(
      height: 8, width: 8, resizing: .shortSide(8), mean: [0, 0, 0], standardDeviation: [1, 1, 1]),
    classNames: ["cat", "dog"])

  @Test(arguments: [
    (
      #""classNames" : "#, #""classNames" : null, "classNames" : "#,
      "the key 'classNames' stands twice"
    ),
    (#""mean" : "#, #""mean" : [1, 1, 1], "mean" : "#, "the key 'mean' stands twice"),
    (#""height" : "#, #""hight" : 4, "height" : "#, "unknown key 'preprocessing.hight'; remove it"),
    (#""pixels" : "#, #""crop" : 4, "pixels" : "#, "unknown key 'preprocessing.resizing.crop'"),
  ])
  func aMembersDescriptionIsRefused(text: String, change: String, message: String) throws {
    let directory = try TemporaryDirectory()
    let member = MemberDirectory(path: directory.path)
    let json = try Self.description.readableJSON()
    try DurableFile.write(json, to: member.descriptionPath)
    #expect(try member.description() == Self.description)
    let changed = json.replacing(text, with: change, maxReplacements: 1)
    try #require(changed != json)
    try DurableFile.write(changed, to: member.descriptionPath)
    let error = #expect(throws: SchemaError.self) { try member.description() }
    let said = error?.description ?? ""
    #expect(said.hasPrefix("'\(member.descriptionPath)': \(message)"), "\(said)")
    #expect(!said.contains("did you mean"))
  }

  @Test func aRunsImagesAreNotTakenFromARepeatedKey() throws {
    let directory = try TemporaryDirectory()
    let run = RunDirectory(path: directory.path)
    let record = DataRecord(
      name: "d", availableImages: 1, trainingImages: 1, holdOutImages: 0, testImages: 1,
      classNames: ["a"], trainingFingerprint: "x", testFingerprint: "t", mean: [0],
      standardDeviation: [1], resizing: Preprocessing.Resizing.none, interpolation: .bilinear)
    let json = try record.readableJSON()
    try DurableFile.write(json, to: run.dataPath)
    #expect(try run.dataRecord() == record)
    let changed = json.replacing(
      #""interpolation" : "#, with: #""interpolation" : "bicubic", "interpolation" : "#)
    try DurableFile.write(changed, to: run.dataPath)
    #expect(throws: SchemaError.repeatedKey(file: run.dataPath, key: "interpolation")) {
      try run.dataRecord()
    }
  }

  @Test func progressAndFailuresAreNotTakenFromARepeatedKey() throws {
    let directory = try TemporaryDirectory()
    let member = MemberDirectory(path: directory.path)
    let failure = try FailureRecord(reason: "r", epoch: 2, step: 3).readableJSON()
    let progress = try ProgressRecord(
      epoch: 1, epochs: 4, step: 2, stepsPerEpoch: 10, trainingLoss: 1.5, holdOutAccuracy: nil,
      imagesPerSecond: 100, secondsLeft: 2
    ).readableJSON()
    try DurableFile.write(failure, to: member.failurePath)
    try DurableFile.write(progress, to: member.progressPath)
    #expect(member.failure()?.epoch == 2 && member.progress()?.epoch == 1)
    func twice(_ json: String) -> String {
      json.replacing(#""epoch" : "#, with: #""epoch" : 9, "epoch" : "#)
    }
    try DurableFile.write(twice(failure), to: member.failurePath)
    try DurableFile.write(twice(progress), to: member.progressPath)
    #expect(member.failure() == nil && member.progress() == nil)
  }
}
