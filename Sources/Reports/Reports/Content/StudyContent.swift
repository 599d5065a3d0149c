import Decisions

/// What a report on a study says.
package struct StudyContent {
  /// The figures of the test images.
  package let analysis: StudyAnalysis
  /// Ascending in training images, then in the networks' compute.
  package let trainings: [Trainings]
  /// Of how many members the plan tells; fewer may be trained.
  package let plannedMembers: Int
  /// Milliseconds of one member for one image, by network; empty where they are not at hand.
  package let milliseconds: [String: Double]
  /// How those were measured, in words.
  package let latencyConditions: String?
  package let context: ReportContext

  /// The trainings of one network on one number of images.
  package struct Trainings: Codable, Hashable, Sendable {
    package let trainingImages: Int
    package let network: String
    /// How many are trained, over all seeds.
    package let members: Int
    /// Means over them; nil where their metrics are missing.
    package let seconds, trainingAccuracy: Double?

    package init(
      trainingImages: Int, network: String, members: Int, seconds: Double?,
      trainingAccuracy: Double?
    ) {
      self.trainingImages = trainingImages
      self.network = network
      self.members = members
      self.seconds = seconds
      self.trainingAccuracy = trainingAccuracy
    }
  }

  package init(
    analysis: StudyAnalysis, trainings: [Trainings], plannedMembers: Int,
    milliseconds: [String: Double], latencyConditions: String?, context: ReportContext
  ) {
    self.analysis = analysis
    self.trainings = trainings
    self.plannedMembers = plannedMembers
    self.milliseconds = milliseconds
    self.latencyConditions = latencyConditions
    self.context = context
  }
}
