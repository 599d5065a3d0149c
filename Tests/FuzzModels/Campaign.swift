import Foundation
import Processes

/// Runs children over the inputs of one model; after each that dies, the next goes on behind the input that killed it.
struct Campaign {
  let model: String
  let seed, inputs: Int
  let keep: String?

  /// Returns how many children died.
  func run() throws -> Int {
    guard let program = Executable.path() else { return 0 }
    let state = FileManager.default.temporaryDirectory.path + "/fuzz-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: state) }
    var total = Outcomes()
    var deaths: [(input: Int, status: Int32)] = []
    var next = 0
    while next < inputs {
      let outcome = try Subprocess.run(
        [program, "--child", state, model, "\(seed)", "\(next)", "\(inputs)"],
        catchesErrorText: true)
      let found = try Outcomes(file: state)
      total.add(found)
      next = found.number + 1
      guard outcome.status != 0 else { break }
      deaths.append((found.number, outcome.status))
      print("  input \(found.number) of \(model): status \(outcome.status) \(outcome.errorText)")
      fflush(nil)
      if let keep {
        let corpus = try MutatedModel(model, seed: UInt64(seed))
        try Data(corpus.input(found.number)).write(
          to: URL(filePath: "\(keep)/\(corpus.name)-\(seed)-\(found.number).onnx"))
      }
    }
    let list = deaths.map { "[\($0.input), \($0.status)]" }.joined(separator: ", ")
    print(
      """
      {"model": "\(model)", "seed": \(seed), "inputs": \(inputs), "refused": \(total.refused), \
      "accepted": \(total.accepted), "engineRefused": \(total.engineRefused), "computed": \(total.computed), \
      "killed": [\(list)]}
      """)
    fflush(nil)
    return deaths.count
  }
}

/// What became of inputs.
struct Outcomes {
  /// The input that is under way.
  var number = -1
  var refused = 0
  var accepted = 0
  var engineRefused = 0
  var computed = 0

  init() {}

  init(file: String) throws {
    let text = String(decoding: try Data(contentsOf: URL(filePath: file)), as: UTF8.self)
    let numbers = text.split(separator: " ").compactMap { Int($0) }
    guard numbers.count == 5 else { return }
    (number, refused, accepted, engineRefused, computed) = (
      numbers[0], numbers[1], numbers[2], numbers[3], numbers[4]
    )
  }

  mutating func add(_ other: Outcomes) {
    refused += other.refused
    accepted += other.accepted
    engineRefused += other.engineRefused
    computed += other.computed
  }

  /// Always as many bytes, so that one write replaces what was there.
  var text: String {
    [number, refused, accepted, engineRefused, computed].map {
      let digits = String($0)
      return String(repeating: " ", count: max(0, 12 - digits.count)) + digits
    }.joined(separator: " ")
  }
}
