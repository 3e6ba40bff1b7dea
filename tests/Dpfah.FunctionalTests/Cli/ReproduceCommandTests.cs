using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Dpfah.FunctionalTests.Infrastructure;
using Dpfah.Learning.Datasets;
using Dpfah.Learning.Losses;
using Dpfah.Learning.Reproduction;

namespace Dpfah.FunctionalTests.Cli;

public sealed class ReproduceCommandTests(Reproduction reproduction) : IClassFixture<Reproduction>
{
    // Of which data set the paper shows a target, where that is not the one of this test's.
    private static readonly Dictionary<string, string> InThePaper = new() { ["fig9"] = "NUS-WIDE-21", ["fig15"] = "ImageNet-100", ["table6"] = "CIFAR-10" };

    private static readonly string[] Methods = [.. HashingMethod.All.Select(method => method.Title), "ITQ", "LSH"];

    /// <summary>Rows of a table, or curves and panels of a figure, by its name as it is printed.</summary>
    public static TheoryData<string, string> Targets => new()
    {
        { "table1", "table1: 11" },
        { "table2", $"table2: {DatasetCatalogue.All.Count}" },
        { "table3", "table3: 4" },
        { "table4", "table4: 4" },
        { "table5", "table5: 4" },
        { "table6", "table6: 11, table6-details: 11, previews: 1" },
        { "fig3", "fig3: 8" },
        { "fig4", "fig4: 4" },
        { "fig5", "fig5: 4" },
        { "fig6", "fig6: 3" },
        { "fig7", "fig7-dpfah: 1, fig7-dbdh: 1, fig7: 2" },
        { "fig8", "fig8: 11, fig8-radius: 11" },
        { "fig9", "fig9: 11, fig9-radius: 11" },
        { "fig10", "fig10: 11, fig10-radius: 11" },
        { "fig11", "fig11: 11" },
        { "fig12", "fig12: 11" },
        { "fig13", "fig13: 11" },
        { "fig14", "fig14: 11" },
        { "fig15", "fig15: 8" },
        { "epochs", "epochs: 9" },
    };

    [Fact]
    public void Every_target_is_among_these() => Assert.Equal(Target.All.Select(target => target.Name), Targets.Select(row => row.Data.Item1));

    [Theory]
    [MemberData(nameof(Targets))]
    public async Task A_target_has_all_its_rows_curves_and_panels(string target, string counts)
    {
        string output = await DpfahProgram.SucceedAsync(["reproduce", target, "--report-only", .. reproduction.Options]);

        string[] lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.EndsWith($"0 missing. Report: {Path.Combine(reproduction.Folder, $"{target}.md")}", lines[0], StringComparison.Ordinal);
        Assert.Equal(counts.Split(", "), lines[1..]);
        string report = await File.ReadAllTextAsync(Path.Combine(reproduction.Folder, $"{target}.md"));
        Assert.StartsWith($"## {Target.All.Single(t => t.Name == target).Title} ({target})\n", report, StringComparison.Ordinal);
        Assert.DoesNotContain("missing", report, StringComparison.Ordinal);
        if (InThePaper.TryGetValue(target, out string? dataset))
        {
            Assert.Contains($"\n\nIn the paper of {dataset}; here of folder.\n\n", report, StringComparison.Ordinal);
        }

        if (target.StartsWith("table", StringComparison.Ordinal))
        {
            int[] rows = [.. counts.Split(", ").Select(count => int.Parse(count.Split(": ")[1]))];
            Assert.Equal(rows, Tables(report));
        }
        else
        {
            string[] pictures = [.. Regex.Matches(report, @"\(figures/([^)]*)\.png\)").Select(match => match.Groups[1].Value)];
            Assert.Equal(counts.Split(", ").Select(count => count.Split(": ")[0]).Where(name => name != "fig7"), pictures);
            Assert.All(pictures, name => Assert.Equal("svg", Svg(name).Root!.Name.LocalName));
            Assert.All(pictures, name => Assert.Equal([0x89, (byte)'P', (byte)'N', (byte)'G'], File.ReadAllBytes(Path.Combine(reproduction.Folder, "figures", $"{name}.png"))[..4]));
        }
    }

    [Theory]
    [InlineData("fig8")]
    [InlineData("fig8-radius")]
    [InlineData("fig11")]
    [InlineData("fig12")]
    public void A_figure_of_all_methods_names_each_in_its_legend(string name)
    {
        string[] texts = [.. Svg(name).Descendants().Where(e => e.Name.LocalName == "text").Select(e => e.Value.Trim())];
        Assert.All(Methods, method => Assert.Contains(method, texts));
    }

    [Fact]
    public void What_is_done_is_not_done_again_and_two_processes_share_the_rest()
    {
        string[] begun = [.. Begun(reproduction.First)];
        Assert.Equal(3, begun.Length);
        string[][] together = [.. reproduction.Together.Select(run => Begun(run.Error).ToArray())];
        Assert.All(together, cells => Assert.DoesNotContain(begun[0], cells));
        Assert.All(together, cells => Assert.DoesNotContain(begun[1], cells));
        Assert.All(together, cells => Assert.True(cells.Length > 3, $"A process did {cells.Length} cells only."));
        Assert.Empty(together[0].Intersect(together[1]));
        Assert.Equal(Reproduction.Cells, begun.Concat(together[0]).Concat(together[1]).Distinct().Count());
        Assert.All(reproduction.Together, run => Assert.InRange(run.ExitCode, 0, 1)); // 1 where the other had the last cell.
        Assert.Equal(
            (0, $"27 of 27 cells are there, 0 missing. Report: {Path.Combine(reproduction.Folder, "report.md")}"),
            (reproduction.Last.ExitCode, reproduction.Last.Output.Split('\n')[0]));
        Assert.Empty(Begun(reproduction.Last.Error));
    }

    [Fact]
    public async Task The_report_has_every_target_once_and_says_how_often_the_queries_were_opened()
    {
        string report = await File.ReadAllTextAsync(Path.Combine(reproduction.Folder, "report.md"));
        Assert.Equal(
            [.. Target.OfReport.Select(target => $"{target.Title} ({target.Name})"), "The paper's claims"],
            Regex.Matches(report, "^## (.*)$", RegexOptions.Multiline).Select(match => match.Groups[1].Value));
        Assert.DoesNotContain("missing:", report, StringComparison.Ordinal);
        Match opened = Regex.Match(report, @"\| query split opened \| (\d+) times");
        string[] log = await File.ReadAllLinesAsync(Path.Combine(reproduction.Folder, "split", "query-reads.log"));
        Assert.Equal(reproduction.Openings, int.Parse(opened.Groups[1].Value));
        Assert.Equal(2, log.Take(reproduction.Openings).TakeLast(2).Count(line => line.Contains(" draw fig", StringComparison.Ordinal))); // by this very report

        // Each cell once, the one that was broken off perhaps twice; those of the validation curves never.
        int evaluations = log.Count(line => line.Contains("evaluate ", StringComparison.Ordinal));
        Assert.InRange(evaluations, 18, 19);
        Assert.DoesNotContain(log, line => line.Contains("validation", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_costs_of_the_attention_tell_machine_and_day()
    {
        JsonNode costs = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(reproduction.Folder, "attention-cost.json")))!;
        Assert.EndsWith($", {Environment.ProcessorCount} cores", costs["machine"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal(8, costs["modules"]!.AsArray().Count);
        string report = await File.ReadAllTextAsync(Path.Combine(reproduction.Folder, "report.md"));
        Assert.Contains($"medians of 31 in turn; {costs["machine"]}, {costs["date"]}:", report, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_data_set_lacks_is_told_on_the_terminal_and_in_the_report()
    {
        string data = reproduction["linked"];
        TinyDataset.Write(data);
        File.CreateSymbolicLink(Path.Combine(data, "bag", "link.png"), "nowhere.png");
        CliRun run = await CliRun.Of(
            "reproduce", "table2", "--report-only", "-o", reproduction["linked-out"], "--dataset", "folder", "--data", data, "--train-per-class", "10", "--queries-per-class", "4");
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("dpfah: ", run.Error, StringComparison.Ordinal);
        string warning = run.Error.TrimEnd()["dpfah: ".Length..];
        Assert.Contains("bag/link.png", warning, StringComparison.Ordinal);
        Assert.Contains($"Of the data set: {warning}", await File.ReadAllTextAsync(Path.Combine(reproduction["linked-out"], "table2.md")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_missing_stands_as_missing_and_ends_with_1()
    {
        string folder = reproduction["empty"];
        CommandResult run = await DpfahProgram.RunAsync(["reproduce", "all", "--report-only", .. reproduction.OptionsIn(folder)]);
        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith("0 of 27 cells are there, 27 missing.", run.Output, StringComparison.Ordinal);
        Assert.Contains("table6: 11\n", run.Output, StringComparison.Ordinal);
        Assert.Contains("fig8: 0\n", run.Output, StringComparison.Ordinal);
        string report = await File.ReadAllTextAsync(Path.Combine(folder, "report.md"));
        Assert.Contains("0 of 27 cells are there; a cell that is not stands as *missing*.", report, StringComparison.Ordinal);
        Assert.Contains("| DPFAH | missing |\n", report, StringComparison.Ordinal);
        Assert.Contains("*missing: the cell dpfah-16-s1 was not measured*", report, StringComparison.Ordinal);
        Assert.Contains("| query split opened | 0 times", report, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(folder, "cells")));
    }

    [Fact]
    public async Task Cells_of_other_options_are_not_taken_for_those_asked_for()
    {
        string sentence = await DpfahProgram.FailAsync(["reproduce", "table6", "--report-only", .. reproduction.Options, "--batch-size", "64"]);
        Assert.Contains($"The cell '{Path.Combine(reproduction.Folder, "cells", "dpfah-16-s1")}' is of other options: batchSize is 64, there it was 128.", sentence, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2, "There is no target 'tabel6'. Did you mean table6?", "tabel6")]
    [InlineData(2, "There is no option '--epoch'. Did you mean --epochs?", "table6", "--bits", "16", "--epoch", "2")]
    [InlineData(2, "There is no option '--epoch'. Did you mean --epochs?", "table6", "--methods", "dpfah", "--epoch", "2")]
    [InlineData(1, "There is no method 'dpfa'. Did you mean dpfah?", "table6", "--methods", "dpfa")]
    [InlineData(1, "There is no data set 'cifar'. Did you mean cifar10?", "table6", "--dataset", "cifar")]
    [InlineData(1, "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz", "table6", "--dataset", "cifar10")]
    [InlineData(1, "bits is 12; it is a multiple of 8", "table6", "--dataset", "cifar10", "--bits", "12")]
    [InlineData(1, "--queries-per-class 0 leaves nothing to measure", "table6", "--queries-per-class", "0")]
    public async Task What_is_wrong_is_told_with_what_is_right(int exitCode, string message, params string[] arguments)
    {
        CliRun run = await CliRun.Of(["reproduce", .. arguments, "-o", reproduction["wrong"]]);
        Assert.Equal((exitCode, ""), (run.ExitCode, run.Output));
        Assert.Contains(message, run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("train")]
    [InlineData("evaluate")]
    [InlineData("reproduce")]
    [InlineData("export")]
    public async Task Help_tells_every_option_and_what_each_does(string command)
    {
        CliRun run = await CliRun.Of(command, "--help");
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.All(Regex.Matches(run.Output, @"^  --\S+.*$", RegexOptions.Multiline), line => Assert.Matches(@"  [A-Za-z'].*\w{3,}.*[.)]$|\]$", line.Value));
        Assert.DoesNotMatch(@"\d[eE]-\d|\|\d", run.Output);
        Assert.All(command == "reproduce" ? Target.All : [], target => Assert.Contains($"{target.Name} ({target.Title})", run.Output, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Help_tells_the_defaults_that_it_has()
    {
        string help = (await CliRun.Of("reproduce", "--help")).Output;
        Assert.Contains("(default 15 for Fashion-MNIST, 150 for the others)", help, StringComparison.Ordinal);
        Assert.Contains("0 for never (default 10 for Fashion-MNIST, 0 for the others)", help, StringComparison.Ordinal);
        Assert.Contains("in the paper fig9, fig13 of NUS-WIDE-21; fig10, fig14, fig15 of ImageNet-100, the others of CIFAR-10.", help, StringComparison.Ordinal);
        Assert.Contains("(default 64 for Fashion-MNIST, 224 for the others)", help, StringComparison.Ordinal);
    }

    private static IEnumerable<string> Begun(string log) => Regex.Matches(log, @"^cell \d+/\d+: (.*)$", RegexOptions.Multiline).Select(match => match.Groups[1].Value.Trim());

    /// <summary>Rows of each table of a report, without heading and rule.</summary>
    private static IEnumerable<int> Tables(string report) => Regex.Matches(report, @"(^\|.*\n)+", RegexOptions.Multiline).Select(table => table.Value.Count(c => c == '\n') - 2);

    private XDocument Svg(string name) => XDocument.Load(Path.Combine(reproduction.Folder, "figures", $"{name}.svg"));
}
