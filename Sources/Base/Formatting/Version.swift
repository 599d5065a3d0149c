/// The version that Consort's programs print and runs record.
public let consortVersion = "0.1.0"
