import Datasets
import Files
import Networks
import Schemas

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What a member's images and answers are: `member.json` beside its weights.
public struct MemberInterface: Codable, Hashable, Sendable {
  /// What turns an image into the network's input.
  public var preprocessing: Preprocessing
  /// The classes, in the order of the logits; nil where none were given.
  public var classNames: [String]?

  /// Creates a description.
  public init(preprocessing: Preprocessing, classNames: [String]?) {
    self.preprocessing = preprocessing
    self.classNames = classNames
  }
}

extension MemberDirectory {
  /// What the member's images and answers are.
  public var descriptionPath: String { RunFile.description.path(in: path) }

  /// What `member.json` says; nil where there is none.
  ///
  /// - Throws: `ExperimentError.unusableDescription` or `SchemaError` where it cannot be understood, `FileError` where it cannot be read.
  public func description() throws -> MemberInterface? {
    guard Directory.exists(descriptionPath) else { return nil }
    let bytes = try MappedFile(path: descriptionPath).withBytes { Data($0) }
    do {
      return try StrictJSON.decodeAll(MemberInterface.self, from: bytes)
    } catch let error as StrictJSON.KeyError {
      throw SchemaError(error, file: descriptionPath)
    } catch {
      throw ExperimentError.unusableDescription(file: descriptionPath)
    }
  }
}

extension RunDirectory {
  /// Which images the run uses.
  ///
  /// - Throws: `ExperimentError.unusableDataRecord` where that cannot be understood, `FileError` where it cannot be read.
  public func dataRecord() throws -> DataRecord {
    guard Directory.exists(dataPath) else {
      throw ExperimentError.unusableDataRecord(file: dataPath)
    }
    return try DataRecord(path: dataPath)
  }
}

extension DataRecord {
  /// What the images and answers of a member with this network are.
  public func description(of network: Network) -> MemberInterface {
    MemberInterface(
      preprocessing: Preprocessing(
        height: network.input.height, width: network.input.width, resizing: resizing ?? .none,
        interpolation: interpolation ?? earlierInterpolation, mean: mean,
        standardDeviation: standardDeviation),
      classNames: classNames)
  }

  /// What trainings did whose records do not say it: only images in memory have a short side resized.
  private var earlierInterpolation: Preprocessing.Interpolation {
    if case .shortSide = resizing { ImageDataset.interpolation } else { .bicubic }
  }

  /// Whether an earlier version wrote the record, whose `member.json` says bicubic though images were resized otherwise.
  public var hasMisdescribedMembers: Bool {
    interpolation == nil && earlierInterpolation != .bicubic
  }
}

extension MemberInterface {
  /// Whether training as such wrote it and images were resized otherwise than it says: earlier versions said bicubic always.
  ///
  /// Only images in memory have a short side resized in training, and they never were resized with bicubic weights.
  public var isMisdescribed: Bool {
    if case .shortSide = preprocessing.resizing {
      preprocessing.interpolation == .bicubic
    } else {
      false
    }
  }

  /// The same with what training did in the place of what an earlier version wrote.
  public var corrected: MemberInterface {
    var result = self
    result.preprocessing.interpolation = ImageDataset.interpolation
    return result
  }
}
