/// A shell whose completion of words knows the commands.
enum CompletionShell: String, CaseIterable {
  case bash, zsh, fish
}

/// A script for a shell that completes a program's commands and options, made of their declarations.
struct ShellCompletion {
  let program: Program

  /// The script, to be read by `shell`.
  func script(for shell: CompletionShell) -> String {
    switch shell {
    case .bash: bash()
    case .zsh: zsh()
    case .fish: fish()
    }
  }

  /// A command and the words that lead to it.
  private struct Entry {
    let path: [String]
    let command: Command
  }

  private var entries: [Entry] {
    func entries(_ commands: [Command], below path: [String]) -> [Entry] {
      commands.flatMap { command in
        [Entry(path: path + [command.name], command: command)]
          + entries(command.subcommands, below: path + [command.name])
      }
    }
    return entries(program.commands, below: [])
  }

  private var firstWords: [(name: String, summary: String)] {
    program.commands.map { ($0.name, $0.summary) } + program.builtIns.map { ($0.name, $0.summary) }
  }

  /// In the place of dashes, which names of functions do not have everywhere.
  private var function: String { "_" + program.name.map { $0 == "-" ? "_" : "\($0)" }.joined() }

  private static func options(of command: Command) -> [String] {
    command.options.map(\.name) + ["--help"]
  }
}

// MARK: - bash

extension ShellCompletion {
  private func bash() -> String {
    let paths = entries.map(\.path)
    let steps = paths.map { Self.quoted($0.joined(separator: " ")) }.joined(separator: " | ")
    let cases = entries.map { entry in
      let valued = entry.command.options.filter { $0.placeholder != nil }.map(\.name)
      return """
            \(Self.quoted(entry.path.joined(separator: " "))))
              commands=\(Self.quoted(entry.command.subcommands.map(\.name).joined(separator: " ")))
              options=\(Self.quoted(Self.options(of: entry.command).joined(separator: " ")))
              valued=\(Self.quoted(valued.joined(separator: " "))) ;;
        """
    }
    let names = firstWords.map(\.name).joined(separator: " ")
    let commandNames = program.commands.map(\.name).joined(separator: " ")
    return """
      # bash completion of \(program.name) \(program.version); made by `\(program.name) completion bash`.
      \(function)() {
        local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}
        local path= next= index commands= options= valued=
        COMPREPLY=()
        for ((index = 1; index < COMP_CWORD; index++)); do
          next="${path:+$path }${COMP_WORDS[index]}"
          case $next in
            \(steps) | 'help' | 'completion') path=$next ;;
            *) break ;;
          esac
        done
        case $path in
          '') commands='\(names)' options='--help --version' ;;
          help) commands='\(commandNames)' ;;
          completion) commands='\(CompletionShell.allCases.map(\.rawValue).joined(separator: " "))' ;;
      \(cases.joined(separator: "\n"))
        esac
        # Values of options, and operands, are files: the shell's own completion, where this gives nothing.
        if [[ -n $valued && " $valued " == *" $previous "* ]]; then return; fi
        if [[ $current == -* ]]; then
          COMPREPLY=($(compgen -W "$options" -- "$current"))
        elif [[ -n $commands ]]; then
          COMPREPLY=($(compgen -W "$commands" -- "$current"))
        fi
      }
      complete -o default -F \(function) \(program.name)

      """
  }

  /// In single quotes, as bash and zsh read them.
  fileprivate static func quoted(_ text: String) -> String {
    "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#)
      + "'"
  }
}

// MARK: - zsh

extension ShellCompletion {
  private func zsh() -> String {
    let groups = entries.filter { !$0.command.subcommands.isEmpty }
    let functions =
      groups.map { entry in
        zshGroup(
          entry.path, entry.command.subcommands.map { ($0.name, $0.summary) },
          entry.command.subcommands)
      } + [zshGroup([], firstWords, program.commands)]
    return """
      #compdef \(program.name)
      # zsh completion of \(program.name) \(program.version); made by `\(program.name) completion zsh`.
      \(functions.joined(separator: "\n"))
      if [[ $funcstack[1] == \(function) ]]; then
        \(function) "$@"
      else
        compdef \(function) \(program.name)
      fi

      """
  }

  /// A function that completes a command's name, and hands over to what completes its arguments.
  private func zshGroup(
    _ path: [String], _ words: [(name: String, summary: String)], _ commands: [Command]
  ) -> String {
    let described = words.map { "    \(Self.quoted("\($0.name):\($0.summary)"))" }
    var cases = commands.map { command in
      let body =
        command.subcommands.isEmpty
        ? "_arguments \(Self.zshArguments(of: command).joined(separator: " \\\n        "))"
        : zshFunction(path + [command.name])
      return "    \(command.name)) \(body) ;;"
    }
    if path.isEmpty {
      cases += [
        "    help) _values command \(program.commands.map(\.name).joined(separator: " ")) ;;",
        "    completion) _values shell \(CompletionShell.allCases.map(\.rawValue).joined(separator: " ")) ;;",
      ]
    }
    return """
      \(zshFunction(path))() {
        local -a commands
        commands=(
      \(described.joined(separator: "\n"))
        )
        if (( CURRENT == 2 )); then
          _describe command commands
          return
        fi
        shift words
        (( CURRENT-- ))
        case $words[1] in
      \(cases.joined(separator: "\n"))
        esac
      }
      """
  }

  private func zshFunction(_ path: [String]) -> String {
    ([function] + path).joined(separator: "_")
  }

  private static func zshArguments(of command: Command) -> [String] {
    let options = command.options.map { option in
      let value = option.placeholder.map { ":\(zshEscaped($0)):_files" } ?? ""
      return quoted(
        "\(option.isRepeated ? "*" : "")\(option.name)[\(zshEscaped(option.help))]\(value)")
    }
    return options + [quoted("--help[Show this help.]")]
      + (command.operands.isEmpty
        ? [] : [quoted("*:\(zshEscaped(command.operands[0].name)):_files")])
  }

  private static func zshEscaped(_ text: String) -> String {
    text.map { "[]:\\".contains($0) ? "\\\($0)" : "\($0)" }.joined()
  }
}

// MARK: - fish

extension ShellCompletion {
  private func fish() -> String {
    var lines = [
      "# fish completion of \(program.name) \(program.version); made by `\(program.name) completion fish`."
    ]
    let complete = "complete -c \(program.name)"
    for word in firstWords {
      lines.append(
        "\(complete) -n __fish_use_subcommand -f -a \(word.name) -d \(Self.fishQuoted(word.summary))"
      )
    }
    let groups = [
      ("help", program.commands.map(\.name)),
      ("completion", CompletionShell.allCases.map(\.rawValue)),
    ]
    for (name, words) in groups {
      lines.append(
        "\(complete) -n '__fish_seen_subcommand_from \(name)' -f -a '\(words.joined(separator: " "))'"
      )
    }
    for entry in entries {
      let isThere = entry.path.map { "__fish_seen_subcommand_from \($0)" }.joined(
        separator: "; and ")
      for command in entry.command.subcommands {
        lines.append(
          "\(complete) -n '\(isThere)' -f -a \(command.name) -d \(Self.fishQuoted(command.summary))"
        )
      }
      for option in entry.command.options where option.name.hasPrefix("--") {
        let value = option.placeholder == nil ? "" : " -r"
        lines.append(
          "\(complete) -n '\(isThere)' -l \(option.name.dropFirst(2))\(value) -d \(Self.fishQuoted(option.help))"
        )
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func fishQuoted(_ text: String) -> String {
    "'" + text.map { "'\\".contains($0) ? "\\\($0)" : "\($0)" }.joined() + "'"
  }
}
