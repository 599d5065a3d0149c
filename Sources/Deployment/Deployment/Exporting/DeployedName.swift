import Files
import Formatting

/// What an ensemble is called where it is deployed: in paths, URLs and Kubernetes.
package struct DeployedName: Hashable, Sendable {
  /// Letters, digits, `.`, `_` and `-`.
  package let text: String

  /// Takes a name that the user gives.
  ///
  /// - Throws: `DeploymentError.unfitName`.
  package init(_ text: String) throws(DeploymentError) {
    let isPlain = text.utf8.allSatisfy { byte in
      (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte & ~0x20)
        || [0x2d, 0x2e, 0x5f].contains(byte)
    }
    guard isPlain, !text.isEmpty, text.utf8.count <= 200, !text.hasPrefix(".") else {
      throw .unfitName(
        text, expected: "letters, digits, '.', '_' and '-', without a dot before them (give --name)"
      )
    }
    self.text = text
  }

  /// The name of the directory at `path`.
  ///
  /// - Throws: `DeploymentError.unfitName`.
  package init(of path: String) throws(DeploymentError) {
    try self.init(path.split(separator: "/").last { $0 != "." }.map(String.init) ?? path)
  }

  /// As the name of a Kubernetes service: lower case, no dots.
  ///
  /// - Throws: `DeploymentError.unfitName` where it does not begin with a letter, or is too long.
  package func serviceName() throws(DeploymentError) -> String {
    guard let label = DNSLabel.label(for: text) else {
      throw .unfitName(text, expected: "\(DNSLabel.rule) (give --name)")
    }
    return label
  }
}
