using System.Globalization;
using System.Text.Json;

namespace Dpfah.FunctionalTests.Jobs;

/// <summary>A server-sent event as a reader sees it.</summary>
internal sealed record SentEvent(long Id, string Kind, JsonElement Data)
{
    /// <summary>Reads a stream that has ended; every block must have the three fields, or be a comment.</summary>
    public static SentEvent[] Read(string stream) => [.. stream.Split("\n\n", StringSplitOptions.RemoveEmptyEntries)
        .Where(block => block[0] != ':')
        .Select(block =>
        {
            string[] lines = block.Split('\n');
            Assert.Equal(3, lines.Length);
            return new SentEvent(
                long.Parse(Field(lines[0], "id: "), CultureInfo.InvariantCulture),
                Field(lines[1], "event: "),
                JsonDocument.Parse(Field(lines[2], "data: ")).RootElement);
        })];

    private static string Field(string line, string name)
    {
        Assert.StartsWith(name, line, StringComparison.Ordinal);
        return line[name.Length..];
    }
}
