import Datasets
import Deployment
import Ensembles
import Files
import Foundation
import Inference
import Networks
import ONNX
import Predictions
import Randomness

/// An ensemble of small networks with random weights, as a directory.
package struct TinyEnsemble {
  /// Pixels of each side.
  package static let side = 12
  /// How many classes.
  package static let classes = 5
  /// Numbers of one image.
  package static let imageSize = 3 * side * side

  /// Where it was written.
  package let directory: EnsembleDirectory
  /// The members, in order.
  package let members: [EnsembleMember]

  /// Writes an ensemble to `path`.
  ///
  /// - Parameters:
  ///   - expectedService: What it says of its worth; reductions cost what all their members do.
  ///   - errorCosts: What it decides labels by; nil for the most probable class.
  ///   - seed: Of the weights: another one gives other answers.
  ///   - first: The number of the first member: what one ensemble has as its second, another can have alone.
  ///   - overflowing: A member that gives no distribution for images of `overflowingImages`.
  package init(
    at path: String, members count: Int = 3, combination: Combination = Combination(),
    expectedService: ExpectedService? = nil, errorCosts: ErrorCosts? = nil, seed: UInt64 = 1,
    first: Int = 0, overflowing: Int? = nil
  ) throws {
    let network = try WideResNet(
      depth: 10, widenFactor: 1, inputSize: Self.side, classes: Self.classes
    ).network
    let preprocessing = Preprocessing(
      height: Self.side, width: Self.side, resizing: .shortSide(Self.side),
      mean: [120, 110, 100], standardDeviation: [60, 50, 40])
    var members: [(member: EnsembleMember, bytes: MemberBytes)] = []
    for index in first..<first + count {
      var weights: [String: [Float]] = [:]
      for (number, parameter) in network.parameters.enumerated() {
        weights[parameter.name] = Self.values(
          parameter, RandomStream(seed: seed, UInt64(100 * index + number)))
      }
      // The last layer: what overflows before it, its activations would take for 0.
      if index == overflowing,
        let last = network.parameters.first(where: { $0.kind == .linearWeight })?.name
      {
        weights[last] = weights[last]?.map { $0 * 1e8 }
      }
      let bytes = try ONNXExport(of: network, weights: weights).bytes()
      let model = try bytes.withUnsafeBytes {
        try ImageModel(bytes: $0, source: "member \(index)", imageSize: Self.side)
      }
      let member = try EnsembleMember(
        model, name: "member-\(index)", network: network.name, preprocessing: preprocessing)
      members.append((member, .memory(bytes)))
    }
    self.members = members.map(\.member)
    var directory = try EnsembleDirectory.write(
      to: path, members: members, labels: ["a", "b", "c", "d", "e"], combination: combination,
      errorCosts: errorCosts)
    if let expectedService {
      var manifest = directory.manifest
      manifest.version = EnsembleManifest.knownVersions.upperBound
      manifest.expectedService = Self.costed(expectedService, members: manifest.members)
      try JSONEncoder().encode(manifest).write(
        to: URL(fileURLWithPath: "\(path)/\(EnsembleDirectory.manifestName)"))
      directory = try EnsembleDirectory(path: path)
    }
    self.directory = directory
  }

  private static func costed(
    _ service: ExpectedService, members: [EnsembleManifest.Member]
  ) -> ExpectedService {
    var service = service
    for place in service.reductions.indices {
      let left = members.filter { !service.reductions[place].missing.contains($0.name) }
      service.reductions[place].multiplyAccumulates = left.reduce(0) {
        $0 + Double($1.multiplyAccumulates)
      }
    }
    return service
  }

  /// `count` images of numbers so large that the overflowing member gives no distribution for them, and the others do.
  package static func overflowingImages(_ count: Int, seed: UInt64) -> [Float] {
    images(count, seed: seed).map { $0 * 1e33 }
  }

  private static func values(_ parameter: Parameter, _ stream: RandomStream) -> [Float] {
    var stream = stream
    let isVariance = parameter.kind == .runningVariance || parameter.kind == .normalizationWeight
    return (0..<parameter.count).map { _ in
      let value = Float(stream.unitInterval()) - 0.5
      return isVariance ? 1 + value / 4 : value / 2
    }
  }

  /// `count` images as members take them, the same for the same seed.
  package static func images(_ count: Int, seed: UInt64) -> [Float] {
    var stream = RandomStream(seed: seed, 9)
    return (0..<count * imageSize).map { _ in Float(stream.unitInterval()) * 4 - 2 }
  }

  /// What each member says of each image, computed one by one: `[member][N, classes]`, in nats.
  package func logProbabilities(of images: [Float]) throws -> [[Float]] {
    try members.map { member in
      let classifier = try Classifier(
        [member.model], batch: 1, options: InferenceOptions(threads: 1, cacheDirectory: nil))
      let session = try InferenceSession(classifier)
      return try stride(from: 0, to: images.count, by: Self.imageSize).flatMap { place in
        for index in 0..<Self.imageSize { session.input[index] = images[place + index] }
        try session.run()
        return try session.logProbabilities(of: 0)
      }
    }
  }
}
