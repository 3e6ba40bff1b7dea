using System.Xml.Linq;

namespace Dpfah.Learning.Tests.Figures;

/// <summary>What a test asks of an SVG: its texts, colours and pictures.</summary>
internal sealed class SvgDocument
{
    private readonly XElement root;
    private readonly HashSet<string> colours;

    public SvgDocument(string svg)
    {
        root = XDocument.Parse(svg).Root!;
        Texts = [.. Elements("text").Select(text => text.Value.Trim())];
        colours = [.. root.Descendants().Attributes().Where(a => a.Name.LocalName is "fill" or "stroke").Select(a => Long(a.Value))];
    }

    public string Size => $"{root.Attribute("width")!.Value} x {root.Attribute("height")!.Value}";

    public IReadOnlyList<string> Texts { get; }

    public IEnumerable<XElement> Elements(string name) => root.Descendants().Where(element => element.Name.LocalName == name);

    /// <summary>Whether a line or a marker has a colour such as #332288; fully lit channels may be named.</summary>
    public bool Has(string colour) => colours.Contains(colour);

    // Skia writes #332288 as #328.
    private static string Long(string colour) => colour.Length == 4 && colour[0] == '#'
        ? "#" + string.Concat(colour[1..].Select(digit => $"{digit}{digit}"))
        : colour;
}
