import Files

/// Which of several groups each image belongs to: its class, or what a user says of it, such as the camera or the hospital.
public struct ImageGroups: Hashable, Sendable {
  /// `[G]`, each once.
  public let names: [String]
  /// `[N]`: of each image, the place of its group in `names`.
  public let numbers: [Int]

  /// Groups with a label an image, in the order of the labels as text.
  ///
  /// - Parameter labels: `[N]`, none empty.
  public init(labels: [String]) {
    names = Set(labels).sorted()
    let places = Dictionary(zip(names, names.indices)) { first, _ in first }
    numbers = labels.map { places[$0] ?? 0 }
  }

  /// The images' classes.
  ///
  /// - Parameter names: `[C]`; the classes' numbers where nil.
  public init(classesOf predictions: Predictions, names: [String]? = nil) {
    self.names = names ?? (0..<predictions.classes).map(String.init)
    numbers = predictions.labels.map { Int($0) }
  }
}
