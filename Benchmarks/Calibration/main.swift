// What calibration chosen on a hold-out is worth where the truth is known, and how often the test of calibration doubts what is right.
//   benchmark-calibration level|choice|time
// level: 10,000 draws of calibrated predictions. choice: made-up scores whose labels are drawn from known probabilities, 100
// hold-outs each. time: seconds and memory of fitting all methods to large hold-outs.
switch CommandLine.arguments.dropFirst().first {
case "level": try level()
case "choice": try choice()
case "time": try time()
default: fatalError("usage: benchmark-calibration level|choice|time")
}
