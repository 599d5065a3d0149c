import Networks
import Predictions

extension Network {
  /// The network of a member, as far as its name and classes say what it is; nil for a name that is unknown, or for another cost.
  package static func named(as member: Predictions) -> Network? {
    inputSize(of: member).flatMap {
      try? Network(named: member.network, inputSize: $0, classes: member.classes)
    }
  }

  /// The side of the images that a member took, in pixels: what it costs says it.
  static func inputSize(of member: Predictions) -> Int? {
    (4...512).lazy.first { size in
      let network = try? Network(
        named: member.network, inputSize: size, classes: member.classes)
      return network?.totals.multiplyAccumulates == member.multiplyAccumulates
    }
  }
}
