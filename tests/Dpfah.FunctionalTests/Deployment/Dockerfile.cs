using System.Text.Json;

namespace Dpfah.FunctionalTests.Deployment;

/// <summary>The instructions of a Dockerfile.</summary>
internal sealed class Dockerfile
{
    private readonly IReadOnlyList<(string Name, string Arguments)> instructions;

    private Dockerfile(IReadOnlyList<(string Name, string Arguments)> instructions) => this.instructions = instructions;

    /// <summary>Reads a file.</summary>
    public static Dockerfile Load(string path)
    {
        IEnumerable<string> lines = File.ReadLines(path).Where(line => !line.StartsWith('#'));
        string[] joined = string.Join('\n', lines).Replace("\\\n", " ", StringComparison.Ordinal).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return new Dockerfile([.. joined.Select(line => (line.Split(' ')[0], line[line.IndexOf(' ', StringComparison.Ordinal)..].Trim()))]);
    }

    /// <summary>Files and folders that are copied from the build context.</summary>
    public IEnumerable<string> CopiedFromContext =>
        All("COPY")
            .Where(arguments => !arguments.StartsWith("--from", StringComparison.Ordinal))
            .SelectMany(arguments => arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries)[..^1]);

    /// <summary>The last instruction of a name, which is the one of the final stage.</summary>
    public string Last(string name) => All(name).Last();

    /// <summary>The command line of an instruction in exec form, <c>ENTRYPOINT ["program", "argument"]</c>.</summary>
    public IReadOnlyList<string> CommandLine(string name)
    {
        string arguments = Last(name);
        return JsonSerializer.Deserialize<string[]>(arguments[arguments.IndexOf('[', StringComparison.Ordinal)..])!;
    }

    /// <summary>Variables that the final stage sets.</summary>
    public IReadOnlyDictionary<string, string> Environment =>
        Last("ENV").Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(setting => setting.Split('=', 2))
            .ToDictionary(pair => pair[0], pair => pair[1]);

    private IEnumerable<string> All(string name) => instructions.Where(i => i.Name == name).Select(i => i.Arguments);
}
