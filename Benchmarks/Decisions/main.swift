// How decisions hold up: choices judged on images that had no say in them.
//   benchmark-decisions sets ROOT OUT [--only SET,...] [--rules RULE,...] [--sizes IMAGES,...] [--splits 200]
//   benchmark-decisions names ROOT
//   benchmark-decisions guarantees [--draws 10000]     intervals over images and trainings, sets, abstention: all by simulation
// ROOT is the repository's; OUT has one JSON file a set, and a run goes on with what is not there.

import GuaranteeSimulations

let arguments = Array(CommandLine.arguments.dropFirst())

/// The value of an option.
func value(of option: String) -> String? {
  guard let place = arguments.firstIndex(of: option), place + 1 < arguments.count else {
    return nil
  }
  return arguments[place + 1]
}

/// The words of an option's value, between commas.
func words(of option: String) -> Set<String>? {
  value(of: option).map { Set($0.split(separator: ",").map(String.init)) }
}

switch arguments.first {
case "sets" where arguments.count >= 3:
  try SetsPart(
    root: arguments[1], out: arguments[2],
    splits: value(of: "--splits").flatMap { Int($0) } ?? 200, onlySets: words(of: "--only"),
    onlyRules: words(of: "--rules"),
    onlySizes: words(of: "--sizes").map { Set($0.compactMap { Int($0) }) }
  ).run()
case "names" where arguments.count == 2:
  for name in try SetsPart.names(arguments[1]) { print(name) }
case "guarantees":
  let draws = value(of: "--draws").flatMap { Int($0) } ?? 10_000
  for check in try TrainingsSimulation.checks(draws: draws) + LimitsSimulation.checks(draws: draws)
  {
    print(
      "\(check.name): broken in \(check.violations) +- \(check.standardError), may be \(check.level)"
    )
  }
default:
  fatalError("usage: benchmark-decisions sets ROOT OUT | names ROOT | guarantees")
}
