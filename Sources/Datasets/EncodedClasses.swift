import Files

/// The classes of one or two splits, and their numbers.
struct EncodedClasses {
  /// Lists of class names that may lie beside shards, one name a line.
  private static let listNames = ["classes.txt", "classnames.txt"]

  let names: [String]
  private let numbers: [String: Int64]

  /// Numbers the classes of `listings`.
  ///
  /// - Parameters:
  ///   - given: The classes in the order of their numbers, where they are known.
  ///   - directory: Where a list of them may lie.
  init(given: [String]?, in directory: String, listings: [EncodedListing]) throws {
    if let known = try given ?? Self.list(in: directory, listings) {
      names = known
    } else if let largest = try Self.largestNumber(of: listings) {
      names = (0...largest).map(String.init)
    } else {
      let classes = listings.map { Set($0.labels.compactMap(\.className)).sorted() }
      if classes.count == 2 {
        try ImageListing.checkClasses(
          classes[0], in: listings[0].path, equal: classes[1], in: listings[1].path)
      }
      names = classes[0]
    }
    numbers = Dictionary(
      names.enumerated().map { ($1, Int64($0)) }, uniquingKeysWith: { first, _ in first })
  }

  /// The split of a listing's images.
  ///
  /// - Throws: `DatasetError` where an image's class is not one of these.
  func split(_ listing: EncodedListing) throws(DatasetError) -> EncodedSplit {
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
    return EncodedSplit(listing, classNames: names, labels: labels)
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

  /// The names in the list beside the shards of `listings`, if there is one.
  private static func list(in directory: String, _ listings: [EncodedListing]) throws -> [String]? {
    let shards = listings.filter { if case .shards = $0.source { true } else { false } }
    guard !shards.isEmpty else { return nil }
    var directories = [directory]
    for listing in shards where !directories.contains(listing.path) {
      directories.append(listing.path)
    }
    let paths = directories.flatMap { directory in listNames.map { "\(directory)/\($0)" } }
      .filter(Directory.exists)
    guard let path = paths.first else { return nil }
    var lines = try MappedFile(path: path).withBytes { bytes in
      // By bytes: to a string, a line that ends as on Windows has one character at its end, which is no "\n".
      bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { line in
        String(decoding: line.last == UInt8(ascii: "\r") ? line.dropLast() : line, as: UTF8.self)
      }
    }
    if lines.last?.isEmpty == true { lines.removeLast() }
    guard !lines.isEmpty, Set(lines).count == lines.count, lines.allSatisfy({ !$0.isEmpty }) else {
      throw DatasetError.wrongClassNames(
        path: path, count: Set(lines).subtracting([""]).count, expectedCount: max(lines.count, 1))
    }
    return lines
  }
}

extension ShardListing.Label {
  /// The class's name, where it is one.
  fileprivate var className: String? {
    switch self {
    case .number: nil
    case .className(let name): name
    }
  }
}
