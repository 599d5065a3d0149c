import CommandLine
import Formatting
import Processes

Worker.endWithParent()
// Errors and hints name `consort`, by which users come here.
Program(
  name: "consort", summary: "The commands of Consort that need libtorch; `consort` starts them.",
  version: consortVersion, commands: [demoCommand, searchCommand, studyCommand, trainCommand]
).main()
