/// How a unit of work ended.
package enum LeaseEnding: String, Hashable, Sendable, CaseIterable {
  /// Its result is published.
  case complete
  /// It stopped by itself, and would again.
  case failed
}

/// A name in the folder of leases.
///
/// - `UNIT.000001`: the first lease of a unit; the highest number owns it. The file names its worker.
/// - `UNIT.000001.WORKER.holder`: whose it is, for those who only list names.
/// - `UNIT.000001.complete`, `UNIT.000001.failed`: how the unit ended under that lease.
enum LeaseName: Hashable {
  case lease(unit: Substring, number: Int)
  case holder(unit: Substring, number: Int, worker: Substring)
  case ending(unit: Substring, LeaseEnding)

  /// Digits that every number has at least, so that names sort as numbers do.
  private static let digits = 6

  static func lease(_ unit: String, _ number: Int) -> String {
    let text = String(number)
    return "\(unit).\(String(repeating: "0", count: max(0, digits - text.count)))\(text)"
  }

  static func holder(_ unit: String, _ number: Int, worker: String) -> String {
    "\(lease(unit, number)).\(worker).holder"
  }

  static func ending(_ unit: String, _ number: Int, _ ending: LeaseEnding) -> String {
    "\(lease(unit, number)).\(ending.rawValue)"
  }

  /// Reads a name; nil where it is another file's.
  init?(_ name: String) {
    // A listing may hold tens of thousands: nothing is copied.
    guard let (rest, last) = Self.split(name[...]) else { return nil }
    if let number = Self.number(last) {
      self = .lease(unit: rest, number: number)
    } else if let ending = LeaseEnding(rawValue: String(last)) {
      guard let (unit, digits) = Self.split(rest), Self.number(digits) != nil else { return nil }
      self = .ending(unit: unit, ending)
    } else if last == "holder" {
      guard let (head, worker) = Self.split(rest), let (unit, digits) = Self.split(head),
        let number = Self.number(digits)
      else { return nil }
      self = .holder(unit: unit, number: number, worker: worker)
    } else {
      return nil
    }
  }

  private static func number(_ text: Substring) -> Int? {
    // Longer ones are none of ours, and could not be counted on from.
    guard (digits...12).contains(text.utf8.count), text.utf8.allSatisfy({ (48...57).contains($0) }),
      let number = Int(text), number > 0
    else { return nil }
    return number
  }

  /// What is before and after the last dot.
  static func split(_ text: Substring) -> (Substring, Substring)? {
    let place = text.utf8.withContiguousStorageIfAvailable { bytes in
      bytes.lastIndex(of: UInt8(ascii: "."))
    }
    guard let count = place ?? nil, count > 0 else { return nil }
    let dot = text.utf8.index(text.startIndex, offsetBy: count)
    return (text[..<dot], text[text.utf8.index(after: dot)...])
  }
}

/// A name in the folder of workers.
///
/// - `WORKER.json`: its record.
/// - `WORKER.BEAT.SECONDS.alive`: its sign of life, which it renames with the next number every few seconds, and after how many
///   seconds without such a change its leases are others' to take.
/// - `WORKER.ended`: what the sign of life became when the worker ended in order.
enum WorkerName: Hashable {
  case record(worker: String)
  case alive(worker: String, beat: Int, leaseSeconds: Int)
  case ended(worker: String)

  static func record(_ worker: String) -> String { "\(worker).json" }
  static func alive(_ worker: String, beat: Int, leaseSeconds: Int) -> String {
    "\(worker).\(beat).\(leaseSeconds).alive"
  }
  static func ended(_ worker: String) -> String { "\(worker).ended" }

  /// Reads a name; nil where it is another file's.
  init?(_ name: String) {
    guard let (rest, last) = LeaseName.split(name[...]) else { return nil }
    switch last {
    case "json": self = .record(worker: String(rest))
    case "ended": self = .ended(worker: String(rest))
    case "alive":
      guard let (head, seconds) = LeaseName.split(rest), let (worker, beat) = LeaseName.split(head),
        let beat = Int(beat), let seconds = Int(seconds), beat >= 0, seconds > 0
      else { return nil }
      self = .alive(worker: String(worker), beat: beat, leaseSeconds: seconds)
    default: return nil
    }
    guard !worker.contains(".") else { return nil }
  }

  /// The worker, where it ended in order.
  var endedWorker: String? {
    if case .ended(let worker) = self { worker } else { nil }
  }

  var worker: String {
    switch self {
    case .record(let worker), .alive(let worker, _, _), .ended(let worker): worker
    }
  }
}
