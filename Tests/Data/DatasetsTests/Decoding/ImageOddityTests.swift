import Testing

@testable import Datasets

@Suite struct ImageOddityTests {
  @Test func oddImagesAreCountedAndTheFirstIsNamed() {
    var oddities = ImageOddities()
    #expect(oddities.notes(of: "d").isEmpty)
    oddities.add([], "a")
    #expect(oddities.notes(of: "d").isEmpty)
    oddities.add(.damaged, "b")
    #expect(oddities.notes(of: "d").map(\.source) == ["d"])
    #expect(oddities.notes(of: "d")[0].text.hasPrefix("1 image is damaged; "))
    oddities.add([.damaged, .turned], "c")
    oddities.add(.turned, "e")
    let texts = oddities.notes(of: "d").map(\.text)
    #expect(texts.count == 2)
    #expect(texts[0].hasPrefix("2 images have an EXIF orientation") && texts[0].hasSuffix("'c'"))
    #expect(texts[1].hasPrefix("2 images are damaged") && texts[1].hasSuffix("'b'"))
  }
}
