import CLI

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

let program = Program(
  name: "consort", summary: "The commands of Consort that need libtorch; `consort` starts them.",
  version: consortVersion, commands: [trainCommand, demoCommand])
exit(program.run(arguments: Array(CommandLine.arguments.dropFirst())))
