import Files

/// Which of a model's outputs stands for each class of some images.
///
/// By name where names are known: as they are, else without regard to case, blanks, underscores and hyphens, else by
/// WordNet's numbers or the words behind them. Otherwise by the numbers that classes are called by, or by their order.
/// Whatever is not certain from the names is said in a note, or refused.
public struct ClassMatching: Sendable {
  /// What the user says about how classes are matched.
  public enum Order: String, CaseIterable, Sendable {
    /// By their names only.
    case names
    /// In the order of the folders, by the numbers in their names where all have one.
    case folders
    /// In the order of the names as text, as torchvision takes folders.
    case text
    /// A class is called by its output's number, from 0.
    case numbers
    /// The same from 1.
    case numbersFromOne = "numbers-from-1"
  }

  /// The output of each class of the images.
  public let outputs: [Int64]
  /// What was inferred.
  public let notes: [Note]

  /// Matches classes.
  ///
  /// - Parameters:
  ///   - found: The images' classes, sorted as text.
  ///   - isUsed: Whether there are images of each; the others need no output.
  ///   - data: Where the images are.
  ///   - labels: The model's classes, in the order of its outputs, where they are known.
  ///   - classes: How many it has.
  ///   - model: What it is called.
  ///   - order: What the user says; nil where it is to be found out.
  /// - Throws: `DatasetError.classesDoNotFit`.
  public init(
    of found: [String], isUsed: [Bool], in data: String, to labels: [String]?, classes: Int,
    model: String, order: Order?
  ) throws(DatasetError) {
    precondition(found.count == isUsed.count && labels.map { $0.count == classes } ?? true)
    do throws(Failure) {
      let match = Match(found: found, isUsed: isUsed, labels: labels, classes: classes)
      let (outputs, text) = try match.outputs(order)
      self.outputs = outputs
      notes = text.map { [Note(source: data, text: $0)] } ?? []
    } catch {
      throw .classesDoNotFit(data: data, model: model, problem: error.problem)
    }
  }

  fileprivate struct Failure: Error {
    let problem: ClassProblem
  }
}

private struct Match {
  typealias Failure = ClassMatching.Failure
  typealias Result = (outputs: [Int64], note: String?)

  let found: [String]
  let isUsed: [Bool]
  let labels: [String]?
  let classes: Int

  func outputs(_ order: ClassMatching.Order?) throws(Failure) -> Result {
    switch order {
    case .names: return try byNames(orNumbers: false)
    case .folders: return try inOrder(numberOrder ?? Array(found.indices))
    case .text: return try inOrder(Array(found.indices))
    case .numbers: return (try byNumbers(from: 0), nil)
    case .numbersFromOne: return (try byNumbers(from: 1), nil)
    case nil:
      if labels != nil { return try byNames(orNumbers: true) }
      return try numbers == nil ? byCount() : inferredNumbers()
    }
  }

  // MARK: Names

  private func byNames(orNumbers: Bool) throws(Failure) -> Result {
    guard let labels else {
      throw Failure(problem: .differentCounts(found: found.count, classes: classes))
    }
    let names = ClassNames(labels)
    var outputs = [Int64](repeating: 0, count: found.count)
    var unknown: [String] = []
    var holders: [Int: String] = [:]
    var inexact: (name: String, label: String)?
    for (place, name) in found.enumerated() where isUsed[place] {
      let matches = names.places(of: name)
      guard let output = matches.first else {
        unknown.append(name)
        continue
      }
      guard matches.count == 1 else { throw Failure(problem: .ambiguousName(name)) }
      if let other = holders.updateValue(name, forKey: output) {
        throw Failure(problem: .sameClass(first: other, second: name, label: labels[output]))
      }
      if labels[output] != name, inexact == nil { inexact = (name, labels[output]) }
      outputs[place] = Int64(output)
    }
    guard unknown.isEmpty else {
      guard holders.isEmpty else {
        throw Failure(problem: .unknownNames(unknown, total: found.count))
      }
      if orNumbers, numbers != nil { return try inferredNumbers() }
      throw Failure(problem: .noNameFits(found: found, labels: labels))
    }
    let note = inexact.map {
      "its classes are the model's by name, though spelt in another way: '\($0.name)' is '\($0.label)'"
    }
    return (outputs, note)
  }

  // MARK: Numbers

  /// The numbers that all classes are called by, if they are.
  private var numbers: [Int]? {
    let numbers = found.compactMap { Int(ClassName.trimmed($0)) }
    return numbers.count == found.count && !found.isEmpty ? numbers : nil
  }

  private func byNumbers(from first: Int) throws(Failure) -> [Int64] {
    var holders: [Int: String] = [:]
    var outputs: [Int64] = []
    for (place, name) in found.enumerated() {
      let number = Int(ClassName.trimmed(name)) ?? -1
      guard number >= first, number - first < classes else {
        guard !isUsed[place] else {
          throw Failure(problem: .numberOutOfRange(name: name, first: first, classes: classes))
        }
        outputs.append(0)
        continue
      }
      if let other = holders.updateValue(name, forKey: number) {
        throw Failure(problem: .sameNumber(first: other, second: name))
      }
      outputs.append(Int64(number - first))
    }
    return outputs
  }

  private func inferredNumbers() throws(Failure) -> Result {
    guard let numbers, let least = numbers.min(), let greatest = numbers.max() else {
      throw Failure(problem: .differentCounts(found: found.count, classes: classes))
    }
    if least == 0, greatest < classes { return said(try byNumbers(from: 0)) }
    if least >= 1, greatest == classes { return said(try byNumbers(from: 1)) }
    guard labels == nil, least >= 0, found.count == classes, Set(numbers).count == classes else {
      let order = numbers.indices.sorted { numbers[$0] < numbers[$1] }
      throw Failure(
        problem: .ambiguousNumbers(
          first: found[order[0]], last: found[order[order.count - 1]], classes: classes))
    }
    return try inOrder(numberOrder ?? Array(found.indices))
  }

  // MARK: Order

  private func byCount() throws(Failure) -> Result {
    try inOrder(numberOrder ?? Array(found.indices))
  }

  /// The places of the classes in the order of the numbers in their names, where they differ in these alone.
  private var numberOrder: [Int]? {
    if let numbers { return numbers.indices.sorted { (numbers[$0], $0) < (numbers[$1], $1) } }
    let parts = found.map { name in
      let name = ClassName.trimmed(name)
      let head = name.prefix { !$0.isASCIIDigit }
      let digits = name[head.endIndex...].prefix(while: \.isASCIIDigit)
      return (head: head, number: Int(digits), tail: name[digits.endIndex...])
    }
    guard let first = parts.first,
      parts.allSatisfy({ $0.head == first.head && $0.tail == first.tail && $0.number != nil })
    else { return nil }
    return parts.indices.sorted { (parts[$0].number ?? 0, $0) < (parts[$1].number ?? 0, $1) }
  }

  private func inOrder(_ order: [Int]) throws(Failure) -> Result {
    guard found.count == classes else {
      throw Failure(problem: .differentCounts(found: found.count, classes: classes))
    }
    var outputs = [Int64](repeating: 0, count: classes)
    for (output, place) in order.enumerated() { outputs[place] = Int64(output) }
    return said(outputs)
  }

  /// The outputs, and a line about which class has which.
  private func said(_ outputs: [Int64]) -> Result {
    let order = outputs.indices.sorted { outputs[$0] < outputs[$1] }
    func part(_ place: Int) -> String {
      let output = Int(outputs[place])
      let label = labels.map { " ('\($0[output])')" } ?? ""
      return "'\(found[place])' is output \(output)\(label)"
    }
    let ends = order.count > 1 ? [order[0], order[order.count - 1]] : order
    let isNumbered = order == numberOrder
    let hint =
      order == Array(found.indices) ? "" : "; torchvision sorts folders as text: --class-order text"
    return (
      outputs,
      "classes taken in \(isNumbered ? "number order" : "the order of their names"): "
        + ends.map(part).joined(separator: ", …, ") + "; \(found.count) of the model's \(classes)"
        + hint
    )
  }
}

/// The names of a model's classes, to be found in any of the ways that they are written.
private struct ClassNames {
  private var exact: [String: [Int]] = [:]
  private var folded: [String: [Int]] = [:]
  private var synsets: [String: [Int]] = [:]
  private var words: [String: [Int]] = [:]

  init(_ labels: [String]) {
    for (place, label) in labels.enumerated() {
      let name = ClassName(label)
      exact[label, default: []].append(place)
      folded[name.folded, default: []].append(place)
      if let synset = name.synset { synsets[synset, default: []].append(place) }
      if !name.word.isEmpty { words[name.word, default: []].append(place) }
    }
  }

  /// The places of the classes that `name` may be, those that fit best only.
  func places(of name: String) -> [Int] {
    if let places = exact[name] { return places }
    let name = ClassName(name)
    if let places = folded[name.folded] { return places }
    if let synset = name.synset, let places = synsets[synset] { return places }
    // A number that other labels have is of another class, whatever the words say.
    guard name.synset == nil || synsets.isEmpty, !name.word.isEmpty else { return [] }
    return words[name.word] ?? []
  }
}
