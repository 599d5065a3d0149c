import Files
import Formatting

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What a report says about the run besides its figures.
public struct ReportContext: Hashable, Sendable {
  /// A line about the run.
  public struct Fact: Hashable, Sendable {
    /// What it is about, such as "machine.cpu".
    public let name: String
    /// What it says.
    public let value: String

    /// Creates a fact.
    public init(name: String, value: String) {
      self.name = name
      self.value = value
    }
  }

  /// The page's title, such as the run's name.
  ///
  /// Control characters, which the chart's renderer dies of, are "?".
  public let title: String
  /// The images, such as "cifar10"; nil where it is not known.
  public let dataset: String?
  /// The command line that makes this report; nil leaves it out.
  public var command: String?
  /// Where the members came from: what `consort build-ensemble` builds the chosen ensemble of.
  public var origins: [MemberOrigin]
  /// What `consort build-ensemble` has to be told of their files besides.
  public var buildOptions: [String]
  /// What was inferred from files of other programs, and what is not known.
  public var notes: [String] = []
  /// More about the images.
  public var data: [Fact]
  /// The experiment's settings.
  public var experiment: [Fact]
  /// The machine and the versions.
  public var environment: [Fact]

  /// Creates a context.
  public init(
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

  /// Reads what the directory of a run or a search tells: the experiment's name, data.json, the experiment and
  /// environment.json where they are.
  ///
  /// A file that is missing or no JSON leaves its part empty: the figures do not depend on it.
  ///
  /// - Parameters:
  ///   - experimentName: The name of the file that holds what was asked for.
  ///   - title: In place of the experiment's name.
  public init(
    runDirectory: String, experimentName: String = "experiment.json", title: String? = nil,
    command: String? = nil, origins: [MemberOrigin] = [], buildOptions: [String] = []
  ) {
    var path = runDirectory[...]
    while path.count > 1, path.last == "/" { path.removeLast() }
    let experiment = Self.facts(runDirectory + "/" + experimentName)
    let name =
      experiment.first { $0.name == "name" }?.value
      ?? path.split(separator: "/").last.map(String.init)
    let data = Self.facts(runDirectory + "/data.json")
    self.init(
      title: title ?? name ?? runDirectory, dataset: data.first { $0.name == "name" }?.value,
      command: command, origins: origins, buildOptions: buildOptions, data: data,
      experiment: experiment,
      environment: Self.facts(runDirectory + "/environment.json"))
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
