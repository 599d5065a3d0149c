import Files

/// The classes of one or two splits, and their numbers.
struct EncodedClasses {
  /// Lists of class names that may lie beside shards, one name a line.
  private static let listNames = ["classes.txt", "classnames.txt"]

  let names: [String]
  /// What was inferred.
  let notes: [Note]
  /// Whether files label images by numbers, not by names.
  let areNumbered: Bool
  private let numbers: [String: Int64]

  /// Numbers the classes of `listings`; those without labels are of one class without a name.
  ///
  /// - Parameters:
  ///   - given: The classes in the order of their numbers, where they are known.
  ///   - directory: Where a list of them may lie.
  init(given: [String]?, in directory: String, listings: [EncodedListing]) throws {
    let largest = try Self.largestNumber(of: listings)
    areNumbered = largest != nil
    let list = try given == nil ? Self.list(in: directory, listings) : nil
    notes = list?.notes ?? []
    if let known = given ?? list?.names {
      names = known
    } else if let largest {
      names = (0...largest).map(String.init)
    } else {
      let classes = listings.map { $0.classes ?? Set($0.labels.compactMap(\.className)).sorted() }
      if classes.count == 2 {
        try ImageListing.checkClasses(
          classes[1], in: listings[1].path, areAmong: classes[0], in: listings[0].path)
      }
      names = listings[0].hasLabels ? classes[0] : [""]
    }
    numbers = Dictionary(
      names.enumerated().map { ($1, Int64($0)) }, uniquingKeysWith: { first, _ in first })
    guard !areNumbered, numbers.count < names.count,
      let twice = names.indices.first(where: { numbers[names[$0]] != Int64($0) })
    else { return }
    throw DatasetError.classesDoNotFit(
      data: listings[0].path, model: directory, problem: .ambiguousName(names[twice]))
  }

  /// The split of a listing's images.
  ///
  /// - Throws: `DatasetError` where an image's class is not one of these.
  func split(
    _ listing: EncodedListing, _ earlierNotes: [Note] = []
  ) throws(DatasetError) -> EncodedSplit {
    var labels: [Int64] = []
    labels.reserveCapacity(listing.labels.count)
    for (index, label) in listing.labels.enumerated() {
      switch label {
      case .number(let number):
        guard number < names.count else {
          let (path, entry) = listing.place(of: index)
          throw .invalidShard(
            path: path, entry: entry,
            problem: .labelOutOfRange(label: number, classCount: names.count))
        }
        labels.append(Int64(number))
      case .className(let name):
        guard let number = numbers[name] else {
          let (path, entry) = listing.place(of: index)
          throw .unknownClass(
            path: entry.map { "\(path)/\($0)" } ?? path, className: name,
            classCount: names.count)
        }
        labels.append(number)
      }
    }
    if !listing.hasLabels { labels = [Int64](repeating: 0, count: listing.names.count) }
    return EncodedSplit(
      listing, classNames: names, labels: labels, areNumbers: areNumbered,
      notes: earlierNotes + notes)
  }

  /// The largest label where labels are numbers.
  ///
  /// - Throws: `DatasetError` where only some are.
  private static func largestNumber(of listings: [EncodedListing]) throws(DatasetError) -> Int? {
    var largest: Int?
    var numbered, named: String?
    for listing in listings {
      for (index, label) in listing.labels.enumerated() {
        switch label {
        case .number(let number):
          largest = max(largest ?? 0, number)
          numbered = numbered ?? listing.place(of: index).path
        case .className: named = named ?? listing.place(of: index).path
        }
      }
    }
    if let numbered, let named { throw .differentLabels(path: numbered, otherPath: named) }
    return largest
  }

  /// The list beside the shards of `listings`, if there is one.
  private static func list(in directory: String, _ listings: [EncodedListing]) throws -> ClassList?
  {
    let shards = listings.filter { if case .shards = $0.source { true } else { false } }
    guard !shards.isEmpty else { return nil }
    var directories = [directory]
    for listing in shards where !directories.contains(listing.path) {
      directories.append(listing.path)
    }
    let paths = directories.flatMap { directory in listNames.map { "\(directory)/\($0)" } }
      .filter(Directory.exists)
    return try paths.first.map { try ClassList(path: $0) }
  }
}

extension ShardListing.Label {
  /// The class's name, where it is one.
  var className: String? {
    switch self {
    case .number: nil
    case .className(let name): name
    }
  }
}
