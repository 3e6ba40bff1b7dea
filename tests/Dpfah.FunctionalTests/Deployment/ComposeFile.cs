using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.Serialization;

namespace Dpfah.FunctionalTests.Deployment;

/// <summary>What the tests need of <c>docker-compose.yml</c>, read as Compose reads it: anchors, merge keys, <c>${VARIABLES}</c>.</summary>
internal sealed partial class ComposeFile
{
    private readonly IReadOnlyDictionary<string, ComposeService> services;

    private ComposeFile(IReadOnlyDictionary<string, ComposeService> services) => this.services = services;

    /// <summary>Names of the services.</summary>
    public IEnumerable<string> Services => services.Keys;

    /// <summary>A service by its name.</summary>
    public ComposeService this[string service] => services[service];

    /// <summary>Reads a file.</summary>
    public static ComposeFile Load(string path)
    {
        using StreamReader text = File.OpenText(path);
        IDeserializer yaml = new DeserializerBuilder().IgnoreUnmatchedProperties().Build();
        Content content = yaml.Deserialize<Content>(new MergingParser(new Parser(text)));
        return new ComposeFile(content.Services);
    }

    /// <summary>Replaces <c>${NAME}</c>, <c>${NAME:-default}</c> and <c>${NAME:?message}</c>.</summary>
    /// <param name="value">Text of the file.</param>
    /// <param name="variables">Environment in which Compose is called.</param>
    /// <exception cref="InvalidOperationException">A required variable is missing or empty; the message is the file's.</exception>
    public static string Interpolate(string value, IReadOnlyDictionary<string, string> variables) =>
        Variable().Replace(value, match =>
        {
            string name = match.Groups["name"].Value;
            string text = match.Groups["text"].Value;
            return (variables.GetValueOrDefault(name, ""), match.Groups["mark"].Value) switch
            {
                ({ Length: > 0 } given, _) => given,
                (_, ":-") => text,
                (_, ":?") => throw new InvalidOperationException($"{name} {text}"),
                _ => "",
            };
        });

    [GeneratedRegex(@"\$\{(?<name>\w+)(?:(?<mark>:[-?])(?<text>[^}]*))?\}")]
    private static partial Regex Variable();

    private sealed class Content
    {
        [YamlMember(Alias = "services")]
        public Dictionary<string, ComposeService> Services { get; set; } = [];
    }
}

/// <summary>One service of a compose file; values as written, before variables are replaced.</summary>
internal sealed class ComposeService
{
    [YamlMember(Alias = "image")]
    public string Image { get; set; } = "";

    [YamlMember(Alias = "environment")]
    public Dictionary<string, string> Environment { get; set; } = [];

    [YamlMember(Alias = "ports")]
    public List<string> Ports { get; set; } = [];

    [YamlMember(Alias = "volumes")]
    public List<string> Volumes { get; set; } = [];

    [YamlMember(Alias = "profiles")]
    public List<string> Profiles { get; set; } = [];

    [YamlMember(Alias = "read_only")]
    public bool ReadOnly { get; set; }
}
