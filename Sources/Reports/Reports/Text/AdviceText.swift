import Decisions
import Formatting

/// What to train next, in words and as a table.
package struct AdviceText: Sendable {
  let advice: TrainingAdvice

  /// Finds the words for advice.
  package init(_ advice: TrainingAdvice) { self.advice = advice }

  /// "2 x wide-resnet-16-1 + 1 x wide-resnet-16-2".
  static func name(_ parts: [TrainingAdvice.Part]) -> String {
    parts.map { "\($0.members) x \($0.network)" }.joined(separator: " + ").withTimesSigns
  }

  /// What a step trains, such as "2 more wide-resnet-16-2".
  static func name(_ step: TrainingAdvice.Step) -> String {
    name(step.kind, step.network, step.trainings, step.epochs)
  }

  private static func name(
    _ kind: TrainingAdvice.Kind, _ network: String?, _ trainings: Int, _ epochs: Int?
  ) -> String {
    let network = network ?? ""
    switch kind {
    case .member: return "\(trainings) more \(network)"
    case .network: return "a first \(network)"
    case .longer: return "the best ensemble anew" + (epochs.map { ", \($0) epochs" } ?? "")
    }
  }

  private static func points(_ interval: TrainingAdvice.Interval) -> String {
    "\(NumberFormat.points(interval.lowerBound)) to \(NumberFormat.points(interval.upperBound))"
  }

  private static func time(_ interval: TrainingAdvice.Interval) -> String {
    "\(time(interval.lowerBound)) to \(time(interval.upperBound))"
  }

  /// To the nearest second: of a mean of logarithms the last bits say nothing.
  private static func time(_ seconds: Double) -> String {
    NumberFormat.duration(seconds.rounded())
  }

  /// What there is, and within which cost.
  var situation: String {
    "There are \(Self.name(advice.members)). The best ensemble of at most "
      + "\(NumberFormat.scaled(advice.maximumMultiplyAccumulates)) MACs is \(Self.name(advice.best.parts)): "
      + "\(NumberFormat.percent(advice.best.accuracy)) % on \(advice.holdOutImages.grouped) held-out images, for "
      + "\(NumberFormat.scaled(advice.best.multiplyAccumulates)) MACs."
  }

  /// What to do.
  var verdict: String {
    let least = NumberFormat.fixed(100 * advice.leastGain, 2)
    guard let step = advice.advised else {
      return advice.steps.isEmpty
        ? "Stop: within \(Self.time(advice.budgetSeconds)) nothing can be trained that could gain anything."
        : "Stop: no step within \(Self.time(advice.budgetSeconds)) is likely to gain more than \(least) points."
    }
    return "Train \(Self.name(step)), about \(Self.time(step.seconds)) "
      + "(80 % \(Self.time(step.secondsInterval))): \(NumberFormat.points(step.gain)) points expected "
      + "(80 % \(Self.points(step.interval))), with probability \(NumberFormat.fixed(step.probabilityOfGain, 2)) a gain, and "
      + "\(NumberFormat.fixed(step.probabilityOfLeastGain, 2)) more than \(least) points."
  }

  /// What was not ranked, a sentence a thing.
  var omissions: [String] {
    advice.omissions.map { omission in
      let name = Self.name(omission.kind, omission.network, 1, nil)
      switch omission.reason {
      case .overBudget:
        return "over the budget: \(name), about \(Self.time(omission.seconds))"
      case .overMaximum:
        return "in no ensemble that is cheap enough: \(name)"
      }
    }
  }

  /// What the figures are.
  static let caveat =
    "Times are those of trainings on record, one after another; networks that are not trained are reckoned by their MACs. Gains are "
    + "forecasts in points of accuracy; intervals of 80 % hold what as many test images would show."

  /// What rests on less than the rest.
  var lengtheningCaveat: String? {
    advice.steps.contains { $0.kind == .longer }
      ? "What more epochs gain rests on two recorded networks alone, and is not back-tested." : nil
  }

  private var table: String {
    var table = TextTable(columns: [
      .init("step", isKept: true), .init("time", .right, isKept: true),
      .init("gain", .right, isKept: true), .init("80 %", .right, isKept: true),
      .init("gains", .right), .init("an hour", .right), .init("then best"),
    ])
    for step in advice.steps {
      table.append([
        Self.name(step), Self.time(step.seconds), NumberFormat.points(step.gain),
        Self.points(step.interval), NumberFormat.percent(step.probabilityOfGain, 0) + " %",
        NumberFormat.points(step.gainPerHour), Self.name(step.ensemble.parts),
      ])
    }
    return table.text()
  }

  /// All of it, for a terminal.
  package func lines() -> String {
    func wrapped(_ text: String, _ indent: Int = 0) -> String {
      Terminal.wrapped(Terminal.printable(text), width: Terminal.textWidth - indent)
        .map { String(repeating: " ", count: indent) + $0 + "\n" }.joined()
    }
    var text = wrapped(verdict) + wrapped(situation)
    if !advice.steps.isEmpty { text += "\n" + table + "\n" }
    for omission in omissions { text += wrapped(omission, 2) }
    text += wrapped(Self.caveat, 2)
    if let lengtheningCaveat { text += wrapped(lengtheningCaveat, 2) }
    return text
  }
}
