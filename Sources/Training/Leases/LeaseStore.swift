/// The two directories of what workers say to one another.
package enum LeaseFolder: String, Hashable, Sendable, CaseIterable {
  /// Who works, and signs of life.
  case workers
  /// Who has which unit of work, and how units ended.
  case leases
}

/// What leases ask of a directory that machines share: on disk, or simulated.
///
/// Only `create` has to be seen by all at once, as `O_EXCL` and `link` are by the server of a network file system. What
/// `names`, `exists` and `read` say may be as old as the file system caches it: up to a minute.
package protocol LeaseStore: Sendable {
  /// The names in a folder, in any order; none where there is no folder.
  func names(in folder: LeaseFolder) throws -> [String]
  /// Whether the file is there.
  func exists(_ name: String, in folder: LeaseFolder) throws -> Bool
  /// The bytes of a file, which never change; nil where there is none.
  func read(_ name: String, in folder: LeaseFolder) throws -> [UInt8]?
  /// Makes a file with these bytes, whole or not at all; returns false where there is one of that name.
  func create(_ name: String, in folder: LeaseFolder, _ bytes: [UInt8]) throws -> Bool
  /// Gives a file of this worker's own another name, and the time of now by the clock of the server.
  func rename(_ name: String, to newName: String, in folder: LeaseFolder) throws
  /// Removes a file, if it is there.
  func remove(_ name: String, in folder: LeaseFolder) throws
}
