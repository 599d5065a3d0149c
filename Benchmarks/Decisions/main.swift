// How decisions hold up: choices judged on images that had no say in them.
//   benchmark-decisions sets ROOT OUT [--only SET,...] [--rules RULE,...] [--sizes IMAGES,...] [--splits 200]
//   benchmark-decisions guarantees OUT [--only PART,...] [--draws 10000] [--machine TEXT]
//   benchmark-decisions advice ROOT OUT [--draws 100] [--simulated 12]
//   benchmark-decisions names ROOT
// ROOT is the repository's; OUT has one JSON file a set, or a part, and a run goes on with what is not there.

import Files
import Schemas

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

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
case "guarantees" where arguments.count >= 2:
  try GuaranteesPart(
    out: arguments[1], draws: value(of: "--draws").flatMap { Int($0) } ?? 10_000,
    only: words(of: "--only"), machine: value(of: "--machine") ?? "unknown"
  ).run { line in
    print(line)
    fflush(nil)
  }
case "advice" where arguments.count >= 3:
  let records = try AdvicePart(
    root: arguments[1], draws: value(of: "--draws").flatMap { Int($0) } ?? 100,
    simulatedSets: value(of: "--simulated").flatMap { Int($0) } ?? 12
  ).run { line in
    print(line)
    fflush(nil)
  }
  try DurableFile.write(records.readableJSON(), to: arguments[2])
case "names" where arguments.count == 2:
  for name in try SetsPart.names(arguments[1]) { print(name) }
default:
  fatalError(
    "usage: benchmark-decisions sets ROOT OUT | guarantees OUT | advice ROOT OUT | names ROOT")
}
