import Files

/// What kind of data set lies in a directory, and where exactly.
enum DatasetFormat {
  case cifar(CIFARLayout, directory: String)
  case classFolders(directory: String)

  /// Finds the one data set in `directory`.
  static func detect(in directory: String) throws(DatasetError) -> DatasetFormat {
    guard Directory.isDirectory(directory) else { throw .noDirectory(directory: directory) }
    var found: [(format: DatasetFormat, place: String)] = []
    for layout in [CIFARLayout.cifar10, .cifar100] {
      for place in [directory, "\(directory)/\(layout.usualDirectory)"]
      where layout.isPresent(in: place) {
        found.append((.cifar(layout, directory: place), place))
      }
    }
    if ClassFolders.splitNames.contains(where: { Directory.isDirectory("\(directory)/\($0)") }) {
      found.append((.classFolders(directory: directory), directory))
    }
    guard let first = found.first else { throw .unknownFormat(directory: directory) }
    guard found.count == 1 else {
      throw .severalDatasets(directory: directory, places: found.map(\.place))
    }
    return first.format
  }
}

extension ImageDataset {
  /// Whether `directory` holds CIFAR's binary files.
  public static func isCIFAR(_ directory: String) -> Bool {
    guard case .cifar? = try? DatasetFormat.detect(in: directory) else { return false }
    return true
  }
}
