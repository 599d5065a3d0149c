import Leases
import Randomness

/// A directory on a server, in virtual time, and what each client sees of it: its listings and its missing names may be old.
///
/// `@unchecked Sendable`: a simulation has one thread.
package final class SimulatedDirectory: @unchecked Sendable {
  /// What clients asked of the server, or could have from their caches: the real ones ask less.
  package struct Operations: Hashable {
    package var creations = 0
    package var renames = 0
    package var listings = 0
    package var lookups = 0
    package var reads = 0
    package var removals = 0

    /// A rename sets a time too; a listing is a request for each 500 names.
    package var requests: Int {
      creations + 2 * renames + listingRequests + lookups + reads + removals
    }
    package var listingRequests = 0
  }

  /// One file: its names with the times from when it had them, the oldest that anyone may still see first.
  private struct File {
    var names: [(time: Double, name: String?)]
    let bytes: [UInt8]
  }

  private struct Folder {
    var files: [File] = []
    var places: [String: Int] = [:]
  }

  /// Seconds of virtual time.
  package var clock = 0.0
  package var operations = Operations()
  /// How old what a client sees may be, in seconds.
  package let delay: Double
  private var folders: [LeaseFolder: Folder] = [.workers: Folder(), .leases: Folder()]

  package init(delay: Double) { self.delay = delay }

  fileprivate func create(_ name: String, in folder: LeaseFolder, _ bytes: [UInt8]) -> Bool {
    operations.creations += 1
    guard folders[folder]?.places[name] == nil, let place = folders[folder]?.files.count else {
      return false
    }
    folders[folder]?.places[name] = place
    folders[folder]?.files.append(File(names: [(clock, name)], bytes: bytes))
    return true
  }

  fileprivate func rename(_ name: String, to newName: String?, in folder: LeaseFolder) -> Bool {
    guard let place = folders[folder]?.places.removeValue(forKey: name) else { return false }
    if let newName { folders[folder]?.places[newName] = place }
    // What no client can see any more is forgotten.
    let horizon = clock - delay
    let names = folders[folder]?.files[place].names ?? []
    let kept = names.lastIndex { $0.time <= horizon } ?? 0
    folders[folder]?.files[place].names = Array(names[kept...]) + [(clock, newName)]
    return true
  }

  fileprivate func exists(_ name: String, in folder: LeaseFolder) -> Bool {
    operations.lookups += 1
    return folders[folder]?.places[name] != nil
  }

  fileprivate func read(_ name: String, in folder: LeaseFolder) -> [UInt8]? {
    operations.reads += 1
    return folders[folder]?.places[name].flatMap { folders[folder]?.files[$0].bytes }
  }

  /// The names as they were at `time`, with those that the client itself gave since.
  fileprivate func names(
    in folder: LeaseFolder, at time: Double, own: Set<String>
  ) -> [String] {
    operations.listings += 1
    guard let files = folders[folder]?.files else { return [] }
    var names: [String] = []
    names.reserveCapacity(files.count)
    for file in files {
      if file.names.count == 1, file.names[0].time <= time, let name = file.names[0].name {
        names.append(name)
      } else if let last = file.names.last?.name, own.contains(last) {
        names.append(last)
      } else if let name = file.names.last(where: { $0.time <= time })?.name {
        names.append(name)
      }
    }
    operations.listingRequests += 1 + names.count / 500
    return names
  }

  /// The names as they are.
  package func currentNames(in folder: LeaseFolder) -> Set<String> {
    Set(folders[folder]?.places.keys ?? [:].keys)
  }
}

/// What one machine sees of a simulated directory: a listing is kept for a while, and so is that a name is missing.
///
/// `@unchecked Sendable`: a simulation has one thread.
package final class SimulatedClient: LeaseStore, @unchecked Sendable {
  package struct Failure: Error {}

  private let directory: SimulatedDirectory
  private var random: RandomStream
  private var views: [LeaseFolder: (seen: Double, until: Double)] = [:]
  private var missing: [String: Double] = [:]
  private var own: [LeaseFolder: Set<String>] = [:]
  /// Whether the client can write, such as to a disk that is not full.
  package var isWritable = true

  package init(_ directory: SimulatedDirectory, random: RandomStream) {
    (self.directory, self.random) = (directory, random)
  }

  private func drawDelay() -> Double { random.unitInterval() * directory.delay }

  package func names(in folder: LeaseFolder) throws -> [String] {
    if directory.clock >= views[folder]?.until ?? -1 {
      views[folder] = (directory.clock, directory.clock + drawDelay())
    }
    return directory.names(
      in: folder, at: views[folder]?.seen ?? directory.clock, own: own[folder] ?? [])
  }

  package func exists(_ name: String, in folder: LeaseFolder) throws -> Bool {
    if let until = missing[name], directory.clock < until {
      directory.operations.lookups += 1
      return false
    }
    missing[name] = nil
    let isThere = directory.exists(name, in: folder)
    if !isThere { missing[name] = directory.clock + drawDelay() }
    return isThere
  }

  package func read(_ name: String, in folder: LeaseFolder) throws -> [UInt8]? {
    directory.read(name, in: folder)
  }

  package func create(_ name: String, in folder: LeaseFolder, _ bytes: [UInt8]) throws -> Bool {
    guard isWritable else { throw Failure() }
    guard directory.create(name, in: folder, bytes) else { return false }
    own[folder, default: []].insert(name)
    return true
  }

  package func rename(_ name: String, to newName: String, in folder: LeaseFolder) throws {
    directory.operations.renames += 1
    guard isWritable, directory.rename(name, to: newName, in: folder) else { throw Failure() }
    own[folder, default: []].remove(name)
    own[folder, default: []].insert(newName)
  }

  package func remove(_ name: String, in folder: LeaseFolder) throws {
    directory.operations.removals += 1
    guard isWritable else { throw Failure() }
    _ = directory.rename(name, to: nil, in: folder)
  }
}
