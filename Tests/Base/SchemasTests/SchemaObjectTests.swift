import Foundation
import Testing

@testable import Schemas

/// A little of everything.
private struct Meal: SchemaObject, Hashable {
  var name = "soup"
  var guests = 2
  var price: Double?
  var isHot = true
  var temperature = 60.0...80.0
  var spices: [Int] = []
  var drink = Drink.water(glasses: 1)
  var courses: [Course] = []

  mutating func walk(_ fields: inout ObjectFields) throws(SchemaError) {
    try fields.rename("title", to: "name")
    try fields.field("name", &name, .text.refusing { $0.isEmpty ? "is empty" : nil })
    try fields.field("guests", &guests, .integer(1...12), isRequired: true)
    try fields.field("price", &price, .number(0...1e3))
    try fields.field("isHot", &isHot, .flag)
    try fields.field("temperature", &temperature, .bounds(0...100))
    try fields.field("spices", &spices, .options(of: .integer(0...9)))
    try fields.object("drink", &drink)
    try fields.field("courses", &courses, .list(of: .object(Course())))
  }
}

private struct Course: SchemaObject, Hashable {
  enum Size: String, CaseIterable { case small, large }
  var size = Size.small

  mutating func walk(_ fields: inout ObjectFields) throws(SchemaError) {
    try fields.field("size", &size, .choice)
  }
}

private enum Drink: KindedObject, Hashable {
  case water(glasses: Int)
  case tea

  enum Kind: String, CaseIterable { case water, tea }

  var kind: Kind {
    switch self {
    case .water: .water
    case .tea: .tea
    }
  }

  static func standard(_ kind: Kind) -> Self {
    switch kind {
    case .water: .water(glasses: 1)
    case .tea: .tea
    }
  }

  mutating func walk(_ fields: inout ObjectFields) throws(SchemaError) {
    try fields.kind(&self)
    guard case .water(var glasses) = self else { return }
    try fields.field("glasses", &glasses, .integer(1...5))
    self = .water(glasses: glasses)
  }
}

@Suite struct SchemaObjectTests {
  private func read(_ text: String) throws -> Meal {
    var meal = Meal()
    try meal.read(json: Data(text.utf8), file: "meal.json")
    return meal
  }

  private func error(_ text: String) -> SchemaError? {
    #expect(throws: SchemaError.self) { _ = try read(text) }
  }

  @Test func whatIsLeftOutOrNullIsAsItWas() throws {
    #expect(try read(#"{"guests": 2, "price": null}"#) == Meal())
  }

  @Test func whatIsWrittenIsReadBack() throws {
    let meal = Meal(
      name: "stew", guests: 5, price: 12.5, isHot: false, temperature: 1...2, spices: [3, 1],
      drink: .tea, courses: [Course(size: .large), Course()])
    let text = try meal.readableJSON()
    #expect(try read(text) == meal)
    let written = try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
    #expect(
      written == [
        "name": "stew", "guests": 5, "price": 12.5, "isHot": false, "temperature": [1, 2],
        "spices": [3, 1], "drink": ["kind": "tea"],
        "courses": [["size": "large"], ["size": "small"]],
      ])
  }

  @Test func aPropertyThatIsNilIsLeftOut() throws {
    guard case .object(let values) = try JSONValue(encoding: Meal()) else {
      Issue.record("no object")
      return
    }
    #expect(values["price"] == nil)
    #expect(values["drink"] == ["kind": "water", "glasses": 1])
  }

  @Test func anEarlierNameIsRead() throws {
    #expect(try read(#"{"guests": 2, "title": "stew"}"#).name == "stew")
    #expect(
      error(#"{"guests": 2, "title": ""}"#)
        == .invalid(file: "meal.json", key: "title", reason: "is empty"))
    let both = error(#"{"guests": 2, "title": "stew", "name": "soup"}"#)
    #expect(
      both
        == .invalid(
          file: "meal.json", key: "title",
          reason: "is the earlier name of 'name', which stands there too: remove it"))
  }

  @Test(arguments: [
    (#"{}"#, SchemaError.missingKey(file: "meal.json", key: "guests")),
    (
      #"{"guests": 2.5}"#,
      .wrongType(file: "meal.json", key: "guests", expected: "a whole number", actual: "2.5")
    ),
    (
      #"{"guests": 13}"#,
      .outOfRange(file: "meal.json", key: "guests", value: "13", range: "1 to 12")
    ),
    (
      #"{"guests": 2, "courses": [{}, {"size": "huge"}]}"#,
      .invalid(
        file: "meal.json", key: "courses[1].size", reason: "must be one of small, large, not 'huge'"
      )
    ),
    (
      #"{"guests": 2, "courses": [{}, {"sise": "small"}]}"#,
      .unknownKey(file: "meal.json", key: "courses[1].sise", known: ["size"])
    ),
    (
      #"{"guests": 2, "drink": {"kind": "tea", "glasses": 2}}"#,
      .unknownKey(file: "meal.json", key: "drink.glasses", known: ["kind"])
    ),
    (#"{"guests": 2, "drink": {}}"#, .missingKey(file: "meal.json", key: "drink.kind")),
    (#"{"guests": 2, "name": ""}"#, .invalid(file: "meal.json", key: "name", reason: "is empty")),
    (
      #"{"guests": 2, "spices": [1, 1]}"#,
      .invalid(file: "meal.json", key: "spices", reason: "has 1 twice")
    ),
    (
      #"{"guests": 2, "spices": 4}"#,
      .wrongType(
        file: "meal.json", key: "spices", expected: "a list of whole numbers from 0 to 9",
        actual: "4")
    ),
    (
      #"{"guests": 2, "spices": []}"#,
      .invalid(
        file: "meal.json", key: "spices",
        reason: "is empty: add whole numbers from 0 to 9 to choose from")
    ),
    (
      #"{"guests": 2, "temperature": [null, 1]}"#,
      .wrongType(
        file: "meal.json", key: "temperature[0]", expected: "a number", actual: "null")
    ),
    (
      #"{"guests": 2, "temperature": [2, 1]}"#,
      .invalid(
        file: "meal.json", key: "temperature",
        reason: "is [2.0, 1.0], but the smaller comes first")
    ),
    (#"{"guests": 2, "guests": 3}"#, .repeatedKey(file: "meal.json", key: "guests")),
    (
      #"[]"#,
      .wrongType(file: "meal.json", key: "the file", expected: "an object", actual: "a list")
    ),
  ]) func aFaultIsNamedWithItsPlace(text: String, expected: SchemaError) {
    #expect(error(text) == expected)
  }

  @Test func whatIsNoJSONIsSaidToBeNone() {
    guard case .notJSON(file: "meal.json", _)? = error("{") else {
      Issue.record("another error")
      return
    }
  }
}
