import CTorch

/// Keys and values that the processes of a group share: c10d's TCPStore, which one of them or torchrun's agent holds.
///
/// It stays in memory, and does not notice that a process ends.
public final class ProcessStore {
  let handle: ct_store

  /// Connects to the store at `host`.
  ///
  /// - Parameters:
  ///   - port: Where it `isHost`, 0 takes one that is free.
  ///   - isHost: Whether this process holds the store.
  ///   - seconds: How long this and every later call waits for another process.
  /// - Throws: `TorchError` where there is none, or the port is in use.
  public init(host: String, port: UInt16, isHost: Bool, seconds: Double) throws(TorchError) {
    var created = ct_store()
    try check("store", ct_store_open(host, port, isHost, seconds, &created))
    handle = created
  }

  private init(_ handle: ct_store) { self.handle = handle }

  deinit { ct_store_free(handle) }

  /// The same store, with `prefix` before every key.
  public func prefixed(_ prefix: String) throws(TorchError) -> ProcessStore {
    var created = ct_store()
    try check("store.prefix", ct_store_prefixed(handle, prefix, &created))
    return ProcessStore(created)
  }

  /// Where it listens.
  public func port() throws(TorchError) -> UInt16 {
    var port: UInt16 = 0
    try check("store.port", ct_store_port(handle, &port))
    return port
  }

  /// Sets a value.
  public func set(_ key: String, _ value: String) throws(TorchError) {
    let bytes = Array(value.utf8)
    try check("store.set", ct_store_set(handle, key, bytes, bytes.count))
  }

  /// Whether a process has set the key.
  public func has(_ key: String) throws(TorchError) -> Bool {
    var result = false
    try check("store.has", ct_store_has(handle, key, &result))
    return result
  }

  /// Adds one to a number that is 0 at first; returns what it is then.
  public func count(_ key: String) throws(TorchError) -> Int {
    var result: Int64 = 0
    try check("store.count", ct_store_count(handle, key, &result))
    return Int(result)
  }

  /// The value of a key, once a process has set it.
  ///
  /// - Throws: `TorchError` where none does in time.
  public func get(_ key: String) throws(TorchError) -> String {
    var bytes = [UInt8](repeating: 0, count: 1024)
    while true {
      var count = 0
      try check("store.get", ct_store_get(handle, key, &bytes, bytes.count, &count))
      if count <= bytes.count { return String(decoding: bytes.prefix(count), as: UTF8.self) }
      bytes = [UInt8](repeating: 0, count: count)
    }
  }
}
