import Networks

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Ends the program with a message on standard error.
func fail(_ message: String, status: Int32 = 1) -> Never {
  let line = Array("consort: error: \(message)\n".utf8)
  _ = write(STDERR_FILENO, line, line.count)
  exit(status)
}

let usage = """
  Consort: ensembles of small image classifiers.

  usage: consort cost NETWORK [--input-size N] [--classes N] [--layers] [--json]
         consort help

  """

let arguments = Array(CommandLine.arguments.dropFirst())
switch arguments.first {
case nil, "help", "--help", "-h":
  print(usage, terminator: "")
case "cost":
  do {
    try CostCommand(Array(arguments.dropFirst())).run()
  } catch let error as UsageError {
    fail("\(error.message)\n\n\(usage)", status: 2)
  } catch {
    fail("\(error)")
  }
case .some(let command):
  fail("there is no command '\(command)'\n\n\(usage)", status: 2)
}
