import Files

/// One run of a program.
struct Invocation {
  let program: Program
  let console: Program.Console

  func dispatch(_ arguments: [String]) -> Int32 {
    switch arguments.first {
    case nil:
      console.write(program.helpText())
      return 0
    case "--help", "-h", "help":
      return help(Array(arguments.dropFirst()))
    case "completion" where program.describesItself:
      return completion(Array(arguments.dropFirst()))
    case "manual" where program.describesItself:
      console.write(ManualPage(program: program).text())
      return 0
    case "--version":
      console.write("\(program.name) \(program.version)\n")
      return 0
    case .some(let first):
      return perform(first, arguments)
    }
  }

  private func perform(_ first: String, _ arguments: [String]) -> Int32 {
    guard !first.hasPrefix("-") else {
      let hint = Spelling.suggestion(for: first, among: ["--help", "--version"])
      return usageError("there is no option '\(first)'\(hint)", path: [])
    }
    let found: Lookup
    switch lookUp(arguments) {
    case .success(let lookup): found = lookup
    case .failure(let error): return usageError(error.message, path: [])
    }
    let (command, path, rest) = (found.command, found.path, found.rest)
    let beforeDashes = rest.prefix { $0 != "--" }
    if beforeDashes.contains("--help") || beforeDashes.contains("-h") {
      console.write(program.helpText(for: command, path: path))
      return 0
    }
    if !command.subcommands.isEmpty {
      return usageError("\(path.joined(separator: " ")) needs a command", path: path)
    }
    do {
      return carryOut(command, try command.parse(rest), path: path)
    } catch {
      return usageError(error.message, path: path)
    }
  }

  private func carryOut(_ command: Command, _ arguments: ParsedArguments, path: [String]) -> Int32 {
    do {
      try command.run(arguments)
      return 0
    } catch let error as UsageError {
      return usageError(error.message, path: path)
    } catch {
      console.writeError("\(program.name): error: \(error)")
      return ((error as? any ExitStatusError)?.exitStatus ?? .failed).rawValue
    }
  }

  private func help(_ path: [String]) -> Int32 {
    guard !path.isEmpty else {
      console.write(program.helpText())
      return 0
    }
    switch lookUp(path) {
    case .failure(let error): return usageError(error.message, path: [])
    case .success(let found):
      console.write(program.helpText(for: found.command, path: found.path))
      return 0
    }
  }

  private func completion(_ words: [String]) -> Int32 {
    guard words.count == 1, let shell = CompletionShell(rawValue: words[0]) else {
      let names = CompletionShell.allCases.map(\.rawValue)
      return usageError(
        "completion needs the name of a shell: " + names.joined(separator: ", "), path: [])
    }
    console.write(ShellCompletion(program: program).script(for: shell))
    return 0
  }

  /// A command, the words that led to it, and the arguments after them.
  private struct Lookup {
    let command: Command
    let path: [String]
    let rest: [String]
  }

  private func lookUp(_ arguments: [String]) -> Result<Lookup, UsageError> {
    var (level, path) = (program.commands, [String]())
    var command: Command?
    var rest = arguments[...]
    while !level.isEmpty, let word = rest.first, command == nil || !word.hasPrefix("-") {
      guard let next = level.first(where: { $0.name == word }) else {
        let hint = Spelling.suggestion(for: word, among: level.map(\.name))
        return .failure(
          UsageError("there is no command '\((path + [word]).joined(separator: " "))'\(hint)"))
      }
      rest.removeFirst()
      path.append(word)
      (command, level) = (next, next.subcommands)
    }
    guard let command else { return .failure(UsageError("a command is missing")) }
    return .success(Lookup(command: command, path: path, rest: Array(rest)))
  }

  private func usageError(_ message: String, path: [String]) -> Int32 {
    let words = ([program.name, "help"] + path).joined(separator: " ")
    console.writeError("\(program.name): error: \(message)\nusage: see '\(words)'")
    return ExitStatus.misuse.rawValue
  }
}
