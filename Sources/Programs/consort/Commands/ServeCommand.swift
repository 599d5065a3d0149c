import CommandLine
import Deployment
import Endpoints
import Files
import Formatting
import HTTP
import ReportContents

/// `consort serve`: answers requests for inference over HTTP.
let serveCommand = Command(
  name: "serve",
  summary: "Answer requests over HTTP with ensembles.",
  operands: [
    Operand(
      "ENSEMBLE",
      help: "Directories of ensembles that build-ensemble wrote; NAME=DIR calls one otherwise than "
        + "its directory.",
      isRepeated: true)
  ],
  options: EnsembleServerOptions.options + [
    CommandOption(
      "--drain", "SECONDS",
      help: "How long to go on after SIGTERM while balancers learn that the server is not ready "
        + "(default: 5)."),
    CommandOption(
      "--explain",
      help: "Print what the service is worth, also with a member lost, and end without serving."),
  ],
  discussion: """
    The server speaks the Open Inference Protocol, which clients of Triton, KServe and MLServer
    speak; a JPEG or PNG file is a request too. SIGTERM ends it after --drain seconds, SIGINT at
    once, both when all requests are answered. SIGHUP loads ensembles, tokens and certificate
    anew; requests are answered meanwhile, and what cannot be loaded stays as it was. Started by
    systemd with a socket, it takes that. docs/serving.md says more.
    """,
  examples: [
    "consort serve my-ensemble",
    "consort serve my-ensemble --explain",
    "consort serve cats=ensembles/cats dogs=ensembles/dogs --port 9000 --access-log -",
    "consort serve my-ensemble --host 0.0.0.0 --token-file tokens --tls-certificate chain.pem --tls-key key.pem",
  ],
  run: { arguments in
    let options = try EnsembleServerOptions(arguments)
    guard !arguments.isSet("--explain") else { return try explain(options.models) }
    let drainSeconds = try arguments.number("--drain") ?? 5
    guard (0...3600).contains(drainSeconds) else { throw UsageError("--drain is from 0 to 3600") }
    // Before any thread is started.
    var signals = ServerSignals()
    let server = try EnsembleServer(options)
    let printing = ServingDisplay(options, port: server.port)
    printing.showStart()
    try server.run(&signals, drainSeconds: drainSeconds, report: printing.show)
  })

private func explain(_ models: [ServedModel]) throws {
  let texts = try models.map {
    ServiceExplanation(try EnsembleDirectory(path: $0.path).manifest, name: $0.name).text()
  }
  print(texts.joined(separator: "\n"), terminator: "")
}
