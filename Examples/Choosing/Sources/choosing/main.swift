import Decisions
import Predictions

// What to deploy, from predictions files: choosing HOLD-OUT... -- TEST...

let paths = CommandLine.arguments.dropFirst().split(separator: "--", maxSplits: 1)
guard paths.count == 2 else {
  print("usage: choosing HOLD-OUT.safetensors... -- TEST.safetensors...")
  throw EnsembleError.noMembers
}
var options = Decision.Options()
options.maximumMembers = 3
let decision = try Decision(
  PredictionSets(
    holdOut: paths[0].map { try Predictions(path: $0) },
    test: paths[1].map { try Predictions(path: $0) }),
  options: options)

let chosen = decision.deployed
print("\(chosen.kind) of \(chosen.members.joined(separator: ", "))")
print("MACs an image: \(chosen.test.cost.multiplyAccumulates)")
print("test accuracy: \(chosen.test.metrics.top1Accuracy)")
if let comparison = chosen.comparison {
  print("less the best single member: \(comparison.difference) (p = \(comparison.mcNemarPValue))")
}
