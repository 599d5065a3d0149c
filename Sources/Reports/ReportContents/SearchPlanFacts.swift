import ArchitectureSearch
import Formatting
import Reports
import SearchRuns

/// A plan's settings as people read them.
enum SearchPlanFacts {
  static func of(_ plan: SearchPlan) -> [ReportContext.Fact] {
    [
      ("Space", space(plan)), ("Members of an ensemble", "\(plan.members)"), ("Cost", cost(plan)),
      ("Controller", "\(controller(plan.controller)); \(plan.cohort) at a time"),
      ("Reward", reward(plan.reward)), ("Candidates are judged by", evaluator(plan.evaluator)),
      ("Budget of each setting", budget(plan.budget)), ("Trained in full", finalists(plan)),
      ("Seed", "\(plan.seed)"),
    ].map { ReportContext.Fact(name: $0.0, value: $0.1) }
  }

  private static func space(_ plan: SearchPlan) -> String {
    let space = plan.space.space
    let kind =
      switch plan.space {
      case .wideResNet: "Wide ResNets"
      case .mobile: "networks of mobile inverted bottlenecks"
      }
    var text =
      "\(kind): \(space.decisions.count) decisions, \(NumberFormat.power(space.size)) architectures"
    if plan.cost.measure == .multiplyAccumulates,
      let range = try? plan.costRange(.multiplyAccumulates)
    {
      text += " of \(plan.cost.text(range.lowerBound)) to \(plan.cost.text(range.upperBound))"
    }
    return text
  }

  private static func cost(_ plan: SearchPlan) -> String {
    "\(plan.cost.text(plan.cost.target)) for an ensemble"
      + (plan.cost.tolerance.map { ", within \(NumberFormat.percent($0, 0)) %" } ?? "")
  }

  private static func controller(_ controller: ControllerChoice) -> String {
    switch controller {
    case .random: "random search"
    case .evolution(let population, let sample):
      "regularised evolution: a population of \(population), parents the best of \(sample)"
    case .reinforce(let settings):
      "REINFORCE: learning rate \(settings.learningRate), baseline decay \(settings.baselineDecay), "
        + "warm-up \(NumberFormat.percent(settings.warmUp, 0)) %"
    }
  }

  private static func reward(_ reward: Reward) -> String {
    switch reward {
    // Both numbers are at most 0.
    case .absolute(let weight): "accuracy − \(weight.magnitude) × |cost / target − 1|"
    case .mnasNet(let exponent): "accuracy × (target / cost)^\(exponent.magnitude)"
    }
  }

  private static func evaluator(_ evaluator: SearchPlan.EvaluatorChoice) -> String {
    switch evaluator {
    case .proxy(_, let rungs, let kept):
      let last = rungs.last ?? 0
      let stops = rungs.dropLast().map { "\($0)" }.joined(separator: ", ")
      return "short trainings of \(last) \(last == 1 ? "epoch" : "epochs")"
        + (stops.isEmpty
          ? "" : "; \(NumberFormat.percent(kept, 0)) % go on after each of \(stops) epochs")
    case .supernetwork(let recipe):
      return "shared networks, one for each place, trained for \(recipe.epochs) epochs"
    }
  }

  private static func budget(_ budget: SearchBudget) -> String {
    [
      budget.evaluations.map { "\($0.grouped) evaluations" },
      budget.seconds.map { "\(NumberFormat.fixed($0 / 3600, 1)) hours" },
      budget.trainingImages.map { "\(NumberFormat.scaled($0)) training images" },
    ].compactMap { $0 }.joined(separator: " or ")
  }

  private static func finalists(_ plan: SearchPlan) -> String {
    guard let finalists = plan.finalists else { return "nothing" }
    let images = finalists.trainingImages.map { ", \($0.grouped) images" } ?? ""
    return "\(finalists.recipe.epochs) epochs\(images), \(finalists.seeds) "
      + (finalists.seeds == 1 ? "seed" : "seeds")
  }
}
