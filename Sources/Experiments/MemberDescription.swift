import Datasets
import Files
import Networks

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What a member's images and answers are: `member.json` beside its weights.
public struct MemberDescription: Codable, Hashable, Sendable {
  /// What turns an image into the network's input.
  public var preprocessing: Preprocessing
  /// The classes, in the order of the logits; nil where nobody gave them.
  public var classNames: [String]?

  /// Creates a description.
  public init(preprocessing: Preprocessing, classNames: [String]?) {
    self.preprocessing = preprocessing
    self.classNames = classNames
  }
}

extension MemberDirectory {
  /// What the member's images and answers are.
  public var descriptionPath: String { "\(path)/member.json" }

  /// What `member.json` says; nil where there is none.
  ///
  /// - Throws: `ExperimentError.unusableDescription` where it cannot be understood, `FileError` where it cannot be read.
  public func description() throws -> MemberDescription? {
    guard Directory.exists(descriptionPath) else { return nil }
    let bytes = try MappedFile(path: descriptionPath).withBytes { Data($0) }
    do {
      return try JSONDecoder().decode(MemberDescription.self, from: bytes)
    } catch {
      throw ExperimentError.unusableDescription(file: descriptionPath)
    }
  }
}

extension RunDirectory {
  /// Which images the run uses.
  ///
  /// - Throws: `ExperimentError.unusableDataRecord` where that cannot be understood, `FileError` where it cannot be read.
  public func dataRecord() throws -> DataRecord { try DataRecord(path: dataPath) }
}

extension DataRecord {
  /// What the images and answers of a member with this network are.
  public func description(of network: Network) -> MemberDescription {
    MemberDescription(
      preprocessing: Preprocessing(
        height: network.input.height, width: network.input.width, resizing: resizing ?? .none,
        mean: mean, standardDeviation: standardDeviation),
      classNames: classNames)
  }
}
