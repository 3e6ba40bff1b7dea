using System.Text.RegularExpressions;
using Dpfah.Learning.Tests.Native;

namespace Dpfah.Learning.Tests.Losses;

/// <summary>docs/adding-a-loss.md: its example is built as it stands there.</summary>
public sealed partial class TenthLossTests
{
    private const string LastLine = "Of<LcdshOptions>(\"LCDSH\", \"Zhu, Gao, IJCAI 2017\", false, (_, options) => new LcdshLoss(options)),\n";

    [Fact]
    public async Task The_example_of_the_page_builds()
    {
        using var folder = new TestFolder();
        string root = DotnetBuild.Repository;
        string page = File.ReadAllText(Path.Combine(root, "docs", "adding-a-loss.md"));
        foreach (string name in (string[])["Directory.Build.props", "Directory.Packages.props", "src/Directory.Build.props", "global.json", ".editorconfig"])
        {
            Directory.CreateDirectory(Path.GetDirectoryName(folder.File(name))!);
            File.Copy(Path.Combine(root, name), folder.File(name));
        }

        foreach (string name in (string[])["Dpfah.Core", "Dpfah.Learning"])
        {
            CopySources(Path.Combine(root, "src", name), folder.File(Path.Combine("src", name)));
        }

        string losses = folder.File(Path.Combine("src", "Dpfah.Learning", "Losses"));
        File.WriteAllText(Path.Combine(losses, "DpshLoss.cs"), Block(page, "file"));
        string methods = File.ReadAllText(Path.Combine(losses, "HashingMethod.cs"));
        Assert.Contains(LastLine, methods);
        File.WriteAllText(Path.Combine(losses, "HashingMethod.cs"), methods.Replace(LastLine, $"{LastLine}        {Block(page, "line")}"));

        string project = folder.File(Path.Combine("src", "Dpfah.Learning", "Dpfah.Learning.csproj"));
        await DotnetBuild.RunAsync(project, "-restore", "-p:Configuration=Release", "-p:RestoreLockedMode=false");

        Assert.True(File.Exists(folder.File(Path.Combine("src", "Dpfah.Learning", "bin", "Release", "net10.0", "Dpfah.Learning.dll"))));
    }

    private static string Block(string page, string kind) =>
        CodeBlock().Matches(page).Single(match => match.Groups["kind"].Value == kind).Groups["code"].Value;

    private static void CopySources(string source, string target)
    {
        string[] built = [Path.Combine(source, "bin"), Path.Combine(source, "obj")];
        foreach (string file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories).Where(f => !built.Any(b => f.StartsWith(b, StringComparison.Ordinal))))
        {
            string copy = Path.Combine(target, Path.GetRelativePath(source, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }

    [GeneratedRegex(@"^```csharp (?<kind>file|line)\n(?<code>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex CodeBlock();
}
