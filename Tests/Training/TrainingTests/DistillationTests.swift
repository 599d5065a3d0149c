import Datasets
import Ensembles
import Files
import Foundation
import Predictions
import Runs
import Synchronization
import Testing
import Torch
import Weights

@testable import Training

/// Members that learn from a teacher.
@Suite struct DistillationTests {
  private static func experiment(
    _ name: String, teacher: String? = nil, weight: Double = 1, dataSeed: UInt64 = 3
  ) -> Experiment {
    var recipe = Recipe(.fast)
    (recipe.epochs, recipe.batchSize) = (2, 32)
    recipe.distillation = teacher.map { Distillation(teacher: $0, temperature: 2, weight: weight) }
    return Experiment(
      name: name,
      data: DataSelection(
        procedural: ProceduralImages(imageSize: 8, trainCount: 140, testCount: 30, seed: dataSeed),
        holdOut: 40),
      members: [.init(network: "wide-resnet-10-1", count: teacher == nil ? 2 : 1)], recipe: recipe,
      seed: teacher == nil ? 5 : 6)
  }

  private static func train(
    _ experiment: Experiment, in path: String, stoppingAfter steps: Int = .max
  ) throws -> TrainingRun.Outcome {
    let asked = Atomic(0)
    let dataset = try #require(experiment.data.procedural).dataset()
    return try TrainingRun(
      of: experiment, on: .resident(dataset), in: RunDirectory(path: path), threads: 1
    ).run(
      checkpointInterval: .epochs(1),
      shouldStop: { asked.add(1, ordering: .relaxed).newValue >= steps })
  }

  private static func weights(_ path: String) throws -> [String: [Float]] {
    let file = try SafeTensors(
      path: RunDirectory(path: path).member("wide-resnet-10-1-0").weightsPath)
    return try Dictionary(
      uniqueKeysWithValues: file.names.map { ($0, try file.floats(named: $0)) })
  }

  @Test func aStudentLearnsWhatARunSays() throws {
    let root = FileManager.default.temporaryDirectory.path + "/distilled-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: root) }
    let teacher = "\(root)/teacher"
    let student = Self.experiment("student", teacher: teacher)
    #expect(try Self.train(Self.experiment("teacher"), in: teacher) == .complete)
    #expect(try Self.train(student, in: "\(root)/whole") == .complete)
    // What it says is the geometric mean of its members, of each training image as it is.
    let kept = try Predictions(path: RunDirectory(path: "\(root)/whole").teacherPath)
    let images = try #require(student.data.procedural).dataset()
    #expect(kept.fingerprint == images.train.fingerprint && kept.count == 140)
    let run = RunDirectory(path: teacher)
    let partition = try DataPartition(of: run.experiment(), labels: images.train.labels)
    let heldOut = try run.experiment().allMembers.map {
      try Predictions(path: run.member($0.name).predictionsPath(split: "hold-out"))
    }
    let rows = heldOut.map { $0.withLogProbabilities { Array($0) } }
    let found = kept.withLogProbabilities { Array($0) }
    for (place, image) in partition.holdOut.enumerated() {
      let mean = SoftLabels.logSoftmax(
        (0..<10).map { label in
          rows.reduce(0) { $0 + Double($1[place * 10 + label]) } / Double(rows.count)
        })
      for label in 0..<10 {
        #expect(abs(Double(found[image * 10 + label]) - mean[label]) < 1e-4)
      }
    }
    // A stop changes no bits, and neither does what becomes of the teacher meanwhile.
    #expect(try Self.train(student, in: "\(root)/parts", stoppingAfter: 6) == .interrupted)
    try FileManager.default.removeItem(atPath: teacher)
    #expect(try Self.train(student, in: "\(root)/parts") == .complete)
    #expect(try Self.weights("\(root)/whole") == Self.weights("\(root)/parts"))
    // Labels alone teach something else, and so does the same teacher as a file the same.
    let file = RunDirectory(path: "\(root)/whole").teacherPath
    #expect(
      try Self.train(Self.experiment("student", teacher: file), in: "\(root)/file") == .complete)
    #expect(try Self.weights("\(root)/whole") == Self.weights("\(root)/file"))
    var labels = Self.experiment("student", teacher: file)
    labels.recipe.distillation = nil
    #expect(try Self.train(labels, in: "\(root)/labels") == .complete)
    #expect(try Self.weights("\(root)/whole") != Self.weights("\(root)/labels"))
    // Other images.
    let other = Self.experiment("student", teacher: file, dataSeed: 4)
    let error = #expect(throws: TrainingError.self) {
      try Self.train(other, in: "\(root)/other")
    }
    guard case .unusableTeacher(file, let reason)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(reason.contains("other images"))
  }

  @Test func whatCannotTeachIsRefused() throws {
    let root = FileManager.default.temporaryDirectory.path + "/distilled-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: root) }
    let images = try #require(Self.experiment("a").data.procedural).dataset()
    func refusal(_ teacher: String) throws -> String {
      let error = #expect(throws: TrainingError.self) {
        try Self.train(Self.experiment("student", teacher: teacher), in: "\(root)/\(UUID())")
      }
      guard case .unusableTeacher(teacher, let reason)? = error else {
        return "\(String(describing: error))"
      }
      return reason
    }
    try Directory.create("\(root)/empty")
    #expect(try refusal("\(root)/none").contains("no such"))
    #expect(try refusal("\(root)/empty").contains("no run"))
    #expect(
      try Self.train(Self.experiment("teacher"), in: "\(root)/begun", stoppingAfter: 3)
        == .interrupted)
    #expect(try refusal("\(root)/begun").contains("not yet trained"))
    let classes = 7
    let path = "\(root)/classes.safetensors"
    try Predictions(
      name: "t", network: "t", multiplyAccumulates: 1, parameters: 1, split: "train",
      fingerprint: images.train.fingerprint,
      logProbabilities: [Float](repeating: -1.9459101, count: 140 * classes),
      labels: [Int64](repeating: 0, count: 140), classes: classes
    ).write(to: path)
    #expect(try refusal(path).contains("7 classes"))
  }
}
