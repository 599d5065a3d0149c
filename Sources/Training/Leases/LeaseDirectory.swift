import Files

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The folders `workers` and `leases` of a directory that machines may share.
package struct LeaseDirectory: LeaseStore, Hashable {
  /// The directory that holds both.
  package let path: String

  package init(path: String) { self.path = path }

  package func path(of folder: LeaseFolder) -> String { "\(path)/\(folder.rawValue)" }
  package func path(of name: String, in folder: LeaseFolder) -> String {
    "\(path(of: folder))/\(name)"
  }

  package func names(in folder: LeaseFolder) throws -> [String] {
    let path = path(of: folder)
    // A directory that another process removed, or one that its server does not know any more, is opened by name again.
    if try isThere(path), let names = try? Directory.names(in: path) { return names }
    return try isThere(path) ? try Directory.names(in: path) : []
  }

  package func exists(_ name: String, in folder: LeaseFolder) throws -> Bool {
    try isThere(path(of: name, in: folder))
  }

  /// Whether there is something at `path`: what cannot be looked at is not taken for missing.
  private func isThere(_ path: String) throws(FileError) -> Bool {
    var status = stat()
    if path.withSystemPath({ lstat($0, &status) }) == 0 { return true }
    guard errno == ENOENT else {
      throw FileError.cannotRead(path: path, reason: systemErrorReason())
    }
    return false
  }

  package func read(_ name: String, in folder: LeaseFolder) throws -> [UInt8]? {
    guard try exists(name, in: folder) else { return nil }
    return try? MappedFile(path: path(of: name, in: folder)).withBytes { Array($0) }
  }

  package func create(_ name: String, in folder: LeaseFolder, _ bytes: [UInt8]) throws -> Bool {
    guard let descriptor = try createHeld(name, in: folder, bytes) else { return false }
    close(descriptor)
    return true
  }

  /// Makes a file as `create` does, and returns its descriptor, which holds the file's lock; nil where there is one.
  package func createHeld(
    _ name: String, in folder: LeaseFolder, _ bytes: [UInt8]
  ) throws -> Int32? {
    try Directory.create(path(of: folder))
    do {
      return try NewFile.create(path(of: name, in: folder), bytes)
    } catch FileError.cannotWrite(_, systemErrorReason(ENOENT)) {
      // The last worker before this one has tidied up meanwhile.
      try Directory.create(path(of: folder))
      return try NewFile.create(path(of: name, in: folder), bytes)
    }
  }

  package func rename(_ name: String, to newName: String, in folder: LeaseFolder) throws {
    let (from, to) = (path(of: name, in: folder), path(of: newName, in: folder))
    // Without a time of ours: the server's clock.
    _ = from.withSystemPath { utimensat(AT_FDCWD, $0, nil, 0) }
    let status = from.withSystemPath { from in to.withSystemPath { systemRename(from, $0) } }
    guard status == 0 || Directory.isTaken(to) else {
      throw FileError.cannotWrite(path: to, reason: systemErrorReason())
    }
  }

  package func remove(_ name: String, in folder: LeaseFolder) throws {
    try Directory.removeFile(path(of: name, in: folder))
  }

  /// Removes these names and, where nothing else is left, the folder.
  func tidy(_ names: [String], in folder: LeaseFolder) {
    let hidden = (try? Directory.names(in: path(of: folder), hidden: true)) ?? []
    for name in names {
      try? remove(name, in: folder)
      // What a process that was killed had not yet given its name.
      for unnamed in hidden where unnamed.hasPrefix(".\(name).") {
        try? remove(unnamed, in: folder)
      }
    }
    _ = path(of: folder).withSystemPath { rmdir($0) }
  }
}

/// The system's function, whose name is that of the protocol's.
private func systemRename(_ from: UnsafePointer<CChar>, _ to: UnsafePointer<CChar>) -> Int32 {
  rename(from, to)
}
