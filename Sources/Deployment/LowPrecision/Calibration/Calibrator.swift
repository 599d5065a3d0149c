import Deployment
import Inference
import ONNX

/// The ranges of a network's inner values on calibration images.
struct Calibrator {
  /// The model in float32.
  let model: EditableModel
  let member: EnsembleMember
  let sample: ImageSample
  let threads: Int

  /// Runs the model twice: for the least and greatest numbers, and for how often each comes in between.
  ///
  /// - Parameter progress: Is told how many runs of images of how many are done.
  /// - Throws: `CompressionError.notFinite`, or `InferenceError`.
  func histograms(
    of values: [String], progress: (_ done: Int, _ total: Int) -> Void
  ) throws -> [String: ActivationHistogram] {
    guard !values.isEmpty else { return [:] }
    var observed = model
    let given = Set(model.description.outputs.map(\.name))
    let inputs = Set(model.description.inputs.map(\.name))
    observed.extraOutputs = values.filter { !given.contains($0) && !inputs.contains($0) }
    let session = try ValueSession(
      bytes: observed.bytes(), source: member.model.source,
      names: model.description.outputs.map(\.name) + observed.extraOutputs,
      images: member.model.input, batch: 32, threads: threads)
    var ranges = [ClosedRange<Float>?](repeating: nil, count: values.count)
    try run(session, values, progress: { progress($0, 2 * sample.count) }) {
      place, numbers, first in
      let found = try range(of: numbers, value: values[place], firstImage: first)
      ranges[place] =
        ranges[place].map {
          min($0.lowerBound, found.lowerBound)...max($0.upperBound, found.upperBound)
        } ?? found
    }
    var histograms = ranges.map { ActivationHistogram(range: $0 ?? 0...0) }
    try run(session, values, progress: { progress(sample.count + $0, 2 * sample.count) }) {
      place, numbers, _ in histograms[place].add(numbers)
    }
    return Dictionary(uniqueKeysWithValues: zip(values, histograms))
  }

  private func run(
    _ session: ValueSession, _ values: [String], progress: (Int) -> Void,
    _ body: (_ place: Int, _ numbers: UnsafeBufferPointer<Float>, _ firstImage: Int) throws -> Void
  ) throws {
    for first in stride(from: 0, to: sample.count, by: session.batch) {
      let count = min(session.batch, sample.count - first)
      sample.fill(session.input, with: first..<first + count)
      try session.run()
      for (place, value) in values.enumerated() {
        // What is no output is the input itself.
        let numbers = session.values(of: value) ?? UnsafeBufferPointer(session.input)
        let size = numbers.count / session.batch
        try body(place, numbers.extracting(0..<count * size), first)
      }
      progress(first + count)
    }
  }

  private func range(
    of numbers: UnsafeBufferPointer<Float>, value: String, firstImage: Int
  ) throws(CompressionError) -> ClosedRange<Float> {
    var (least, greatest, isFinite) = (Float.infinity, -Float.infinity, true)
    for number in numbers {
      least = min(least, number)
      greatest = max(greatest, number)
      isFinite = isFinite && number.isFinite
    }
    guard isFinite, !numbers.isEmpty else {
      let layer = model.operations.first { $0.outputs.contains(value) }?.name
      let kind = numbers.contains(where: \.isNaN) ? "NaN" : "infinite"
      throw .notFinite(source: member.model.source, value: value, layer: layer, kind: kind)
    }
    return least...greatest
  }
}
