import Files
import Formatting
import Predictions
import Schemas

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What a report says about the run besides its figures.
package struct ReportContext: Hashable, Sendable {
  /// A line about the run.
  package struct Fact: Hashable, Sendable {
    /// What it is about, such as "machine.cpu".
    package let name: String
    /// What it says.
    package let value: String

    package init(name: String, value: String) {
      self.name = name
      self.value = value
    }
  }

  /// The page's title, such as the run's name.
  ///
  /// Control characters, which the chart's renderer dies of, are "?".
  package let title: String
  /// The images, such as "cifar10"; nil where it is not known.
  package let dataset: String?
  /// The command line that makes this report; nil leaves it out.
  package var command: String?
  /// Where the members came from: what `consort build-ensemble` builds the chosen ensemble of.
  package var origins: [MemberOrigin]
  /// What `consort build-ensemble` has to know of their files besides.
  package var buildOptions: [String]
  /// What was inferred from files of other programs, and what is not known.
  package var notes: [String] = []
  /// More about the images.
  package var data: [Fact]
  /// The experiment's settings.
  package var experiment: [Fact]
  /// The machine and the versions.
  package var environment: [Fact]

  package init(
    title: String, dataset: String? = nil, command: String? = nil,
    origins: [MemberOrigin] = [], buildOptions: [String] = [], data: [Fact] = [],
    experiment: [Fact] = [], environment: [Fact] = []
  ) {
    self.title = Self.clean(title)
    self.dataset = dataset.map(Self.clean)
    self.command = command
    self.origins = origins
    self.buildOptions = buildOptions
    self.data = data
    self.experiment = experiment
    self.environment = environment
  }

  /// The files of a run or a search that say where its figures come from.
  ///
  /// One that is missing or no JSON leaves its part of the report empty: the figures do not depend on it.
  package struct Sources: Hashable, Sendable {
    /// What was asked for, such as experiment.json.
    package let experiment: String
    /// Which images were used.
    package let data: String
    /// The machine, the versions and the command.
    package let environment: String

    package init(experiment: String, data: String, environment: String) {
      self.experiment = experiment
      self.data = data
      self.environment = environment
    }
  }

  /// Reads what the files of a run or a search say.
  ///
  /// - Parameters:
  ///   - directory: Of the run or the search, whose name is the title where nothing else is.
  ///   - title: In place of the experiment's name.
  package init(
    directory: String, sources: Sources, title: String? = nil,
    command: String? = nil, origins: [MemberOrigin] = [], buildOptions: [String] = []
  ) {
    var path = directory[...]
    while path.count > 1, path.last == "/" { path.removeLast() }
    let experiment = Self.facts(sources.experiment)
    let name =
      experiment.first { $0.name == "name" }?.value
      ?? path.split(separator: "/").last.map(String.init)
    let data = Self.facts(sources.data)
    self.init(
      title: title ?? name ?? directory, dataset: data.first { $0.name == "name" }?.value,
      command: command, origins: origins, buildOptions: buildOptions, data: data,
      experiment: experiment,
      environment: Self.facts(sources.environment))
  }

  private static func clean(_ text: String) -> String {
    Terminal.printable(String(text.unicodeScalars.prefix(200)))
  }

  private static func facts(_ path: String) -> [Fact] {
    guard let file = try? MappedFile(path: path), file.count <= 1 << 20,
      let value = try? StrictJSON.decode(JSONValue.self, from: file.withBytes { Data($0) })
    else { return [] }
    var facts: [Fact] = []
    collect(value, name: "", into: &facts)
    return facts
  }

  /// Turns nested objects into lines; a page does not grow with what a file says.
  private static func collect(_ value: JSONValue, name: String, into facts: inout [Fact]) {
    guard facts.count < 200 else { return }
    switch value {
    case .object(let members):
      for key in members.keys.sorted() {
        if let member = members[key] {
          collect(member, name: name.isEmpty ? key : "\(name).\(key)", into: &facts)
        }
      }
    case .array(let values) where values.contains(where: \.isContainer):
      for (index, item) in values.enumerated() {
        collect(item, name: "\(name)[\(index)]", into: &facts)
      }
    case .array(let words) where name == "command":
      facts.append(Fact(name: name, value: words.map(\.plainText).joined(separator: " ")))
    default:
      facts.append(Fact(name: name, value: String(value.plainText.prefix(400))))
    }
  }
}

extension JSONValue {
  fileprivate var isContainer: Bool {
    switch self {
    case .array, .object: true
    default: false
    }
  }

  fileprivate var plainText: String {
    switch self {
    case .null: "none"
    case .bool(let value): value ? "yes" : "no"
    case .integer(let value): "\(value)"
    case .number(let value): "\(value)"
    case .string(let value): value
    case .array(let values): values.map(\.plainText).joined(separator: ", ")
    case .object: ""
    }
  }
}
