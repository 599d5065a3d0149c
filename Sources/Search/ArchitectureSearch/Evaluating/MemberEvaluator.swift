import Networks
import Predictions

/// A network under evaluation, as the member of an ensemble.
public struct SearchMember: Hashable, Sendable {
  /// For images of the plan's size; its name identifies it within the space.
  public let network: Network
  /// Its place in the ensemble, from 0, which selects the random numbers of its training. Members of one ensemble differ
  /// in it; the same place is the same training, whatever the ensemble.
  public let place: Int

  /// Puts a network in its place, from 0, in the ensemble.
  public init(network: Network, place: Int) {
    self.network = network
    self.place = place
  }

  /// The same name and place.
  public static func == (first: SearchMember, second: SearchMember) -> Bool {
    first.place == second.place && first.network.name == second.network.name
  }

  /// Hashes the name and the place: the names of a space identify its networks.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(network.name)
    hasher.combine(place)
  }
}

/// What trains or estimates networks, and predicts the held-out images with them.
///
/// A search sees nothing else of training: this is where an engine is plugged in.
public protocol MemberEvaluator: AnyObject {
  /// How many images have passed through a network in training when it has come to each rung, from the first; one number
  /// where there is no early stopping.
  var trainingImages: [Int] { get }

  /// Brings the members to a rung and predicts the held-out images with them.
  ///
  /// What was evaluated before must not be trained again, and must give the same.
  ///
  /// - Parameters:
  ///   - members: Each once.
  ///   - rung: From 0.
  ///   - deadline: When to give up; nil for never.
  /// - Returns: One outcome a member, in order; nil where the user wished to stop, or the deadline passed: what was
  ///   done so far is kept for the next time.
  func evaluate(
    _ members: [SearchMember], rung: Int, deadline: ContinuousClock.Instant?
  ) throws -> [MemberOutcome]?
}

/// What became of a member under evaluation.
public enum MemberOutcome: Sendable {
  /// What it predicts of the held-out images.
  case predicted(Predictions)
  /// It could not be evaluated, for example because its training diverged.
  case failed(reason: String)
}
