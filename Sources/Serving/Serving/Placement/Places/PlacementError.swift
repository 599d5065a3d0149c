import Files

/// Members that cannot be placed on other servers as it was asked.
package enum PlacementError: Error, Hashable, Sendable, CustomStringConvertible {
  /// No URL of a worker.
  case badURL(String, reason: String)
  /// `--worker` is not NAME=URL.
  case badWorker(String)
  /// Several models are served, and it is not said whose member it is.
  case ambiguousMember(String, models: [String])
  /// The model is not served.
  case unknownModel(String, models: [String])
  /// The model has no such member.
  case unknownMember(String, model: String, members: [String])
  /// The same worker stands there twice for one member.
  case repeatedWorker(String, member: String)
  /// The worker does not compute the member, or cannot be used.
  case refused(member: String, url: String, reason: String)

  /// What is wrong, and the fix.
  package var description: String {
    switch self {
    case .badURL(let text, let reason):
      "'\(text.shortened)' is no worker's URL: \(reason), as in http://10.0.0.2:8080/v2/models/NAME"
    case .badWorker(let text):
      "--worker is '\(text.shortened)', but must be NAME=URL, as in --worker wrn-0=http://10.0.0.2:8080"
    case .ambiguousMember(let name, let models):
      "a worker is given for '\(name.shortened)', and several models are served: give it as MODEL/\(name.shortened), of "
        + models.asList
    case .unknownModel(let name, let models):
      "the model that a worker is given for must be " + Spelling.oneOf(models, not: name.shortened)
    case .unknownMember(let name, let model, let members):
      "a worker is given for '\(name.shortened)', but the members of '\(model)' are \(members.asList)"
    case .repeatedWorker(let url, let member):
      "the worker '\(url)' is given twice for '\(member)': remove one"
    case .refused(let member, let url, let reason):
      "the worker '\(url)' is not used for member '\(member)': \(reason)"
    }
  }
}
