/// How a label stands for a class.
public enum LabelForm: String, Codable, CaseIterable, Hashable, Sendable {
  /// As the class's name.
  case names
  /// As the class's place among the classes, from 0.
  case indices
  /// As the class's place among the classes, from 1.
  case indicesFromOne = "indices-from-1"
}

/// What the user says about files of other programs, which is not looked for then.
public struct ImportOptions: Hashable, Sendable {
  /// What the scores are.
  public var kind: ScoreKind?
  /// The classes' names: those of the columns to read, in this order, or of the scores of a file without names.
  public var classes: [String]?
  /// How labels stand for classes.
  public var labelForm: LabelForm?
  /// The column of a table that holds the labels.
  public var labelColumn: String?
  /// The array of an `.npz` file that holds the scores.
  public var array: String?

  /// Says nothing.
  public init(
    kind: ScoreKind? = nil, classes: [String]? = nil, labelForm: LabelForm? = nil,
    labelColumn: String? = nil, array: String? = nil
  ) {
    self.kind = kind
    self.classes = classes
    self.labelForm = labelForm
    self.labelColumn = labelColumn
    self.array = array
  }
}
