import Files
import Testing

@Suite struct NoteTests {
  @Test func notesThatSayTheSameAreOneLine() {
    let notes = ["a.csv", "b.csv", "b.csv"].map { Note(source: $0, text: "scores are logits") }
    #expect(Note.lines(notes) == ["a.csv, b.csv: scores are logits"])
    let more =
      notes + [
        Note(source: "a.csv", text: "read as UTF-16"),
        Note(source: "c.csv", text: "scores are logits"),
      ]
    #expect(
      Note.lines(more) == ["a.csv and 2 others: scores are logits", "a.csv: read as UTF-16"])
    #expect(Note.lines([]).isEmpty)
  }
}
