using System.Text;
using Dpfah.Engine.Imports;

namespace Dpfah.FunctionalTests.Imports;

public sealed class LineSourceTests
{
    private const string Picture = "aGVsbG8=";

    [Fact]
    public async Task A_broken_line_5000_is_rejected_by_its_number_and_the_others_are_read()
    {
        IEnumerable<string> lines = Enumerable.Range(1, 6000).Select(i => i == 5000 ? "{\"id\":\"p5000\",\"image" : $"{{\"id\":\"p{i}\",\"image\":\"{Picture}\"}}");

        List<ImportEntry> entries = await ReadAsync(string.Join('\n', lines));

        Assert.Equal(6000, entries.Count);
        Assert.Equal(["line 5000: bad-line"], entries.Where(entry => entry.Rejection is not null).Told());
        Assert.StartsWith("Line 5000: ", entries[4999].Rejection!.Reason, StringComparison.Ordinal);
        Assert.All(entries.Where(entry => entry.Rejection is null), entry => Assert.Equal("hello", Encoding.UTF8.GetString(entry.Bytes!)));
    }

    [Fact]
    public async Task Lines_have_ids_pictures_or_addresses_labels_and_metadata()
    {
        List<ImportEntry> entries = await ReadAsync(
            "\uFEFF{\"id\":\"a\",\"image\":\"aGVsbG8=\",\"labels\":[\"x\",\"y\",\"x\"],\"metadata\":{\"n\": [1, 2]}}\r\n\r\n  \n{\"id\":\"b\",\"url\":\"https://shop.example/b.jpg\",\"metadata\":null}");

        Assert.Equal(["a", "b"], entries.Told());
        Assert.Equal(["x", "y"], entries[0].Labels);
        Assert.Equal("{\"n\":[1,2]}", entries[0].Metadata);
        Assert.Equal("https://shop.example/b.jpg", entries[1].Url!.ToString());
    }

    [Theory]
    [InlineData("""{"image":"aGVsbG8="}""", "It has no 'id'.")]
    [InlineData("""{"id":"a"}""", "either 'image'")]
    [InlineData("""{"id":"a","image":"aGVsbG8=","url":"https://x/"}""", "either 'image'")]
    [InlineData("""{"id":"a","image":"%%%"}""", "'image' is a picture's file as base64.")]
    [InlineData("""{"id":"a","url":"file:///etc/passwd"}""", "begins with https://")]
    [InlineData("""{"id":"a","image":"aGVsbG8=","lables":[]}""", "There is no member 'lables' here")]
    [InlineData("""{"id":"a","image":"aGVsbG8=","labels":[1]}""", "'labels' is a list of texts.")]
    [InlineData("""{"id":"a","image":"aGVsbG8=","metadata":3}""", "Metadata is a JSON object")]
    [InlineData("""{"id":7,"image":"aGVsbG8="}""", "'id' is a text.")]
    [InlineData("""{"id":"\ud800","image":"aGVsbG8="}""", "half a character")]
    [InlineData("""{"id":"a","id":"b","image":"aGVsbG8="}""", "no JSON object")]
    [InlineData("[1]", "A line is a JSON object; it was array.")]
    public async Task A_wrong_line_is_rejected_with_a_sentence(string line, string expected)
    {
        ImportEntry entry = Assert.Single(await ReadAsync(line));

        Assert.Equal("bad-line", entry.Rejection!.Code);
        Assert.Contains(expected, entry.Rejection.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_line_that_is_too_long_is_rejected_and_the_next_one_is_read()
    {
        string text = $"{{\"id\":\"long\",\"image\":\"{new string('A', 300_000)}\"}}\n{{\"id\":\"a\",\"image\":\"{Picture}\"}}\n{new string('x', 100_001)}";

        List<ImportEntry> entries = await ReadAsync(text, limits: new ImportLimits { LineBytes = 100_000 });

        Assert.Equal(["line 1: too-large", "a", "line 3: too-large"], entries.Told());
    }

    [Fact]
    public async Task A_second_line_of_the_same_id_is_rejected()
    {
        string line = $"{{\"id\":\"a\",\"image\":\"{Picture}\"}}\n";
        Assert.Equal(["a", "a: duplicate-id"], (await ReadAsync(line + line)).Told());
    }

    [Fact]
    public async Task A_feed_of_rows_is_read_as_RFC_4180_has_it()
    {
        List<ImportEntry> entries = await ReadAsync(
            "id,url,labels,metadata\r\n1,https://x/1,a|b,\r\n\"2, two\",https://x/2,,\"{\"\"text\"\":\"\"line\\n \"\"\r\n}\"\r\n\r\n3,https://x/3,,\r\n4,\"broken\"text,,\r\n5,https://x/5,,\r\n6,https://x/6\r\n7,nowhere,,\r\n1,https://x/1,,\r\n8,\"never closed",
            ImportFormat.Csv);

        Assert.Equal(
            ["1", "2, two", "3", "line 7: bad-line", "5", "line 9: bad-line", "7: bad-line", "1: duplicate-id", "line 12: bad-line"], entries.Told());
        Assert.Equal(["a", "b"], entries[0].Labels);
        Assert.Equal("{\"text\":\"line\\n \"}", entries[1].Metadata);
    }

    [Fact]
    public async Task A_quote_that_is_never_closed_costs_some_rows_and_not_the_rest()
    {
        string text = "id,url\n1,https://x/1\n2,\"https://x/2\n" + string.Concat(Enumerable.Range(3, 200).Select(i => $"{i},https://x/{i}\n"));

        List<ImportEntry> entries = await ReadAsync(text, ImportFormat.Csv, new ImportLimits { RowCharacters = 1000 });

        Assert.Equal(["1", "line 3: bad-line"], entries.Take(2).Told());
        Assert.Equal("202", entries[^1].Id);
        Assert.InRange(entries.Count, 100, 180);
    }

    private static Task<List<ImportEntry>> ReadAsync(string text, ImportFormat format = ImportFormat.Ndjson, ImportLimits? limits = null) =>
        Archives.ReadAsync(Encoding.UTF8.GetBytes(text), format, limits: limits);
}
