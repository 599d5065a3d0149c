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
  /// - Parameter names: `[C]`; such as "class 3" where nil.
  public init(classesOf predictions: Predictions, names: [String]? = nil) {
    self.names = names ?? Self.numbered(predictions.classes)
    numbers = predictions.labels.map { Int($0) }
  }

  /// What classes without names are called, in order: "class 0" and so on.
  public static func numbered(_ classes: Int) -> [String] {
    (0..<classes).map { "class \($0)" }
  }
}
