import CommandLine
import Formatting

Program(
  name: "consort",
  summary: "Consort: ensembles of small image classifiers that beat one large one at less compute.",
  version: consortVersion,
  commands: [
    demoCommand, trainCommand, studyCommand, submitCommand, searchCommand, latenciesCommand,
    statusCommand, frontierCommand, reportCommand, adviseCommand, predictCommand, serveCommand,
    importCommand,
    exportCommand, compressCommand, buildEnsembleCommand, costCommand, benchCommand, dataCommand,
  ]
).main()
