import Ensembles
import Formatting
import Predictions
import Randomness
import Statistics

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension RandomStream {
  mutating func draw(_ probabilities: [Double]) -> Int {
    var rest = unitInterval()
    for (index, probability) in probabilities.dropLast().enumerated() {
      if rest < probability { return index }
      rest -= probability
    }
    return probabilities.count - 1
  }
}

func softmax(_ scores: [Double]) -> [Double] {
  let greatest = scores.max() ?? 0
  let values = scores.map { exp($0 - greatest) }
  let sum = values.reduce(0, +)
  return values.map { $0 / sum }
}

/// Predictions, and what the probabilities of the labels were.
struct Sample {
  let predictions: Predictions
  let truth: [[Double]]
}

func sample(
  _ count: Int, classes: Int, spread: Double, split: String, seed: UInt64,
  _ truth: ([Double]) -> [Double]
) throws -> Sample {
  var generator = RandomStream(seed: seed)
  var (rows, labels, truths): ([Float], [Int64], [[Double]]) = ([], [], [])
  for _ in 0..<count {
    let scores = (0..<classes).map { _ in spread * generator.normal() }
    let given = softmax(scores)
    let right = softmax(truth(given.map { log($0) }))
    rows += given.map { Float(log($0)) }
    labels.append(Int64(generator.draw(right)))
    truths.append(right)
  }
  return Sample(
    predictions: try Predictions(
      name: "m", network: "n", multiplyAccumulates: 1, parameters: 1, split: split,
      fingerprint: "\(split) \(seed)", logProbabilities: rows, labels: labels, classes: classes),
    truth: truths)
}

/// Expected loss above the least there is, and expected accuracy, where labels are drawn from the truth.
func worth(_ predictions: Predictions, _ truth: [[Double]]) -> (excess: Double, accuracy: Double) {
  let classes = predictions.classes
  var (excess, hits) = (0.0, 0.0)
  let predicted = predictions.predictedClasses()
  predictions.withLogProbabilities { values in
    for (image, right) in truth.enumerated() {
      for (c, p) in right.enumerated() where p > 0 {
        excess += p * (log(p) - Double(values[image * classes + c]))
      }
      hits += right[predicted[image]]
    }
  }
  return (excess / Double(truth.count), hits / Double(truth.count))
}

let settings: [(name: String, spread: Double, truth: @Sendable ([Double]) -> [Double])] = [
  ("right", 2.5, { $0 }),
  ("too sure, by a temperature of 1.8", 2.5, { $0.map { $0 / 1.8 } }),
  ("hardly too sure, by 1.1", 2.5, { $0.map { $0 / 1.1 } }),
  ("not sure enough, by 0.7", 2.5, { $0.map { $0 / 0.7 } }),
  (
    "fond of some classes", 2.5,
    { row in row.enumerated().map { $1 / 1.3 + 0.4 * Double($0 % 5 - 2) } }
  ),
  (
    "confuses neighbours", 2.5,
    { row in row.indices.map { row[$0] / 1.3 + 0.25 * row[($0 + 1) % row.count] } }
  ),
  ("never sure", 4, { row in softmax(row).map { log(0.85 * $0 + 0.015) } }),
]

func choice() throws {
  print("| error | images | none | temperature | deployed | accuracy, points | chosen |")
  print("| --- | ---: | ---: | ---: | ---: | ---: | --- |")
  for (place, setting) in settings.enumerated() {
    let judge = try sample(
      4000, classes: 10, spread: setting.spread, split: "test", seed: UInt64(90_000 + place),
      setting.truth)
    for images in [20, 100, 300, 1000, 5000] {
      let repeats = images > 1000 ? 40 : 100
      var (none, heated, deployed, accuracy) = (0.0, 0.0, 0.0, 0.0)
      var chosen: [String: Int] = [:]
      for index in 0..<repeats {
        let holdOut = try sample(
          images, classes: 10, spread: setting.spread, split: "hold-out",
          seed: UInt64(1 + index + 1000 * images + 7_000_000 * place), setting.truth)
        let found = try Calibration(
          of: Combination(), holdOut: [holdOut.predictions], seed: UInt64(index))
        let plain = worth(judge.predictions, judge.truth)
        let temperature = found.temperature?.value ?? 1
        let hot = try Combination(temperature: temperature).combine([judge.predictions], name: "t")
        let own = worth(try found.combination.combine([judge.predictions], name: "d"), judge.truth)
        none += plain.excess / Double(repeats)
        heated += worth(hot, judge.truth).excess / Double(repeats)
        deployed += own.excess / Double(repeats)
        accuracy += 100 * (own.accuracy - plain.accuracy) / Double(repeats)
        chosen[found.comparison.chosen.rawValue, default: 0] += 1
      }
      let shares = chosen.sorted { $0.value > $1.value }.map {
        "\($0.key) \(100 * $0.value / repeats) %"
      }
      print(
        "| \(setting.name) | \(images) | \(NumberFormat.fixed(none, 4)) | \(NumberFormat.fixed(heated, 4)) | \(NumberFormat.fixed(deployed, 4)) | "
          + "\(NumberFormat.fixed(accuracy, 2)) | \(shares.joined(separator: ", ")) |")
    }
  }
}

func level() throws {
  print("| images | p at most 0.10 | 0.05 | 0.01 |")
  print("| ---: | ---: | ---: | ---: |")
  for images in [10, 50, 200, 1000] {
    var doubted = [0, 0, 0]
    for index in 0..<10_000 {
      let drawn = try sample(
        images, classes: 10, spread: 2.5, split: "test", seed: UInt64(index + 20_000 * images)
      ) { $0 }
      let p = try CalibrationTest(
        of: drawn.predictions, drawCount: 199, seed: UInt64(index)
      ).pValue
      for (place, level) in [0.10, 0.05, 0.01].enumerated() where p <= level + 1e-12 {
        doubted[place] += 1
      }
    }
    print("| \(images) | \(doubted.map { "\(Double($0) / 100) %" }.joined(separator: " | ")) |")
  }
}

func time() throws {
  print("| images | classes | methods compared on | seconds | of processors | chosen |")
  print("| ---: | ---: | ---: | ---: | ---: | --- |")
  for (images, classes) in [
    (5000, 10), (20_000, 10), (2_000_000, 10), (20_000, 28), (20_000, 200), (50_000, 1000),
  ] {
    let drawn = try sample(
      images, classes: classes, spread: 3, split: "hold-out", seed: 5
    ) { $0.map { $0 / 1.5 } }
    let clock = ContinuousClock()
    var found: Calibration?
    let start = processorSeconds()
    let duration = try clock.measure {
      found = try Calibration(of: Combination(), holdOut: [drawn.predictions])
    }
    let comparison = found?.comparison
    print(
      "| \(images) | \(classes) | \(comparison?.images ?? 0) | \(duration / .seconds(1)) | "
        + "\(processorSeconds() - start) | \(comparison?.chosen.rawValue ?? "") |")
  }
}

/// Seconds of all threads on processors so far.
func processorSeconds() -> Double { Double(clock()) / Double(CLOCKS_PER_SEC) }
