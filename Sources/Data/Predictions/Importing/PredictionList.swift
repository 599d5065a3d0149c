import Files
import Schemas

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A JSON file that names predictions of the same images by several members, of Consort or of other programs.
public struct PredictionList: Hashable, Sendable {
  /// One member's file, and what it does not say.
  public struct Entry: Hashable, Sendable {
    /// The file: .safetensors, .npy, .npz, .csv or .tsv; relative to the list.
    public var file: String
    /// The member's name; that of the file, without its ending, where it is nil.
    public var name: String?
    /// The name of its network; the member's name where it is nil.
    public var network: String?
    /// Multiply-accumulates of one image through it.
    public var multiplyAccumulates: Int?
    /// The network's parameters.
    public var parameters: Int?
    /// Measured milliseconds of one image through it, where they are known.
    public var latencyMilliseconds: Double?
    /// What the user says about the file, in place of what is said of all.
    public var options = ImportOptions()
  }

  /// The list's path.
  public let path: String
  /// The split as the list spells it.
  private let splitText: String
  private let fingerprint: String?
  private let labels: String?
  /// What is said of all members' files.
  private let options: ImportOptions
  /// One a member.
  public let members: [Entry]

  private static let largestFile = 1 << 20

  /// Reads the list.
  ///
  /// - Throws: `EnsembleError` naming the file and what is wrong in it.
  public init(path: String) throws(EnsembleError) {
    self.path = path
    let file = try importedFile(path)
    let fix = "give an object with \"split\" and \"members\", each with a \"file\""
    guard file.count <= Self.largestFile else {
      throw .invalidImport(source: path, reason: "is too large for a list", fix: fix)
    }
    let content: ListContent
    do {
      content = try StrictJSON.decode(ListContent.self, from: file.withBytes { Data($0) })
    } catch {
      if let fault = error as? ListContent.CostFault {
        throw .invalidImport(source: path, reason: fault.reason, fix: fault.fix)
      }
      throw .invalidImport(
        source: path, reason: "is not a list of predictions (\(ListContent.reason(error)))",
        fix: fix
      )
    }
    splitText = content.split
    fingerprint = content.fingerprint
    labels = content.labels
    members = content.members
    var options = content.options
    if let file = content.classesFile {
      options.classes = try Self.classNames(in: Self.resolved(file, beside: path))
    }
    self.options = options
  }

  /// The names in a file, one a line.
  ///
  /// - Throws: `EnsembleError` where it cannot be read or names a class twice.
  public static func classNames(in path: String) throws(EnsembleError) -> [String] {
    let text = try DelimitedText(path: path)
    var lines = text.lines()
    var fields: [DelimitedText.Field] = []
    var names: [String] = []
    while lines.next(into: &fields) != nil {
      names.append(fields.map(text.text).joined(separator: ","))
    }
    guard !names.isEmpty, Set(names).count == names.count else {
      throw .invalidImport(
        source: path, reason: "names no class, or one twice", fix: "give one name a line")
    }
    return names
  }

  /// Reads every member's predictions, in order, of the same images and classes in the same order.
  ///
  /// - Parameters:
  ///   - given: A file of labels in place of the list's.
  ///   - said: What the user says about all files, in place of what the list says.
  /// - Throws: `EnsembleError` naming the file, the place and the fix; also where members predict different data.
  public func predictions(
    labels given: String? = nil, options said: ImportOptions = ImportOptions()
  ) throws(EnsembleError) -> [Predictions] {
    let split = try SplitName(splitText, source: path)
    let labelsPath = given ?? self.labels.map(resolved)
    let labels = try labelsPath.map { path throws(EnsembleError) in
      try ImportedLabels(path: path, options: said.over(options))
    }
    var notes = (split.note.map { [$0] } ?? []) + (labels?.notes ?? [])
    if let given, let own = self.labels {
      notes.append(
        Note(source: path, text: "labels are taken from '\(given)' in place of '\(own)'"))
    }
    return try predictions(split: split.name, labels.map { .given($0) } ?? .own, notes, said)
  }

  /// The members' predictions of images that are of no class, in order: of whatever split but the hold-out and training
  /// images, and with or without labels, which are not looked at.
  ///
  /// - Throws: `EnsembleError` as `predictions(labels:options:)`.
  package func predictionsOfUnlike(
    options said: ImportOptions = ImportOptions()
  ) throws(EnsembleError) -> [Predictions] {
    try SplitName.checkUnlike(splitText, source: path)
    return try predictions(split: SplitName.unlike, .ignored, [], said)
  }

  private func predictions(
    split: String, _ labels: LabelSource, _ said: [Note], _ options: ImportOptions
  ) throws(EnsembleError) -> [Predictions] {
    let costs = try MemberCosts(members, path: path, resolved: resolved)
    var found: [Predictions] = []
    for (entry, cost) in zip(members, costs.values) {
      found.append(
        try predictions(
          of: entry, cost, split: split, labels, options.over(entry.options).over(self.options)))
    }
    found = try Predictions.aligned(found)
    try Predictions.checkSameData(found)
    found[0].add(costs.notes + said)
    return found
  }

  private func predictions(
    of entry: Entry, _ cost: MemberCosts.Cost, split: String, _ labels: LabelSource,
    _ options: ImportOptions
  ) throws(EnsembleError) -> Predictions {
    let file = resolved(entry.file)
    if file.lowercased().hasSuffix(".safetensors") {
      let read = try Predictions(path: file)
      if case .ignored = labels {
        try SplitName.checkUnlike(read.split, source: file)
        return try read.inSplit(split)
      }
      if case .given(let labels) = labels { try labels.check(against: read) }
      let split = try SplitName(read.split, source: file)
      var member = try read.inSplit(split.name)
      member.add(split.note.map { [$0] } ?? [])
      return member
    }
    let name = entry.name ?? Self.stem(entry.file)
    let description = MemberDescription(
      name: name, network: entry.network ?? name, multiplyAccumulates: cost.multiplyAccumulates,
      parameters: cost.parameters, split: split, fingerprint: fingerprint)
    // A file's own labels serve where none are given.
    return try Predictions(
      importing: file, labels: labels, as: description, kind: nil, options: options)
  }

  /// The files that are read of it: its own, and those that it names.
  public var files: [String] {
    [path] + (members.map(\.file) + [labels].compactMap { $0 }).map(resolved)
  }

  private func resolved(_ file: String) -> String { Self.resolved(file, beside: path) }

  private static func resolved(_ file: String, beside path: String) -> String {
    guard !file.hasPrefix("/"), let slash = path.lastIndex(of: "/") else { return file }
    return path[...slash] + file
  }

  private static func stem(_ file: String) -> String {
    let name = file.split(separator: "/").last.map(String.init) ?? file
    return name.lastIndex(of: ".").map { String(name[..<$0]) } ?? name
  }
}

extension Predictions {
  /// Adds what is said about a list as a whole.
  package mutating func add(_ notes: [Note]) {
    guard !notes.isEmpty else { return }
    var data =
      imported
      ?? ImportedData(
        classNames: nil, identifiers: nil, hasGivenFingerprint: true, labelsSource: nil, notes: [])
    data.notes = notes + data.notes
    imported = data
  }
}

extension ImportedLabels {
  /// Checks that predictions of Consort's own have these labels.
  ///
  /// - Throws: `EnsembleError.invalidImport` where they have others.
  func check(against predictions: Predictions) throws(EnsembleError) {
    guard words.count == predictions.count else {
      throw .invalidImport(
        source: source,
        reason:
          "has \(words.count) labels, and '\(predictions.source)' has its own of \(predictions.count) images",
        fix: "leave them out")
    }
    let own = try classes(nil, count: predictions.classes, form: nil).values
    guard let image = own.indices.first(where: { own[$0] != predictions.labels[$0] }) else {
      return
    }
    throw .invalidImport(
      source: source,
      reason:
        "has the label \(own[image]) of image \(image), and '\(predictions.source)' has \(predictions.labels[image]) "
        + "of its own",
      fix: "give labels in the order of its images, or leave them out")
  }
}

extension ImportOptions {
  /// These, with others where these say nothing.
  package func over(_ others: ImportOptions) -> ImportOptions {
    ImportOptions(
      kind: kind ?? others.kind, classes: classes ?? others.classes,
      labelForm: labelForm ?? others.labelForm, labelColumn: labelColumn ?? others.labelColumn,
      array: array ?? others.array)
  }
}
