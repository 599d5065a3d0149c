import Files

/// The arguments of one command, checked against what it declares.
public struct ParsedArguments: Hashable, Sendable {
  /// The operands in order.
  public let operands: [String]
  /// Of each option, what it was given, in order.
  private let values: [String: [String]]
  private let flags: Set<String>

  init(operands: [String], values: [String: [String]] = [:], flags: Set<String> = []) {
    self.operands = operands
    self.values = values
    self.flags = flags
  }

  /// The operand at `index`; nil where it was left out.
  public func operand(_ index: Int) -> String? {
    operands.indices.contains(index) ? operands[index] : nil
  }

  /// The value of the option `name`, such as "--data"; nil where it was not given. The last one counts.
  public func string(_ name: String) -> String? {
    values[name]?.last
  }

  /// All values of an option that may be given several times, in order.
  public func strings(_ name: String) -> [String] {
    values[name] ?? []
  }

  /// The directory that the option `name` names, without slashes at its end.
  public func directory(_ name: String) -> String? {
    string(name).map(Directory.withoutSlash)
  }

  /// All operands and values but that of the option `name`: what a file to be written may not be at once.
  public func others(than name: String) -> [String] {
    operands + values.filter { $0.key != name }.values.joined()
  }

  /// Those of `options` that were given, as words of a command line.
  public func words(of options: [CommandOption]) -> [String] {
    options.flatMap { option in
      flags.contains(option.name)
        ? [option.name] : strings(option.name).flatMap { [option.name, $0] }
    }
  }

  /// The option's value as a whole number.
  ///
  /// - Throws: `UsageError` where it is no whole number.
  public func integer(_ name: String) throws(UsageError) -> Int? {
    guard let text = string(name) else { return nil }
    guard let value = Int(text) else {
      throw UsageError("\(name) needs a whole number, not '\(text)'")
    }
    return value
  }

  /// The option's value as a finite number.
  ///
  /// - Throws: `UsageError` where it is none.
  public func number(_ name: String) throws(UsageError) -> Double? {
    guard let text = string(name) else { return nil }
    guard let value = Double(text), value.isFinite else {
      throw UsageError("\(name) needs a number, not '\(text)'")
    }
    return value
  }

  /// Whether the flag `name`, such as "--json", was given.
  public func isSet(_ name: String) -> Bool {
    flags.contains(name)
  }
}

extension CommandOption {
  /// Takes a value: in place of an earlier one, unless there may be several.
  fileprivate func add(_ value: String, to values: inout [String: [String]]) {
    values[name] = (isRepeated ? values[name] ?? [] : []) + [value]
  }
}

extension Command {
  /// Reads `arguments`: `--option value`, `--option=value`, `--flag`, operands, and `--` before operands with dashes.
  ///
  /// - Throws: `UsageError` for an unknown option, a missing value, too few operands or too many.
  public func parse(_ arguments: [String]) throws(UsageError) -> ParsedArguments {
    var operands: [String] = []
    var values: [String: [String]] = [:]
    var flags: Set<String> = []
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      if argument == "--" {
        operands += rest
        break
      }
      guard argument.hasPrefix("-"), argument != "-" else {
        operands.append(argument)
        continue
      }
      let (option, attached) = try option(in: argument)
      switch (option.placeholder, attached) {
      case (nil, nil): flags.insert(option.name)
      case (nil, .some): throw UsageError("\(option.name) takes no value")
      case (.some(let placeholder), .some("")):
        throw UsageError("\(option.name) needs a value: \(option.name) \(placeholder)")
      case (.some, .some(let value)): option.add(value, to: &values)
      case (.some(let placeholder), nil):
        // A value that looks like an option is more likely a forgotten value; `--option=--value` says otherwise.
        guard let value = rest.popFirst(), !value.isEmpty, !value.hasPrefix("--") else {
          throw UsageError("\(option.name) needs a value: \(option.name) \(placeholder)")
        }
        option.add(value, to: &values)
      }
    }
    try checkCount(of: operands)
    return ParsedArguments(operands: operands, values: values, flags: flags)
  }

  private func option(
    in argument: String
  ) throws(UsageError) -> (option: CommandOption, attached: String?) {
    let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let name = String(parts[0])
    guard let option = options.first(where: { $0.name == name }) else {
      let hint = Spelling.suggestion(for: name, among: options.map(\.name))
      throw UsageError("there is no option '\(name)'\(hint)")
    }
    return (option, parts.count > 1 ? String(parts[1]) : nil)
  }

  private func checkCount(of given: [String]) throws(UsageError) {
    if given.count > operands.count, operands.last?.isRepeated != true {
      throw UsageError("'\(given[operands.count])' is one operand too many")
    }
    if let empty = given.firstIndex(of: "") {
      throw UsageError("\(operands[min(empty, operands.count - 1)].name) is an empty text")
    }
    if let missing = operands.dropFirst(given.count).first(where: { !$0.isOptional }) {
      throw UsageError("\(missing.name) is missing: \(missing.help)")
    }
  }
}
